"""The command itself: help, errors, exit codes, completion, and how little it loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from wherry import __version__
from wherry_build.errors import EngineUnavailable
from wherry_cli.main import COMMANDS


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_every_command(wherry, arguments):
    done = wherry(*arguments)
    assert done.code == 0
    for name, line in COMMANDS.items():
        assert name in done.out
        assert line in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_help_with_an_example(wherry, name):
    done = wherry(name, "--help")
    assert done.code == 0
    assert f"  wherry {name}" in done.out.partition("Example")[2]


def test_the_version(wherry):
    assert wherry("--version") == (0, f"wherry {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (("rnder",), "no such command 'rnder', did you mean 'render'?", "wherry --help"),
        (("render",), "Missing option '--target'", "wherry render --help"),
        (("render", "--nope"), "No such option", "wherry render --help"),
        (("new", "Bad"), "function name: got 'Bad'", "call it 'bad'"),
        (("render", "absent", "--target", "knative"), "no such file or folder", "wherry new hello"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_to_type(wherry, here, arguments, said, hint):
    done = wherry(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert said in done.err
    assert f"  hint: {hint}" in done.err
    assert "\x1b" not in done.err, "colour is for terminals"
    assert "Traceback" not in done.err


def test_an_error_of_the_builder_ends_with_its_code(wherry, here, monkeypatch):
    wherry("new", "hello")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{here}/none.sock")
    monkeypatch.delenv("WHERRY_CONTAINER_CLI", raising=False)
    monkeypatch.setenv("PATH", str(here))  # no docker, and no other command of an engine
    done = wherry("build", "functions/hello", "--engine", "docker")
    assert done.code == EngineUnavailable.exit_code
    assert "none.sock" in done.err


def test_a_bug_is_raised(wherry, monkeypatch):
    import wherry_build.project

    def broken(*_args, **_options):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(wherry_build.project, "read_project", broken)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        wherry("render", "--target", "knative")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_answer_that_finds_no_room_is_no_bug():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wherry_cli", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (
        "error: what was to be told cannot be written: No space left on device\n"
    )


def test_an_interrupt_is_130(wherry, here, monkeypatch):
    import wherry_build.template

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(wherry_build.template, "add_function", interrupted)
    assert wherry("new", "hello").code == 130


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(wherry, shell):
    done = wherry("completion", shell)
    assert done.code == 0
    assert "_WHERRY_COMPLETE" in done.out


def test_completion_knows_the_commands(monkeypatch, wherry, capfd):
    monkeypatch.setenv("_WHERRY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "wherry re")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        wherry()
    assert "plain,render" in capfd.readouterr().out


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_help_and_version_load_little(argument):
    """Start-up is paid by every command and every completion."""
    code = (
        "import sys; from wherry_cli.main import run; run(sys.argv[1:]); "
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, argument], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert not loaded & {"flask", "gunicorn", "docker", "yaml", "watchfiles", "urllib3", "asyncio"}
    assert not any(name.startswith(("wherry_build", "wherry_local")) for name in loaded)


def test_a_brief_command_ends_with_its_code_and_all_that_it_said(tmp_path):
    """It ends without taking itself apart, so what was printed must have left it by then."""
    done = subprocess.run(
        [sys.executable, "-m", "wherry_cli", "build", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("--print-dockerfile")
    done = subprocess.run(
        [sys.executable, "-m", "wherry_cli", "push", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: " in done.stderr


def test_a_brief_command_tells_of_a_reader_that_has_gone(tmp_path):
    (tmp_path / "handler.py").write_text("def handle(request):\n    return 'hello'\n")
    script = (
        f"{sys.executable} -m wherry_cli build {tmp_path} --print-dockerfile >/dev/full; echo $?"
    )
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() != "0"
