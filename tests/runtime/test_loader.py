import sys

import pytest

from wherry import errors
from wherry.handler import Kind, Style
from wherry.loader import load

pytestmark = pytest.mark.usefixtures("clean_imports")


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ("plain", b"", b"hello world"),
        ("plain/handler.py", b"", b"hello world"),
        ("plain/handler.py:handle", b"", b"hello world"),
        ("plain:handle", b"", b"hello world"),
        ("openfaas", b"x", b"hello x"),
        ("openfaas/function", b"x", b"hello x"),
        ("func", b"abc", b"15"),
        ("entry", b"", b"from main.py"),
        ("json.py", b"abc", b'{"length": 3}'),
        ("decorated.py", b"", b"chosen"),
        ("two_decorated.py:first", b"", b"first"),
    ],
)
def test_loads_and_serves(functions, reply_of, source, body, expected):
    reply = reply_of(load(str(functions / source)), body=body)
    assert (reply.status, reply.body) == (200, expected)


def test_a_name_may_be_given_beside_the_source(functions):
    assert load(functions / "two_decorated.py", name="second").kind is Kind.EVENT


@pytest.mark.parametrize("init", [None, "", "from shop.settings import NAME"])
def test_a_file_of_a_package_may_name_its_package(tmp_path, init):
    folder = tmp_path / ("function" if init is None else "shop")
    folder.mkdir()
    if init is not None:
        (folder / "__init__.py").write_text(init)
    (folder / "settings.py").write_text("NAME = 'Ada'")
    file = folder / "handler.py"
    file.write_text(f"from {folder.name}.settings import NAME\ndef handle(): return NAME")
    assert load(file).function() == "Ada"
    for name in [each for each in sys.modules if each.partition(".")[0] == folder.name]:
        del sys.modules[name]


def test_none_is_the_working_folder(functions, monkeypatch):
    monkeypatch.chdir(functions / "plain")
    assert load(None).name == "handler.handle"


def test_a_module_by_name(functions, monkeypatch):
    monkeypatch.chdir(functions)
    assert load("entry.main").style is Style.SYNC
    assert load("entry.main:main").name.endswith("main")


def test_a_handler_called_json_leaves_the_standard_library_alone(functions):
    load(functions / "json.py")
    import json

    assert "functions_data" not in json.__file__
    assert sys.modules["json"] is json


def test_only_the_folder_of_the_function_goes_on_the_path(functions):
    before = list(sys.path)
    load(functions / "func")
    assert [each for each in sys.path if each not in before] == [str(functions / "func")]


def test_two_functions_of_one_file_name_live_side_by_side(functions, reply_of):
    first, second = load(functions / "plain"), load(functions / "openfaas")
    assert reply_of(first).body == b"hello world"
    assert reply_of(second, body=b"b").body == b"hello b"


@pytest.mark.parametrize(
    ("source", "kind", "said", "hint"),
    [
        ("absent", errors.HandlerNotFound, "no such file or folder", "handler.py"),
        ("absent/handler.py", errors.HandlerNotFound, "no such file or folder", "handler.py"),
        ("empty", errors.HandlerNotFound, "handler.py, function/handler.py, func.py", "def handle"),
        ("empty/readme.txt", errors.HandlerNotFound, "no Python file", ".py"),
        ("typo.py", errors.HandlerNameNotFound, "hanlde, helper", "did you mean 'hanlde'?"),
        ("typo.py:helpr", errors.HandlerNameNotFound, "'helpr'", "did you mean 'helper'?"),
        ("typo.py:a-b", errors.HandlerNameNotFound, "no name of a function", "file.py:function"),
        ("two_decorated.py", errors.HandlerNameNotFound, "first, second", "two_decorated.py:first"),
        ("wrong_signature.py", errors.HandlerSignatureError, "'database'", "annotate"),
        ("not_a_function.py:handle", errors.HandlerSignatureError, "got str", ""),
        ("hook_with_arguments.py", errors.HandlerSignatureError, "hook 'start'", ""),
        (
            "missing_dependency.py",
            errors.HandlerImportError,
            "module 'no_such_library_at_all' is not installed at ",
            "requirements.txt",
        ),
        ("missing_in_sibling.py", errors.HandlerImportError, "broken_sibling.py, line 2", "pip"),
        ("raises.py", errors.HandlerImportError, "KeyError at ", ""),
        ("exits.py", errors.HandlerImportError, "SystemExit", ""),
    ],
)
def test_each_failure_has_its_own_error(functions, source, kind, said, hint):
    path_before = list(sys.path)
    with pytest.raises(errors.HandlerError) as caught:
        load(str(functions / source))
    assert type(caught.value) is kind
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 3
    if kind is errors.HandlerImportError:
        assert caught.value.__cause__ is not None
        assert sys.path == path_before


def test_the_line_of_a_failing_import_is_the_users_own(functions):
    with pytest.raises(errors.HandlerImportError, match=r"missing_dependency\.py, line 3"):
        load(functions / "missing_dependency.py")
    with pytest.raises(errors.HandlerImportError, match=r"raises\.py, line 2"):
        load(functions / "raises.py")


def test_a_syntax_error_names_file_and_line(functions, tmp_path):
    broken = tmp_path / "handler.py"
    broken.write_text((functions / "syntax_error.txt").read_text())
    with pytest.raises(errors.HandlerImportError, match=r"handler\.py, line 2: unterminated"):
        load(broken)


def test_a_module_that_is_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.HandlerNotFound, match="no such file, folder or module"):
        load("nowhere.at_all:handle")


def test_a_module_whose_own_import_fails_is_not_absent(functions, monkeypatch):
    monkeypatch.chdir(functions)
    with pytest.raises(errors.HandlerImportError, match="no_such_library_at_all"):
        load("missing_dependency:handle")


def test_hooks_by_decorator_and_by_name(functions):
    hooks = load(functions / "hooks.py").hooks
    assert hooks.start is not None
    assert hooks.start.__name__ == "warm"  # not the decorator that the module imported as `start`
    assert hooks.stop is not None
    assert hooks.ready() == (False, "the model is loading")
    assert hooks.alive.__name__ == "breathing"


def test_a_changed_file_is_loaded_anew(tmp_path, reply_of):
    file = tmp_path / "handler.py"
    file.write_text("def handle():\n    return 'one'\n")
    assert reply_of(load(file)).body == b"one"
    file.write_text("def handle():\n    return 'two!'\n")
    assert reply_of(load(file)).body == b"two!"


def test_no_name_is_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "handler.py").write_text("def handle(): return 'here'\n")
    monkeypatch.chdir(tmp_path)
    for source in ("", ".", "./", f"{tmp_path}/", None):
        assert load(source).name == "handler.handle"
