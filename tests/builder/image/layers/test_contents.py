"""What is in which layer: the function's code, the runtime, folders that a base lacks."""

import os
import shutil
import sys
import tarfile

import pytest

from wherry_build.errors import ProjectError
from wherry_build.image import runtime_wheel
from wherry_build.image.layers.bytecode import OtherPython, ThisPython
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.contents import (
    LayerOptions,
    code_layer,
    folder_layer,
    key_of,
    runtime_layer,
)
from wherry_build.image.layers.entry import Entry
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.project import Function
from wherry_build.values import replaced

HANDLER = "def handle(request): ...\n"
THIS = sys.version_info[:2]
PYC = f"cpython-{THIS[0]}{THIS[1]}.pyc"


@pytest.fixture
def options(tmp_path_factory):
    cache = LayerCache(tmp_path_factory.mktemp("cache"))
    return LayerOptions(cache=cache, media=MediaTypes.OCI, compiler=ThisPython(THIS, "this"))


def function(folder, **changes):
    return Function(name="hello", folder=folder, **changes)


def members(layer):
    with tarfile.open(layer.content.file) as archive:
        return {member.name: member for member in archive.getmembers()}


def contents(layer):
    with tarfile.open(layer.content.file) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {member.name: archive.extractfile(member).read() for member in files}


def test_the_code_is_the_functions_folder_with_bytecode(write, options):
    root = write({"handler.py": HANDLER, "data/words.txt": "fine", "lib/x.py": "x = 1\n"})
    layer = code_layer(function(root), options)
    assert layer.purpose == "code"
    assert list(members(layer)) == [
        "srv/function",
        "srv/function/__pycache__",
        f"srv/function/__pycache__/handler.{PYC}",
        "srv/function/data",
        "srv/function/data/words.txt",
        "srv/function/handler.py",
        "srv/function/lib",
        "srv/function/lib/__pycache__",
        f"srv/function/lib/__pycache__/x.{PYC}",
        "srv/function/lib/x.py",
    ]
    assert str(root).encode() not in b"".join(contents(layer).values())


def test_what_a_build_reads_is_not_code(write, options):
    root = write(
        {
            "handler.py": HANDLER,
            "requirements.txt": "-r base.txt\n--index-url https://me:canary-7f3a9@example.com/\n",
            "base.txt": "-c lib/held.txt\n--extra-index-url https://me:canary-7f3a9@example.com/\n",
            "lib/held.txt": "--find-links https://me:canary-7f3a9@example.com/\n",
            "pyproject.toml": "",
            "uv.toml": "[[index]]\nurl = 'https://me:canary-7f3a9@example.com/'\n",
            "uv.lock": "",
            "pylock.toml": "",
            "wherry.yaml": "",
            "wherry.lock": "",
            "data/requirements.txt": "not the build's",
        }
    )
    layer = code_layer(function(root), options)
    assert [name for name in contents(layer) if not name.endswith(".pyc")] == [
        "srv/function/data/requirements.txt",
        "srv/function/handler.py",
    ]
    assert b"canary" not in b"".join(contents(layer).values())


def test_a_handler_that_is_kept_out_is_an_error(write, options):
    root = write({"handler.py": HANDLER, ".dockerignore": "*.py\n"})
    with pytest.raises(ProjectError, match="keep the handler out"):
        code_layer(function(root), options)


def test_an_edit_is_another_layer_and_taking_it_back_the_same_again(write, options):
    root = write({"handler.py": HANDLER})
    first = code_layer(function(root), options)
    write({"handler.py": HANDLER + "# edited\n"})
    edited = code_layer(function(root), options)
    write({"handler.py": HANDLER})
    assert edited.diff_id != first.diff_id
    assert code_layer(function(root), options) == first


def test_one_layer_whatever_the_folder_the_times_and_the_modes(write, tmp_path, options):
    files = {"handler.py": HANDLER, "b/c.txt": "y", "a/z.py": "z = 1\n"}
    write({f"one/{path}": text for path, text in files.items()})
    write({f"deeper/two/{path}": text for path, text in reversed(files.items())})
    for path in (tmp_path / "deeper").rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700 if path.is_dir() else 0o600)
    one = code_layer(function(tmp_path / "one"), options)
    elsewhere = LayerOptions(
        cache=LayerCache(tmp_path / "other cache"),
        media=MediaTypes.OCI,
        compiler=ThisPython(THIS, "this"),
    )
    two = code_layer(function(tmp_path / "deeper/two"), elsewhere)
    assert one.content.descriptor == two.content.descriptor
    assert one.diff_id == two.diff_id


def test_the_code_has_the_time_that_is_given(write, options):
    root = write({"handler.py": HANDLER})
    layer = code_layer(function(root), options, epoch_s=1_700_000_000)
    assert {member.mtime for member in members(layer).values()} == {1_700_000_000}


def test_without_a_compiler_there_is_no_bytecode(write, options):
    root = write({"handler.py": HANDLER})
    plain = LayerOptions(cache=options.cache, media=options.media)
    assert list(contents(code_layer(function(root), plain))) == ["srv/function/handler.py"]


class Told:
    def __init__(self):
        self.steps = []

    def step(self, text):
        self.steps.append(text)


def test_a_compiler_that_fails_is_told_and_the_next_build_tries_again(
    write, options, tmp_path_factory
):
    root = write({"handler.py": HANDLER})
    told = Told()
    false = OtherPython(THIS, "this", shutil.which("false") or "false")
    failing = replaced(options, compiler=false, progress=told)
    without = code_layer(function(root), failing)
    assert list(contents(without)) == ["srv/function/handler.py"]
    (step,) = told.steps
    assert step.startswith("code: has no bytecode")
    assert "false: ended with status 1" in step
    again = code_layer(function(root), options)
    fresh = replaced(options, cache=LayerCache(tmp_path_factory.mktemp("fresh")))
    clean = code_layer(function(root), fresh)
    assert f"srv/function/__pycache__/handler.{PYC}" in contents(again)
    assert again.content.descriptor == clean.content.descriptor
    assert code_layer(function(root), replaced(options, compiler=None)) == without


def test_the_runtime_is_that_which_is_running(options):
    layer = runtime_layer(options)
    files = contents(layer)
    for path, content in runtime_wheel.runtime_files().items():
        assert files[f"opt/wherry/{path}"] == content
    assert f"opt/wherry/wherry/__pycache__/__init__.{PYC}" in files
    assert not any("wherry_build" in name for name in files)
    assert runtime_layer(options) == layer


def test_the_stamp_of_the_runtime_changes_with_its_files(tmp_path, monkeypatch):
    package = tmp_path / "wherry"
    (package / "inner").mkdir(parents=True)
    (package / "inner/x.py").write_text("x = 1")
    monkeypatch.setattr(runtime_wheel, "_package_folder", lambda: package)
    first = runtime_wheel.runtime_stamp()
    assert runtime_wheel.runtime_stamp() == first
    (package / "__pycache__").mkdir()
    (package / "__pycache__/x.pyc").write_text("")
    assert runtime_wheel.runtime_stamp() == first
    (package / "inner/x.py").write_text("x = 22")
    assert runtime_wheel.runtime_stamp() != first


def test_folders_that_a_base_lacks(options):
    layer = folder_layer({"srv", "opt"}, options)
    found = members(layer)
    assert list(found) == ["opt", "srv"]
    assert all(member.isdir() and member.mode == 0o755 for member in found.values())
    assert folder_layer((), options) is None


def test_a_key_is_of_all_that_entries_say():
    entry = {"path": "a", "content": b"bc"}
    keys = {
        key_of([Entry(**said)])
        for said in (
            entry,
            {**entry, "path": "ab", "content": b"c"},
            {**entry, "is_executable": True},
            {"path": "a", "link": "bc"},
        )
    }
    assert len(keys) == 4
    two = [Entry(path="a"), Entry(path="b")]
    assert key_of(two) == key_of(two[::-1])
