"""The fixtures, as pytest gives them to the tests of a function."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import wherry

HANDLER = """
from wherry import CloudEvent, Context

def handle(event: CloudEvent, context: Context):
    context.emit(type="emitted", data=event.data)
    context.logger.info("handled %s", event.id)
    return event
"""
TESTS = """
import os
import pytest
from wherry import CloudEvent

EVENT = CloudEvent(type="t", source="/s", id="1", datacontenttype="application/json", data={"n": 1})

def test_in_memory(wherry_invoke):
    answer = wherry_invoke(event=EVENT)
    assert answer.expect().event == EVENT
    assert [each.type for each in answer.emitted] == ["emitted"]

def test_behind_the_server(wherry_server, wherry_sink):
    assert wherry_server.invoke(event=EVENT).expect().event == EVENT
    assert [each.data for each in wherry_sink.wait()] == [{"n": 1}]

def test_the_sink_is_empty_when_a_test_begins(wherry_sink):
    assert wherry_sink.deliveries == []

def test_the_handler(wherry_handler, wherry_source):
    assert wherry_handler.name == "handler.handle"
    assert (wherry_source / "handler.py").is_file()
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(wherry.__file__).parent.parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-p", "wherry.testing.plugin", "--rootdir", str(folder), "-c", "pytest.ini"),
            *arguments,
        ],
        cwd=folder,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "handler.py").write_text(HANDLER)
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.mark.parametrize("where", ["test_handler.py", "tests/test_handler.py"])
def test_every_fixture(folder, where):
    (folder / where).write_text(TESTS)
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_another_function_and_more_variables(folder):
    (folder / "other.py").write_text("import os\ndef mine(): return os.environ['GREETING']\n")
    (folder / "test_other.py").write_text(
        "import pytest\n"
        "@pytest.fixture(scope='module')\n"
        "def wherry_source(): return 'other.py:mine'\n"
        "@pytest.fixture(scope='module')\n"
        "def wherry_environment(): return {'GREETING': 'ahoy'}\n"
        "def test(wherry_server): assert wherry_server.invoke().expect().text == 'ahoy'\n"
    )
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_failure_shows_the_problem_and_the_servers_log(folder):
    (folder / "test_it.py").write_text(
        "def test(wherry_server):\n    assert wherry_server.invoke(method='POST').status == 200\n"
    )
    done = run(folder)
    assert done.returncode == 1
    assert "where 400 = <Answer 400 Invalid CloudEvent" in done.stdout
    assert "Captured log of wherry_server" in done.stdout
    assert "metrics on http" in done.stdout


def test_no_handler_is_said(folder):
    (folder / "handler.py").unlink()
    (folder / "test_it.py").write_text("def test(wherry_invoke): pass\n")
    done = run(folder)
    assert "override the fixture `wherry_source`" in done.stdout


def test_pytest_finds_the_plugin():
    found = {each.name: each.value for each in entry_points(group="pytest11")}
    assert found["wherry"] == "wherry.testing.plugin"
