"""A project as it is read from a folder."""

import pytest

from wherry_build.errors import FunctionsNotFound, HandlerUnreadable, InvalidName, ProjectError
from wherry_build.project import HANDLER_FILES, function_folders, read_project, select

HANDLER = "def handle(request): ...\n"


def names_of(project):
    return [function.name for function in project.functions]


def test_every_folder_with_a_handler_is_a_function(write):
    root = write(
        {
            "functions/b/handler.py": HANDLER,
            "functions/a/function/handler.py": HANDLER,
            "functions/c/func.py": HANDLER,
            "functions/d/main.py": HANDLER,
            "functions/not-one/other.py": HANDLER,
            "functions/README.md": "",
            "functions/.hidden/handler.py": HANDLER,
            "functions/__pycache__/handler.py": HANDLER,
            "functions/node_modules/handler.py": HANDLER,
        }
    )
    for path in (root, root / "functions"):
        project = read_project(path)
        assert names_of(project) == ["a", "b", "c", "d"]
    assert [function.handler for function in project.functions] == [
        "function/handler.py",
        "handler.py",
        "func.py",
        "main.py",
    ]


def test_a_functions_own_folder_is_a_project_of_one(write):
    root = write({"hello/handler.py": HANDLER, "hello/requirements.txt": "six\n"})
    (function,) = read_project(root / "hello").functions
    assert (function.name, function.folder, function.has_requirements) == (
        "hello",
        root / "hello",
        True,
    )


def test_a_handlers_file_is_a_project_of_one(write):
    root = write(
        {"hello/handler.py": HANDLER, "service.py": HANDLER, "x/function/handler.py": HANDLER}
    )
    assert names_of(read_project(root / "hello/handler.py")) == ["hello"]
    assert names_of(read_project(root / "x/function/handler.py")) == ["x"]
    (function,) = read_project(root / "service.py").functions
    assert (function.name, function.handler) == ("service", "service.py")


@pytest.mark.parametrize("file", HANDLER_FILES)
def test_where_a_handler_is_looked_for_is_where_the_runtime_looks(file):
    from wherry.loader import CANDIDATES

    assert CANDIDATES == HANDLER_FILES
    assert file in CANDIDATES


def test_a_repository_with_a_main_and_functions_is_its_functions(write):
    root = write({"main.py": "print()", "functions/a/handler.py": HANDLER})
    assert names_of(read_project(root)) == ["a"]


def test_the_working_folder_has_a_name(write, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(write({"hello/handler.py": HANDLER}) / "hello")
    assert names_of(read_project(Path())) == ["hello"]


def test_none_found_says_what_was_looked_for(write):
    with pytest.raises(FunctionsNotFound, match=r"handler\.py, function/handler\.py"):
        read_project(write({"x/y.txt": ""}))
    with pytest.raises(FunctionsNotFound, match="no such file"):
        read_project(write({}) / "absent")


def test_a_folder_whose_name_will_not_do(write):
    root = write({"My_Func/handler.py": HANDLER})
    with pytest.raises(InvalidName) as caught:
        read_project(root / "My_Func")
    assert caught.value.hint == "rename the folder, or give --name my-func"
    assert names_of(read_project(root / "My_Func", name="mine")) == ["mine"]
    with pytest.raises(InvalidName):
        read_project(root / "My_Func", name="Also_Bad")


def test_one_name_for_several_functions_is_refused(write):
    root = write({"a/handler.py": HANDLER, "b/handler.py": HANDLER})
    with pytest.raises((ProjectError, InvalidName)):
        read_project(root, name="x")


def test_a_handler_that_does_not_parse_is_named(write):
    root = write({"a/handler.py": "def f(:"})
    with pytest.raises(HandlerUnreadable, match=r"a/handler\.py:1"):
        read_project(root)


def test_select_keeps_what_is_named(write):
    project = read_project(write({f"{name}/handler.py": HANDLER for name in "abc"}))
    assert names_of(select(project, ("c", "a"))) == ["a", "c"]
    assert select(project, ()) is project
    with pytest.raises(FunctionsNotFound, match="no function 'd'"):
        select(project, ("d",))


def test_function_folders_reads_nothing(write):
    root = write({"a/handler.py": "def f(:", "B_b/handler.py": HANDLER})
    assert [folder.name for folder in function_folders(root)] == ["B_b", "a"]
    assert function_folders(root / "a") == [root / "a"]
    assert function_folders(root / "absent") == []
