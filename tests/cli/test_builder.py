"""`wherry builder`: what it needs before it serves, its keys, and what it tells faas-cli."""

import os
import signal
import time

import pytest
from tests.builder.remote.client import docker_config, entry, get, post, seal, signed, tar
from tests.builder.remote.command import Builder

from wherry_build.remote.sealing import SealingKey


@pytest.fixture
def home(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return here / "home"


@pytest.fixture
def serving(home, here):
    running = []

    def serving(*arguments):
        running.append(Builder(here, "--listen", "127.0.0.1:0", *map(str, arguments)))
        return running[-1]

    yield serving
    for each in running:
        if each.process.poll() is None:
            each.stop()


def foreign(*more):
    return tar(
        entry("context/Dockerfile", b"FROM scratch\n"),
        entry("com.openfaas.docker.config", docker_config("localhost:5000/hello:1")),
        *more,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_with_a_secret_of_its_own(serving, home, number):
    builder = serving()
    file = home / ".config/wherry/builder/payload-secret"
    assert builder.variables["OPENFAAS_PAYLOAD_SECRET"] == str(file)
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert oct(file.parent.stat().st_mode)[-3:] == "700"
    secret = file.read_bytes().strip()
    assert len(secret) == 64
    assert get(builder.url, "/_/health").status == 200
    answer = post(builder.url, foreign(), headers=signed(foreign(), secret))
    assert answer.last["status"] == "failed"
    assert "none of Wherry's" in answer.last["error"]
    assert builder.stop(number) == 0
    assert secret.decode() not in builder.errors
    assert file.read_bytes().strip() == secret


def test_the_secret_stays_the_same(serving, home):
    first = serving()
    file = home / ".config/wherry/builder/payload-secret"
    before = file.read_bytes()
    first.stop()
    serving()
    assert file.read_bytes() == before


def test_a_secret_and_a_key_of_ones_own(serving, here, wherry):
    assert wherry("builder", "keygen", "--output", here / "keys/builder").code == 0
    (here / "payload.txt").write_text("  a payload secret of one's own\n")
    builder = serving("--payload-secret", "payload.txt", "--key", "keys/builder")
    assert builder.variables["OPENFAAS_PAYLOAD_SECRET"] == str(here / "payload.txt")
    public = (here / "keys/builder.pub").read_text()
    assert public in get(builder.url, "/publickey").body.decode()
    sealed = seal(public, {"token": b"s3cr3t-value"})
    body = foreign(entry("com.openfaas.secrets", sealed))
    answer = post(builder.url, body, headers=signed(body, b"a payload secret of one's own"))
    assert "none of Wherry's" in answer.last["error"]
    builder.stop()
    assert "s3cr3t-value" not in builder.errors
    assert "one's own" not in builder.errors


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_for_other_machines_a_secret_must_be_given(wherry, home, listen):
    done = wherry("builder", "serve", "--sources", "--listen", listen)
    assert done.code == 2
    assert "--payload-secret" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "nowhere"], "address"),
        (["--listen", "example.com:80"], "address"),
        (["--payload-secret", "absent"], "openssl rand"),
        (["--key", "absent"], "keygen"),
        (["--base", "A B"], "image reference"),
        (["--builds", "0"], "--builds"),
    ],
)
def test_what_it_cannot_start_with(wherry, home, arguments, said):
    done = wherry("builder", "serve", "--sources", *arguments)
    assert done.code == 2
    assert said in done.err


def test_a_port_that_is_taken(wherry, serving, home):
    address = serving().url.removeprefix("http://")
    done = wherry("builder", "serve", "--sources", "--listen", address)
    assert done.code != 0
    assert "cannot listen" in done.err


def test_keys(wherry, home, here):
    done = wherry("builder", "keygen")
    assert done.code == 0
    assert done.out.split() == ["key", "key.pub"]
    assert oct((here / "key").stat().st_mode)[-3:] == "600"
    key = SealingKey.parse((here / "key").read_bytes(), source="key")
    assert (here / "key.pub").read_text() == key.public
    assert f"key id: {key.public[:8]}" in done.err
    assert key.private not in done.out + done.err


@pytest.mark.parametrize("there", ["key", "key.pub"])
def test_a_key_is_never_written_over(wherry, home, here, there):
    (here / there).write_text("mine")
    done = wherry("builder", "keygen")
    assert done.code == 2
    assert there in done.err
    assert (here / there).read_text() == "mine"


def test_it_leaves_nothing_behind(serving, here, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(here / "temporary"))
    (here / "temporary").mkdir()
    builder = serving()
    assert len(os.listdir(here / "temporary")) == 1
    builder.stop()
    deadline = time.monotonic() + 10
    while os.listdir(here / "temporary"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_without_uv_it_must_be_allowed_to_run_sources(wherry, home, monkeypatch):
    monkeypatch.setattr("wherry_build.remote.screening.found_uv", lambda _settings: None)
    done = wherry("builder", "serve", "--listen", "127.0.0.1:0")
    assert done.code == 3
    assert "pip install uv" in done.err
    assert "--sources" in done.err
