"""A container as production runs it, in the words of a command line and of the SDK."""

import pytest

from wherry_build.image.docker.container import (
    Container,
    function_container,
    host_options,
    run_words,
)
from wherry_build.project import read_project

PROJECT = """\
version: 1
functions:
  hello:
    environment: {GREETING: "hello, you=me"}
    timeout: 7s
    concurrency: 3
    resources:
      requests: {cpu: 250m}
      limits: {cpu: 1500m, memory: 64Mi}
"""


def made(write, text=PROJECT, **changes):
    root = write({"wherry.yaml": text, "functions/hello/handler.py": "def handle(r): ...\n"})
    (function,) = read_project(root).functions
    return function_container(
        function, **{"image": "a:1", "host": "127.0.0.1", "port": 9000} | changes
    )


def test_what_wherry_yaml_says_of_a_function(write):
    container = made(write)
    assert container.environment == {
        "WHERRY_TIMEOUT": "7s",
        "WHERRY_MAX_INFLIGHT": "3",
        "GREETING": "hello, you=me",
    }
    assert container.memory_bytes == 64 << 20
    assert container.cpu_millicores == 1500
    assert container.cpu_shares == 256
    assert container.is_read_only
    assert container.grace_s == 7 + 1 + 10


def test_what_is_usual_where_it_says_nothing(write):
    container = made(write, "version: 1\nfunctions: {hello: {}}\n")
    assert container.environment == {"WHERRY_TIMEOUT": "30s"}
    assert (container.memory_bytes, container.cpu_millicores) == (256 << 20, 0)


DRAINING = """\
version: 1
functions:
  hello:
    timeout: 14s
    environment: {WHERRY_DRAIN_TIMEOUT: DRAIN, WHERRY_LAME_DUCK: 7s}
"""


@pytest.mark.parametrize(("said", "grace_s"), [("25s", 42), ("nonsense", 32)])
def test_the_time_to_drain_is_the_functions_own(write, said, grace_s):
    assert made(write, DRAINING.replace("DRAIN,", f"{said},")).grace_s == grace_s


def test_the_words_are_productions_restrictions(write, tmp_path):
    words = run_words(made(write, secrets=tmp_path))
    said = " ".join(words)
    for wanted in (
        "--user 65532:65532",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        "--read-only",
        "--memory 67108864 --memory-swap 67108864",
        "--cpus 1.5",
        "--cpu-shares 256",
        "--pids-limit 512",
        "--publish 127.0.0.1:9000:8080",
        "--tmpfs /tmp:rw,nosuid,nodev,mode=1777,size=67108864",
        "--env GREETING=hello, you=me",
        f"--mount type=bind,source={tmp_path},target=/var/openfaas/secrets,readonly",
    ):
        assert wanted in said, wanted
    assert words[-1] == "a:1"
    assert words[0] == "--detach"


def test_the_sdk_is_told_the_same(write, tmp_path):
    said = host_options(made(write, secrets=tmp_path))
    assert said["port_bindings"] == {8080: ("127.0.0.1", 9000)}
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges"]
    assert said["read_only"] is True
    assert said["mem_limit"] == said["memswap_limit"] == 64 << 20
    assert said["nano_cpus"] == 1_500_000_000
    assert said["binds"] == {str(tmp_path): {"bind": "/var/openfaas/secrets", "mode": "ro"}}


def test_a_root_that_may_be_written_to(write):
    container = made(write, "version: 1\nfunctions: {hello: {read_only_root: false}}\n")
    assert "--read-only" not in run_words(container)
    assert host_options(container)["read_only"] is False


def test_an_address_of_version_6():
    container = Container(name="a", image="a:1", host="::1", port=1, memory_bytes=1)
    assert container.url == "http://[::1]:1"
    assert "[::1]:1:8080" in run_words(container)
