"""What a template put under a user's function, and the user does not want."""

import subprocess
import sys

import pytest

from wherry.loader import CANDIDATES
from wherry_build.template import overlay, template_files


@pytest.fixture(scope="module")
def files():
    return template_files("python3-wherry-typed")


@pytest.fixture
def context(files, tmp_path):
    """A context as faas-cli begins it: the whole template, with its own function."""
    for path, content in files.items():
        file = tmp_path / path.partition("/")[2]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    return tmp_path


def cleared(context):
    """Run it as the Dockerfile does; the files of the function after that."""
    done = subprocess.run(
        [sys.executable, "-I", context / "overlay.py", context / "function", "SHA256SUMS"],
        cwd=context,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = (path for path in (context / "function").rglob("*") if path.is_file())
    return sorted(path.relative_to(context / "function").as_posix() for path in files)


def test_a_new_function_is_whole(context):
    assert cleared(context) == ["handler.py", "requirements.txt", "test_handler.py"]


def test_an_edited_handler_keeps_the_test_that_came_with_it(context):
    (context / "function/handler.py").write_text("def handle(request): ...\n")
    assert "test_handler.py" in cleared(context)


@pytest.mark.parametrize("test", ["test_hello.py", "hello_test.py", "tests/test_hello.py"])
def test_a_users_tests_stand_in_place_of_the_samples(context, test):
    (context / "function" / test).parent.mkdir(exist_ok=True)
    (context / "function" / test).write_text("")
    assert cleared(context) == sorted(["handler.py", "requirements.txt", test])


@pytest.mark.parametrize("handler", [name for name in CANDIDATES if name != "handler.py"])
def test_a_handler_of_another_name_is_not_hidden_by_the_sample(context, handler):
    (context / "function" / handler).parent.mkdir(exist_ok=True)
    (context / "function" / handler).write_text("def handle(request): ...\n")
    assert cleared(context) == sorted([handler, "requirements.txt"])


def test_what_was_edited_is_the_users(context):
    (context / "function/main.py").write_text("")
    for name in ("handler.py", "test_handler.py"):
        with (context / "function" / name).open("a") as file:
            file.write("# mine\n")
    assert {"handler.py", "main.py", "test_handler.py"} <= set(cleared(context))


def test_it_knows_every_place_where_the_runtime_looks():
    assert overlay.OTHER_HANDLERS | {overlay.SAMPLE_HANDLER} == set(CANDIDATES)
