"""`wherry plugin`: faas-cli's program that runs this command, and nobody else's file."""

import json
import os
import subprocess
import sys

import pytest

from wherry_build.remote.plugin import install, shim

SAYS = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ.get('OPENFAAS_CONFIG')]))"


@pytest.fixture
def home(tmp_path, monkeypatch):
    home = tmp_path / "a home's folder"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def as_faas_cli_does(home, *arguments, **environment):
    """`faas-cli wherry ...`: execve of the file, with the words after its name."""
    file = str(home / ".openfaas/plugins/wherry")
    done = subprocess.run(
        [file, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_installed_it_runs_this_command(wherry, home):
    done = wherry("plugin", "install")
    file = home / ".openfaas/plugins/wherry"
    assert done.code == 0
    assert done.out.strip() == str(file)
    assert "faas-cli wherry" in done.err
    assert oct(file.stat().st_mode)[-3:] == "755"
    code, out, err = as_faas_cli_does(home, "--version")
    assert (code, err) == (0, "")
    assert out.startswith("wherry ")
    code, _, err = as_faas_cli_does(home, "no-such-command")
    assert code == 2
    assert "no-such-command" in err


@pytest.mark.parametrize(
    "words",
    [[], ["a b", "", "*", "$HOME", "`id`", "'", '"', "\\", "new\nline", "-f", "--", "ü"]],
)
def test_words_and_environment_are_handed_on(home, words):
    install(home, [sys.executable, "-c", SAYS])
    code, out, _ = as_faas_cli_does(home, *words, OPENFAAS_CONFIG="/a folder")
    assert code == 0
    assert json.loads(out) == [words, "/a folder"]


@pytest.mark.parametrize(
    "folder", ["plain", "with blank", "it's", "$(touch x)", "a\\b", 'a"b', "a;b"]
)
def test_any_path_of_an_interpreter(home, tmp_path, folder):
    python = tmp_path / folder / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    install(home, [str(python), "-c", SAYS])
    assert as_faas_cli_does(home, "x")[1] == '[["x"], null]\n'


def test_again_it_is_made_anew(wherry, home):
    install(home, ["/another/python", "-m", "wherry_cli"])
    assert wherry("plugin", "install").code == 0
    assert sys.executable in (home / ".openfaas/plugins/wherry").read_text()
    assert [path.name for path in (home / ".openfaas/plugins").iterdir()] == ["wherry"]


@pytest.mark.parametrize("kind", ["file", "link", "broken link", "folder", "almost ours"])
def test_what_is_not_ours_stays(wherry, home, kind):
    file = home / ".openfaas/plugins/wherry"
    file.parent.mkdir(parents=True)
    other = home / "other"
    other.write_text(shim(["x"]))
    match kind:
        case "file":
            file.write_text("#!/bin/sh\n")
        case "link":
            file.symlink_to(other)
        case "broken link":
            file.symlink_to(home / "nowhere")
        case "folder":
            file.mkdir()
        case "almost ours":
            file.write_text("echo mine first\n" + shim(["x"]))
    done = wherry("plugin", "install")
    assert done.code == 2
    assert "--force" in done.err
    assert wherry("plugin", "uninstall").code == 2
    assert os.path.lexists(file)
    assert other.read_text() == shim(["x"])


def test_by_force_it_takes_anothers_place(wherry, home):
    file = home / ".openfaas/plugins/wherry"
    file.parent.mkdir(parents=True)
    other = home / "other"
    other.write_text("mine")
    file.symlink_to(other)
    assert wherry("plugin", "install", "--force").code == 0
    assert not file.is_symlink()
    assert other.read_text() == "mine"


def test_the_list(wherry, home):
    assert wherry("plugin", "list").out == ""
    wherry("plugin", "install")
    (home / ".openfaas/plugins/other").write_text("#!/bin/sh\n")
    folder = home / ".openfaas/plugins"
    assert wherry("plugin", "list").out.splitlines() == [
        f"{folder}/other",
        f"{folder}/wherry: {sys.executable} -m wherry_cli",
    ]


def test_uninstalled_it_is_gone(wherry, home):
    wherry("plugin", "install")
    assert wherry("plugin", "uninstall").code == 0
    assert not (home / ".openfaas/plugins/wherry").exists()
    done = wherry("plugin", "uninstall")
    assert done.code == 2
    assert "wherry plugin install" in done.err


def test_faas_clis_configuration_elsewhere_moves_no_plugin(wherry, home, monkeypatch):
    monkeypatch.setenv("OPENFAAS_CONFIG", str(home / "elsewhere"))
    wherry("plugin", "install")
    assert (home / ".openfaas/plugins/wherry").is_file()
    assert not (home / "elsewhere").exists()
