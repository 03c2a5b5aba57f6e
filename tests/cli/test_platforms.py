"""How the commands find a platform, what they tell it, and what they say when it refuses."""

import contextlib
import fcntl
import json
import os
import socket

import pytest
from tests.cli.admin_recorder import (
    AUTHORIZATION,
    Answer,
    problem,
    running_platform,
    told,
)

from wherry_local.state import StateFolder

LOGIN = """auths:
- gateway: {url}
  auth: basic
  token: YWRtaW46ZWxzZXdoZXJl
"""


@pytest.fixture(autouse=True)
def _no_other_gateway(monkeypatch, tmp_path):
    for name in ("OPENFAAS_URL", "OPENFAAS_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


COMMANDS = (
    ("list",),
    ("describe", "hello"),
    ("logs",),
    ("emit", "--type", "a.b"),
    ("events",),
    ("replay", "7"),
    ("deadletters",),
    ("deadletters", "show", "1"),
    ("calls",),
    ("calls", "show", "1"),
    ("scale", "hello", "1"),
    ("secret", "list"),
    ("invoke", "hello", "--async"),
    ("down",),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_where_nothing_runs_it_is_3_and_says_what_to_type(wherry, here, arguments):
    done = wherry(*arguments)
    assert done.code == 3
    assert done.out == ""
    assert f"no platform runs for the project at {here}" in done.err
    assert "hint: wherry up" in done.err


@pytest.mark.parametrize("arguments", COMMANDS[:-2], ids=" ".join)
def test_where_it_does_not_answer_it_is_3(wherry, here, arguments):
    with running_platform(here):
        pass  # it said where it is, and has ended without a word
    with held(StateFolder.of(here)):
        done = wherry(*arguments)
    assert done.code == 3
    assert "nothing answers at http://127.0.0.1:" in done.err
    assert "hint: is it there? wherry up" in done.err


@contextlib.contextmanager
def held(state):
    with state.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_what_a_platform_left_that_was_killed_is_no_platform(wherry, here):
    with running_platform(here):
        pass
    assert wherry("list").code == 3
    assert "no platform runs" in wherry("list").err


def test_it_is_found_from_below_and_by_project(wherry, platform, here, monkeypatch, tmp_path):
    below = here / "functions/hello"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert wherry("list").code == 0
    elsewhere = tmp_path.parent
    monkeypatch.chdir(elsewhere)
    assert wherry("list").code == 3
    assert wherry("list", "--project", here).code == 0
    assert {each.headers["authorization"] for each in platform.asked} == {AUTHORIZATION}


def test_a_state_folder_of_somebody_else_is_passed_over(wherry, platform, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert wherry("list").code == 3
    assert platform.asked == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"pid": 1}', b"\xff"])
def test_a_broken_platform_file_is_no_platform(wherry, platform, here, content):
    StateFolder.of(here).endpoint.write_bytes(content)
    assert wherry("list").code == 3


def test_another_gateway_is_asked_with_the_login_of_faas_cli(wherry, here, tmp_path):
    with running_platform(tmp_path / "home") as other:
        other.answers["GET /system/functions"] = told([])
        config = tmp_path / "home/.openfaas/config.yml"
        config.parent.mkdir(parents=True)
        config.write_text(LOGIN.format(url=other.url))
        assert wherry("list", "--gateway", other.url).code == 0
        assert other.last.headers["authorization"] == "Basic YWRtaW46ZWxzZXdoZXJl"


def test_without_a_platform_openfaas_url_is_asked_and_told(wherry, here, monkeypatch, tmp_path):
    with running_platform(tmp_path / "home") as other:
        other.answers["GET /system/functions"] = told([])
        monkeypatch.setenv("OPENFAAS_URL", other.url)
        done = wherry("list")
        assert done.code == 0
        assert done.err == f"no platform runs here; asking OPENFAAS_URL, {other.url}\n"
        assert "authorization" not in other.last.headers


def test_the_platform_here_goes_before_openfaas_url(wherry, platform, monkeypatch):
    monkeypatch.setenv("OPENFAAS_URL", "http://127.0.0.1:1")
    assert wherry("list").code == 0
    assert platform.asked


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (problem(400, "limit: got 0"), 2, "error: limit: got 0 (400)"),
        (problem(422, "no filter"), 2, "no filter"),
        (problem(404, "no event 7"), 1, "error: no event 7 (404)"),
        (problem(409, "it is over"), 1, "it is over"),
        (Answer(500, b""), 1, "POST /system/events/7/replay was answered with 500"),
        (Answer(401, b"invalid credentials"), 1, "hint: faas-cli login --gateway http://127.0."),
        (Answer(200, b"<html>"), 1, "the answer is no JSON"),
        (Answer(400, b"bad\x1b[31m\nthing"), 2, "error: bad [31m thing (400)"),
        (Answer(302, b"", (("Location", "/elsewhere"),)), 1, "was answered with 302"),
    ],
)
def test_a_refusal_is_told_in_its_words(wherry, platform, answer, code, said):
    platform.answers["POST /system/events/7/replay"] = answer
    done = wherry("replay", "7")
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err
    assert len(platform.asked) == 1, "nothing is followed or tried again"


def complete(words, monkeypatch, capfd, wherry):
    monkeypatch.setenv("_WHERRY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - (0 if words.endswith(" ") else 1)))
    with pytest.raises(SystemExit):
        wherry()
    return capfd.readouterr().out.split()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("describe", "helo"), "wherry list"),
        (("scale", "helo", "2"), "wherry list"),
        (("logs", "helo"), "wherry list"),
        (("emit", "--type", "a.b", "--broker", "none"), "wherry emit --help"),
        (("events", "--explain", "none"), "wherry events"),
        (("replay", "none"), "wherry events"),
        (("deadletters", "show", "9"), "wherry deadletters"),
        (("deadletters", "replay", "9"), "wherry deadletters"),
        (("deadletters", "discard", "9"), "wherry deadletters"),
        (("calls", "show", "none"), "wherry calls"),
        (("calls", "cancel", "none"), "wherry calls"),
        (("calls", "replay", "none"), "wherry calls"),
        (("secret", "remove", "none"), "wherry secret list"),
    ],
    ids=str,
)
def test_what_is_not_there_is_told_with_what_to_type(wherry, platform, arguments, hint):
    done = wherry(*arguments)
    assert done.code == 1
    assert done.err.splitlines()[-1] == f"  hint: {hint}"


def test_names_of_functions_are_completed(platform, monkeypatch, capfd, wherry):
    platform.answers["GET /system/functions"] = told([{"name": "hello"}, {"name": "orders"}])
    assert complete("wherry describe he", monkeypatch, capfd, wherry) == ["plain,hello"]
    assert complete("wherry scale o", monkeypatch, capfd, wherry) == ["plain,orders"]
    assert complete("wherry invoke he", monkeypatch, capfd, wherry) == ["plain,hello"]
    assert complete("wherry logs he", monkeypatch, capfd, wherry) == ["plain,hello"]


def test_keys_of_events_are_completed(platform, monkeypatch, capfd, wherry):
    platform.answers["GET /system/events"] = told({"events": [{"key": "k7", "type": "a.b"}]})
    assert complete("wherry replay k", monkeypatch, capfd, wherry) == ["plain,k7"]
    assert complete("wherry events --explain k", monkeypatch, capfd, wherry) == ["plain,k7"]


def test_options_of_up_are_completed(monkeypatch, capfd, wherry, here):
    shown = complete("wherry up --", monkeypatch, capfd, wherry)
    assert {"plain,--detach", "plain,--target", "plain,--registry"} <= set(shown)


def test_completion_without_a_platform_says_nothing(here, monkeypatch, capfd, wherry):
    assert complete("wherry describe he", monkeypatch, capfd, wherry) == []


def test_a_platform_that_never_answers_does_not_hold_up_a_completion(
    here, monkeypatch, capfd, wherry
):
    with socket.create_server(("127.0.0.1", 0)) as silent, running_platform(here):
        state = StateFolder.of(here)
        said = json.loads(state.endpoint.read_bytes())
        said["gateway"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        state.endpoint.write_text(json.dumps(said))
        assert complete("wherry describe he", monkeypatch, capfd, wherry) == []
