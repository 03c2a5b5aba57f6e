"""What the pages on moving from other frameworks show does what they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs" / "migrating"
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tests_of_a_function_of_functions_framework_go_on_working(tmp_path):
    function, conftest, test = PYTHON.findall((PAGES / "functions-framework.md").read_text())
    (tmp_path / "main.py").write_text(function)
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_main.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def function_of(page, folder, name):
    """The first function that a page shows, loaded from a file of this name."""
    from wherry.loader import load

    (folder / name).write_text(PYTHON.findall((PAGES / page).read_text())[0])
    return load(folder)


def test_a_function_of_openfaas_templates(tmp_path):
    from wherry.testing import invoke

    handler = function_of("openfaas.md", tmp_path, "handler.py")
    answer = invoke(handler, method="POST", json={"id": "7"})
    assert (answer.status, answer.json) == (201, {"id": "7"})
    assert invoke(handler, path="/?page=2").json == {"page": "2"}


@pytest.mark.parametrize("page", ["parliament.md", "func-python.md"])
def test_a_function_of_knative(tmp_path, page):
    from wherry import CloudEvent
    from wherry.testing import invoke_event

    order = CloudEvent(type="com.acme.order.placed", source="/shop", data={"id": "7"})
    answer = invoke_event(function_of(page, tmp_path, "func.py"), order).event
    assert (answer.type, answer.source) == ("com.acme.order.accepted", "/orders")
    assert answer.data == {"order": "7"}


def test_an_application(tmp_path):
    pytest.importorskip("fastapi")
    from wherry.testing import invoke

    handler = function_of("wsgi-asgi.md", tmp_path, "app.py")
    assert invoke(handler, path="/items/pen").json == {"item": "pen", "price": 3}


def test_the_functions_of_the_page_answer_as_it_says(tmp_path):
    from wherry import CloudEvent
    from wherry.loader import load
    from wherry.testing import invoke, invoke_event

    function = PYTHON.findall((PAGES / "functions-framework.md").read_text())[0]
    (tmp_path / "main.py").write_text(function)
    hello = load(tmp_path / "main.py", name="hello")
    assert invoke(hello, path="/?name=Ada").text == "Hello Ada!"
    stored = load(tmp_path / "main.py", name="stored")
    assert invoke_event(stored, CloudEvent(type="t", source="/")).text == "OK"
