"""`wherry new`."""

import os
import shlex
from pathlib import Path

import pytest

from wherry_build.project import read_project

STYLES = ["http", "events", "typed", "async", "stream"]


def test_it_makes_a_function_and_says_what_is_next(wherry, here):
    done = wherry("new", "hello")
    assert done.code == 0
    assert done.out.splitlines() == [
        "functions/hello/README.md",
        "functions/hello/handler.py",
        "functions/hello/requirements.txt",
        "functions/hello/test_hello.py",
    ]
    assert done.err == "next: wherry run functions/hello\nor:   wherry up\n"
    assert (here / "functions/hello/handler.py").is_file()


def test_it_refuses_to_write_over(wherry, here):
    wherry("new", "hello")
    (here / "functions/hello/handler.py").write_text("mine")
    done = wherry("new", "hello")
    assert done.code == 2
    assert "functions/hello exists" in done.err
    assert (here / "functions/hello/handler.py").read_text() == "mine"


@pytest.mark.parametrize("style", STYLES)
def test_each_template_elsewhere(wherry, here, style):
    assert wherry("new", "x", "--template", style, "--path", "services").code == 0
    assert (here / "services/x/handler.py").is_file()


def test_every_template_can_be_asked_for(wherry):
    from wherry_build.template import TEMPLATES
    from wherry_cli import new

    assert [template.style for template in TEMPLATES] == list(new.STYLES)


@pytest.mark.parametrize(
    ("arguments", "served"),
    [
        ((), ""),
        (("--path", "services"), " services"),
        (("--path", "shop/functions"), " shop"),
        (("--path", "our services"), " 'our services'"),
    ],
)
def test_the_platform_that_it_names_serves_the_function(wherry, here, arguments, served):
    (here / "shop").mkdir()
    (here / "shop/wherry.yaml").write_text("namespace: fns\n")
    typed = wherry("new", "hello", *arguments).err.splitlines()[-1]
    assert typed == f"or:   wherry up{served}"
    project = read_project(Path(*shlex.split(served)))
    assert [each.name for each in project.functions] == ["hello"]


PROJECT = """\
# mine
functions:
  hello: {handler: functions/hello}   # the first
hosts: {}
"""


def test_a_wherry_yaml_gets_an_entry_more(wherry, here):
    file = here / "wherry.yaml"
    wherry("new", "hello")
    file.write_text(PROJECT)
    file.chmod(0o640)
    done = wherry("new", "greet", "--template", "typed", "--path", "services")
    assert (done.code, done.err) == (
        0,
        "added to wherry.yaml\nnext: wherry run services/greet\nor:   wherry up\n",
    )
    entry = "  greet:\n    handler: services/greet\n"
    assert file.read_text() == PROJECT.replace("hosts:", f"{entry}hosts:")
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(here)) == ["functions", "services", "wherry.yaml"]
    rendered = wherry("render", "--target", "knative").out
    assert rendered.count("kind: Service") == 2


def test_the_file_above_the_folder_that_it_runs_in_is_not_touched(wherry, here, monkeypatch):
    (here / "wherry.yaml").write_text(PROJECT)
    (here / "below").mkdir()
    monkeypatch.chdir(here / "below")
    assert wherry("new", "greet").err.startswith("next: wherry run functions/greet\n")
    assert (here / "wherry.yaml").read_text() == PROJECT


def test_a_wherry_yaml_that_names_no_function_takes_the_new_one_by_its_place(wherry, here):
    (here / "wherry.yaml").write_text("namespace: fns\n")
    assert wherry("new", "hello").err.startswith("next: wherry run functions/hello\n")
    done = wherry("new", "greet", "--path", "services")
    assert "wherry.yaml takes the functions of another folder; name greet" in done.err
    assert (here / "wherry.yaml").read_text() == "namespace: fns\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("functions: [\n", "wherry.yaml:"),
        ("functions:\n  greet: {handler: other}\n", "has a function 'greet' elsewhere"),
        ("a: &a\n  b: {}\nfunctions: *a\n", "add under `functions`: greet:"),
    ],
)
def test_where_the_wherry_yaml_cannot_be_added_to_nothing_is_made(wherry, here, text, said):
    (here / "wherry.yaml").write_text(text)
    done = wherry("new", "greet")
    assert done.code == 2
    assert said in done.err
    assert os.listdir(here) == ["wherry.yaml"]
    assert (here / "wherry.yaml").read_text() == text


def test_a_linked_wherry_yaml_stays_a_link(wherry, here):
    (here / "real.yaml").write_text(PROJECT)
    (here / "wherry.yaml").symlink_to("real.yaml")
    assert wherry("new", "greet").code == 0
    assert (here / "wherry.yaml").is_symlink()
    assert "greet:" in (here / "real.yaml").read_text()


@pytest.mark.parametrize("name", ["../up", "A", "a_b", "1st"])
def test_a_project_has_a_name_that_images_can_have(wherry, here, name):
    assert wherry("new", "--project", name).code == 2
    assert os.listdir(here) == []


def test_a_project_is_not_written_over(wherry, here):
    (here / "shop").mkdir()
    done = wherry("new", "--project", "shop")
    assert (done.code, os.listdir(here / "shop")) == (2, [])
