"""One build: what it says, that it ends when nobody listens, and that it leaves nothing behind."""

import itertools
import threading

import pytest
from tests.builder.remote.client import seal, tar

from wherry_build.errors import ImageBuildFailed
from wherry_build.remote.build import Build, Terms, collected
from wherry_build.remote.result import Status
from wherry_build.remote.sealing import SealingKey
from wherry_build.remote.turns import Turns

KEY = SealingKey.generate()


@pytest.fixture
def begin(tmp_path, workshop):
    """Begin a build of a body; each has a folder in `tmp_path/builds`."""
    builds = tmp_path / "builds"
    builds.mkdir()
    turns = Turns(1)
    begun = []

    def begin(body, **terms):
        folder = builds / str(len(begun))
        folder.mkdir()
        (folder / "body.tar").write_bytes(body)
        ended = threading.Event()
        terms = Terms(workshop=workshop, turns=turns, **{"key": KEY, **terms})
        build = Build(folder, folder / "body.tar", terms, ended.set)
        build.ended = ended
        begun.append(build)
        return build

    yield begin
    workshop.gate.set()
    for build in begun:
        build.close()
        assert build.join(30)
        assert build.ended.is_set()
    assert list(builds.iterdir()) == []


def test_a_build_that_succeeds(begin, body, workshop):
    results = list(begin(body("ghcr.io/acme/hello:1")))
    assert [each.status for each in results] == [Status.IN_PROGRESS] * 2 + [Status.SUCCESS]
    assert [line for each in results for line in each.log][:2] == ["one", "two"]
    assert results[-1].image == "ghcr.io/acme/hello:1"
    assert results[-1].log == (f"pushed ghcr.io/acme/hello:1@sha256:{'0' * 64}",)
    (order,) = workshop.orders
    assert {"Dockerfile", "template.yml", "function/handler.py"} <= set(order["files"])
    assert not any("body" in file or "openfaas" in file for file in order["files"])


def test_one_that_is_not_pushed_says_so(begin, body):
    (line,) = collected(begin(body(skipPush=True))).log[2:]
    assert line.startswith("built, and not pushed: localhost:5000/hello:1")


def test_one_that_fails_says_why_and_what_to_type(begin, body, workshop):
    workshop.error = ImageBuildFailed("no wheel of x", hint="wherry build --engine docker")
    result = collected(begin(body()))
    assert result.status is Status.FAILED
    assert result.error == "no wheel of x (hint: wherry build --engine docker)"
    assert result.image == ""


def test_a_fault_of_ours_is_in_the_log_and_not_in_the_answer(begin, body, workshop, caplog):
    workshop.error = RuntimeError("inner words")
    result = collected(begin(body()))
    assert result.status is Status.FAILED
    assert "inner words" not in result.error
    assert "inner words" in caplog.text


def test_what_the_machine_lacks_is_told_without_its_paths(begin, body, workshop):
    workshop.error = OSError(28, "No space left on device", "/srv/inner/path")
    assert collected(begin(body())).error == "the builder's machine: No space left on device"


@pytest.mark.parametrize("content", [b"", b"no tar" * 200, tar()])
def test_what_is_no_tar_fails_with_the_reason(begin, content):
    result = collected(begin(content))
    assert result.status is Status.FAILED
    assert "tar" in result.error


def test_our_folders_are_not_told(begin, body, workshop, tmp_path):
    workshop.lines = [f"{tmp_path}/builds/0/context/function/handler.py: line 3"]
    assert collected(begin(body())).log[0] == "context/function/handler.py: line 3"


def test_secrets_reach_the_workshop_as_files_and_nothing_else(begin, body, workshop, caplog):
    secret = b"s3cr3t-of-the-index"
    workshop.lines = ["index https://user:s3cr3t-of-the-index@pypi.acme.example"]
    workshop.error = ImageBuildFailed("refused: s3cr3t-of-the-index")
    result = collected(begin(body(sealed=seal(KEY.public, {"pip.conf": secret}))))
    (order,) = workshop.orders
    assert order["secrets"] == {"pip.conf": secret}
    assert order["modes"] == {"600"}
    file = order["order"].secrets["pip.conf"]
    assert not file.exists()
    assert not file.parent.exists()
    assert "s3cr3t" not in " ".join(result.log) + result.error + caplog.text
    assert "[redacted]" in result.error


@pytest.mark.parametrize(
    "secret",
    [
        b"machine pypi.acme.example login ada password canary-of-a-netrc\n",
        b"[global]\nindex-url = https://ada:canary-of-a-netrc@pypi.acme.example/simple\n",
    ],
)
def test_passwords_in_files_of_secrets_are_not_told(begin, body, workshop, secret):
    workshop.lines = ["401 for canary-of-a-netrc"]
    result = collected(begin(body(sealed=seal(KEY.public, {"netrc": secret}))))
    assert result.log[0] == "401 for [redacted]"


def test_secrets_that_cannot_be_opened_build_nothing(begin, body, workshop):
    sealed = seal(SealingKey.generate().public, {"a": b"x"}, key_id="")
    assert "cannot be opened" in collected(begin(body(sealed=sealed))).error
    assert workshop.orders == []


def test_secrets_without_a_key_build_nothing(begin, body, workshop):
    result = collected(begin(body(sealed=seal(KEY.public, {"a": b"x"})), key=None))
    assert "takes no build secrets" in result.error
    assert workshop.orders == []


def test_builds_wait_for_each_other_and_say_so(begin, body, workshop):
    workshop.gate.clear()
    content = body()
    first = begin(content)
    next(first)  # it has its turn
    second = begin(content)
    waiting = next(result for result in second if result.log)
    assert waiting.log == ("waiting for other builds to end",)
    assert len(workshop.orders) == 1
    workshop.gate.set()
    assert collected(first).status is collected(second).status is Status.SUCCESS
    assert workshop.most == 1


def test_who_leaves_ends_the_build(begin, body, workshop):
    workshop.gate.clear()
    build = begin(body())
    next(build)
    build.close()
    assert build.ended.wait(10)
    assert build.join(10)
    assert workshop.left == 1
    assert list(build) == []


def test_who_leaves_while_waiting_has_no_turn(begin, body, workshop):
    workshop.gate.clear()
    content = body()
    next(begin(content))  # it has its turn
    second = begin(content)
    next(result for result in second if result.log)
    second.close()
    assert second.ended.wait(10)
    assert len(workshop.orders) == 1


def test_a_build_that_takes_too_long_fails(begin, body, workshop):
    workshop.gate.clear()
    build = begin(body(), timeout_s=60)
    assert [next(build).log, next(build).log] == [("one",), ("two",)]
    build._until = 0.0
    result = collected(build)
    assert result.status is Status.FAILED
    assert result.error == "the build took longer than 60 s"
    assert build.ended.wait(10)
    assert workshop.left == 1


def test_a_build_that_talks_without_end_fails_in_time(begin, body, workshop):
    workshop.lines = itertools.repeat("and on")
    build = begin(body(), timeout_s=60)
    assert next(build).log == ("and on",)
    build._until = 0.0
    assert next(build).error == "the build took longer than 60 s"
    assert build.ended.wait(10)
    assert workshop.left == 1


def test_a_reader_who_is_slow_holds_the_build_back(begin, body, workshop):
    workshop.lines = [f"line {n}" for n in range(2_000)]
    build = begin(body())
    next(build)
    assert not build.ended.wait(0.2)
    assert [line for line in collected(build).log if line.startswith("line")] == workshop.lines[1:]


def test_quiet_builds_show_that_they_live(begin, body, workshop, monkeypatch):
    monkeypatch.setattr("wherry_build.remote.build._HEARTBEAT_S", 0.02)
    workshop.lines = []
    workshop.gate.clear()
    build = begin(body())
    result = next(build)
    assert (result.status, result.log) == (Status.IN_PROGRESS, ())


def test_of_a_long_log_the_last_lines_are_collected(begin, body, workshop):
    workshop.lines = [f"line {n}" for n in range(11_000)]
    log = collected(begin(body())).log
    assert len(log) == 10_000
    assert log[-2] == "line 10999"
