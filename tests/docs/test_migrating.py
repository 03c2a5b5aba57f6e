"""What the pages on moving from other frameworks show does what they say."""

import re
import subprocess
import sys
from pathlib import Path

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
