"""`wherry up` without --target: what is given to the platform, and what makes no sense."""

from pathlib import Path

import pytest

from wherry_cli import up_local
from wherry_cli.detachment import started
from wherry_cli.main import wherry as cli
from wherry_local.admin.location import home_of, kept
from wherry_local.state import StateFolder


@pytest.fixture
def settings(here, wherry, monkeypatch):
    """The settings that `wherry up ARGUMENTS` would serve."""
    served = []
    monkeypatch.setattr(up_local, "_served", lambda settings: served.append(settings) or 0)
    wherry("new", "hello")

    def settings(*arguments):
        done = wherry("up", *arguments)
        assert done.code == 0, done.err
        return served[-1]

    return settings


def test_what_is_not_said(settings, here):
    made = settings()
    assert [each.name for each in made.project.functions] == ["hello"]
    assert (made.root, made.host, made.port, made.broker_port) == (here, "127.0.0.1", 8080, 8090)
    assert made.watch
    assert (made.listen, made.password, made.triggers) == (None, None, ())


def test_what_is_said(settings, here):
    (here / "password").write_text("s3cret\n")
    (here / "triggers.yaml").write_text("")
    made = settings(
        *("functions/hello", "--no-watch", "-p", "0", "--broker-port", "0"),
        *("--listen", "0.0.0.0", "--allow-host", "laptop.lan", "--password-file", "password"),
        *("--triggers", "triggers.yaml", "--allow-private", "--queue", "nats://127.0.0.1:4222"),
    )
    assert (made.host, made.port, made.broker_port, made.watch) == ("0.0.0.0", 0, 0, False)
    assert made.listen[0] == "0.0.0.0"
    assert "laptop.lan" in made.listen
    assert made.password == "s3cret"
    assert made.triggers == (Path("triggers.yaml"),)
    assert made.allow_private
    assert made.queue_url == "nats://127.0.0.1:4222"


def test_the_project_is_read_anew(settings, wherry):
    made = settings()
    wherry("new", "other")
    assert [each.name for each in made.read().functions] == ["hello", "other"]


def test_an_environment(settings, here):
    (here / "wherry.yaml").write_text(
        "functions: {hello: {environment: {GREETING: hi}}}\n"
        "environments: {dev: {functions: {hello: {environment: {GREETING: ho}}}}}\n"
    )
    made = settings("--env", "dev")
    assert made.project.functions[0].environment["GREETING"] == "ho"


@pytest.mark.parametrize(
    "path", [".", "functions", "functions/hello", "functions/hello/handler.py"]
)
def test_however_it_is_named_the_state_is_in_one_place(settings, here, path):
    assert settings(path).root == here


def test_the_state_is_beside_the_projects_file(settings, here, wherry):
    (here / "functions/wherry.yaml").write_text("functions: {hello: {}}\n")
    assert settings("functions").root == here / "functions"


def test_a_folder_that_is_no_part_of_functions_has_its_own(here):
    from wherry_build.project import read_project

    (here / "services/hello").mkdir(parents=True)
    (here / "services/hello/handler.py").write_text("def handle(request): return 'a'\n")
    assert home_of(read_project(Path("services"))) == here / "services"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--registry", "ghcr.io/acme"), "--registry goes with --target"),
        (("--yes",), "--yes goes with --target"),
        (("--target", "knative", "--detach"), "--detach is of the platform on this machine"),
        (("--target=knative", "--broker-port", "0"), "leave --target out"),
        (("--nope",), "No such option"),
        (("--allow-host", "x"), "give --listen"),
        (("--listen", ""), "expected an address"),
        (("--listen", "[]"), "expected an address"),
        (("-o", "json"), "it goes with --detach"),
        (("--port", "x"), "'x'"),
        (("--triggers", "absent.yaml"), "absent.yaml"),
        (("absent",), "no such file or folder"),
    ],
)
def test_what_makes_no_sense_is_2(wherry, here, monkeypatch, arguments, said):
    monkeypatch.setattr(up_local, "_served", lambda _: 0)
    wherry("new", "hello")
    done = wherry("up", *arguments)
    assert done.code == 2, done.err
    assert said in done.err


def test_an_empty_password_is_none(wherry, here):
    wherry("new", "hello")
    (here / "password").write_text("\n")
    assert wherry("up", "--password-file", "password").code == 2


def test_being_reached_from_elsewhere_is_warned_of(wherry, here, monkeypatch):
    monkeypatch.setattr(up_local, "_served", lambda _: 0)
    wherry("new", "hello")
    assert "warning: --listen 0.0.0.0: functions" in wherry("up", "--listen", "0.0.0.0").err
    assert wherry("up").err == ""


def test_the_background_gets_what_was_given(here, monkeypatch, wherry):
    given = []
    monkeypatch.setattr(
        "wherry_cli.detachment.started", lambda arguments, _: given.append(arguments) or 1
    )
    wherry("new", "hello")
    arguments = ("functions", "--no-watch", "--port=0", "--broker-port=7", "--triggers=functions")
    wherry("up", *arguments, "-d", "-o", "json")
    assert given == [["up", *arguments, "--no-logs"]]
    with cli.get_command(None, "up").make_context("up", given[0][1:]) as ctx:
        assert ctx.params["broker_port"] == 7
        assert not ctx.params["detach"]


def test_what_ends_at_once_is_told(here, capfd):
    state = StateFolder.of(here)
    assert started(["no-such-command"], state) == 2
    assert "no such command" in capfd.readouterr().err
    assert kept(state) is None


@pytest.mark.parametrize("password", [b"", b" \n", b"one\ntwo\n", b"pass\xff", b"a\x00b"])
def test_a_password_that_nobody_could_send_is_refused(here, wherry, monkeypatch, password):
    monkeypatch.setattr(up_local, "_served", lambda _: 0)
    wherry("new", "hello")
    (here / "password").write_bytes(password)
    done = wherry("up", "--password-file", "password")
    assert done.code == 2
    assert "expected one line of UTF-8 text" in done.err


def test_an_address_may_stand_in_brackets(settings):
    made = settings("--listen", "[::1]")
    assert (made.host, made.listen[0]) == ("::1", "::1")


def test_an_address_that_is_not_of_this_machine_is_told_by_its_option(wherry):
    wherry("new", "hello")
    done = wherry("up", "--port", "0", "--broker-port", "0", "--listen", "192.0.2.1")
    assert done.code == 3
    assert "hint: --listen 127.0.0.1" in done.err


def test_when_an_edit_serves_is_told_as_the_page_of_it_does(wherry):
    words = "serves some tenths of a second after it is saved"
    assert words in " ".join(wherry("up", "--help").out.split())
    page = Path(__file__).resolve().parents[2] / "docs/local.md"
    assert words in " ".join(page.read_text().replace("**", "").split())
