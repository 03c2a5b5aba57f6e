"""Bytecode of an image: taken without a look at the source, and the same from every process."""

import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.image.layers import bytecode, compiling
from wherry_build.image.layers.bytecode import (
    CompilerError,
    OtherPython,
    ThisPython,
    find_compiler,
    with_bytecode,
)
from wherry_build.image.layers.entry import Entry

THIS = sys.version_info[:2]
SOURCE = b"""
import os
WORDS = {"one", "two", "three", "four", "five"}
LETTERS = ("~", ":", "", "\\xe9", "a b", b"", b"~", "x")
def greet(name="world", *, times=12345678901234567890, ratio=1.5e300, nothing=None):
    '''Says hello.'''
    if name in {"a", "b", "c", "d", "e", "f"}:
        return f"hello {name!r:>10}" * times
    return [x async for x in name] if False else (1, (2, ("deep", b"bytes")), ...)
class Thing:
    kind = "thing"
    async def run(self): return lambda self: (yield)
"""


@pytest.fixture(params=["this", "other"])
def compiler(request):
    if request.param == "this":
        return ThisPython(THIS, "this")
    return OtherPython(THIS, "other", sys.executable)


def test_it_is_taken_and_the_source_is_not_looked_at(compiler, tmp_path):
    (content,) = compiler.compile([(f"{tmp_path}/m.py", b"VALUE = 'compiled'\n")])
    assert content[:4] == importlib.util.MAGIC_NUMBER
    assert content[4:8] == b"\x01\0\0\0", "by hash, and unchecked (PEP 552)"
    assert content[8:16] == importlib.util.source_hash(b"VALUE = 'compiled'\n")
    (tmp_path / "m.py").write_text("VALUE = 'source'\n")
    place = Path(importlib.util.cache_from_source(str(tmp_path / "m.py"), optimization=""))
    place.parent.mkdir()
    place.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", "import m; print(m.VALUE, m.__cached__)"],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["compiled", str(place)]


def test_both_ways_give_the_same():
    sources = [("/srv/function/x.py", SOURCE.replace(b"async for", b"for"))]
    here = ThisPython(THIS, "").compile(sources)
    there = OtherPython(THIS, "", sys.executable).compile(sources)
    assert here[0] is not None
    if THIS >= (3, 11):  # before that the order of a set of texts is each process's own
        assert here == there


@pytest.mark.skipif(THIS < (3, 11), reason="another process anyway")
def test_many_sources_are_shared_out_and_come_back_in_their_order(monkeypatch):
    sources = [(f"/opt/wherry/m{n}.py", f"x = {n}".encode()) for n in range(301)]
    sources[7] = ("/opt/wherry/broken.py", b"def")
    alone = compiling.compile_all(list(sources))
    assert alone[7] is None
    for processors in (1, 2, 5):
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        assert list(ThisPython(THIS, "").compile(sources)) == alone
        assert list(OtherPython(THIS, "", sys.executable).compile(sources)) == alone


@pytest.mark.skipif(THIS < (3, 11), reason="another process anyway")
def test_where_no_process_can_be_started_this_one_compiles(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    sources = [(f"/opt/wherry/m{n}.py", b"x = 1") for n in range(200)]
    assert None not in ThisPython(THIS, "").compile(sources)


SCRIPT = """
import sys, hashlib
order, *imported = sys.argv[1:]
for name in imported:
    __import__(name)
from wherry_build.image.layers.compiling import compile_all
import pathlib, os
files = sorted(pathlib.Path(os.__file__).parent.glob("*.py"))[:40]
files = files[:: int(order)]
made = compile_all([(f"/opt/wherry/{file.name}", file.read_bytes()) for file in files])
print(sorted(hashlib.sha256(each or b"").hexdigest() for each in made))
"""


@pytest.mark.skipif(THIS < (3, 11), reason="sets of texts have an order of their own")
def test_what_a_process_has_imported_and_compiled_does_not_show():
    found = set()
    for seed, order, imported in (
        ("1", "1", []),
        ("2", "-1", ["xml.dom.minidom", "asyncio", "http.server", "argparse", "ast"]),
    ):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, order, *imported],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_the_path_is_the_one_in_the_image(compiler):
    (content,) = compiler.compile([("/srv/function/handler.py", b"x = 1")])
    assert marshal.loads(content[16:]).co_filename == "/srv/function/handler.py"
    assert os.getcwd().encode() not in content


@pytest.mark.parametrize(
    "source",
    [
        b"print 'two'",
        b"\0",
        b"def",
        b"\xff",
        b"x = " + b"(" * 5000,
        b"# coding: nothing\n",
        b"x\0y",
    ],
)
def test_what_does_not_compile_is_left_out(compiler, source):
    made, empty = compiler.compile([("/x.py", source), ("/y.py", b"")])
    assert made is None
    assert empty is not None


def test_warnings_of_the_compiler_are_no_errors(compiler):
    (made,) = compiler.compile([("/x.py", b"'\\d' is 'x'")])
    assert made is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_compiled_or_left_out(source):
    (made,) = compiling.compile_all([("/x.py", source)])
    assert made is None or made[:4] == importlib.util.MAGIC_NUMBER


def test_each_source_has_its_bytecode_beside_it():
    entries = [
        Entry(path="opt/wherry/a/b.py", content=b"x = 1"),
        Entry(path="opt/wherry/a/notes.txt", content=b"x = 1"),
        Entry(path="opt/wherry/broken.py", content=b"def"),
        Entry(path="opt/wherry/link.py", link="a/b.py"),
    ]
    made = list(with_bytecode(entries, ThisPython(THIS, "")))
    assert made[:4] == entries
    tag = f"cpython-{THIS[0]}{THIS[1]}"
    assert [each.path for each in made[4:]] == [f"opt/wherry/a/__pycache__/b.{tag}.pyc"]
    assert list(with_bytecode(entries, None)) == entries


def test_bytecode_that_is_there_stays():
    place = f"x/__pycache__/a.cpython-{THIS[0]}{THIS[1]}.pyc"
    entries = [Entry(path="x/a.py", content=b""), Entry(path=place, content=b"theirs")]
    assert list(with_bytecode(entries, ThisPython(THIS, ""))) == entries


def interpreter(folder, name, version, *, implementation="cpython", status=0):
    """A program that says that it is a Python."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {implementation} {version}\nexit {status}\n")
    file.chmod(0o755)
    return str(file)


def test_this_python_where_it_is_of_the_version():
    found = find_compiler(THIS, {"PATH": ""})
    assert found.python == THIS
    assert isinstance(found, ThisPython if THIS >= (3, 11) else OtherPython)
    assert sys.version.split()[0] in found.identity


@pytest.mark.skipif(THIS < (3, 11), reason="another process anyway")
def test_a_python_that_leaves_columns_out_is_not_asked_here():
    found = find_compiler(THIS, {"PATH": "", "PYTHONNODEBUGRANGES": "1"})
    assert isinstance(found, OtherPython)


def test_others_are_found_on_path_and_where_pyenv_and_uv_put_them(tmp_path):
    home = tmp_path / "home"
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(home)}
    assert find_compiler((3, 99), environment) is None
    uv = interpreter(
        home / ".local/share/uv/python/cpython-3.99.1-linux/bin", "python3.99", "3.99.1"
    )
    assert find_compiler((3, 99), environment).executable == uv
    pyenv = interpreter(home / ".pyenv/versions/3.99.4/bin", "python3.99", "3.99.4")
    assert find_compiler((3, 99), environment).executable == pyenv
    path = interpreter(tmp_path / "bin", "python3.99", "3.99.2")
    found = find_compiler((3, 99), environment)
    assert (found.executable, found.identity) == (path, "cpython 3.99.2")


@pytest.mark.parametrize(
    "said", [{"status": 127}, {"implementation": "pypy"}, {"version": "3.98.1"}]
)
def test_what_is_no_such_python_is_passed_over(tmp_path, said):
    interpreter(tmp_path, "python3.99", **{"version": "3.99.1", **said})
    assert find_compiler((3, 99), {"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None


def test_an_interpreter_that_fails_is_told_from_a_source_that_is_none(tmp_path):
    for executable, said in (
        (interpreter(tmp_path, "failing", "3.99.1", status=1), "ended with status 1"),
        (interpreter(tmp_path, "garbled", "3.99.1"), "its answer cannot be read"),
        (sys.executable, "is of another version now"),
        (str(tmp_path / "absent"), "No such file or directory"),
    ):
        with pytest.raises(CompilerError, match=f"{executable}: {said}"):
            OtherPython((3, 99), "", executable).compile([("/x.py", b"")])


def fails_once(folder):
    """A Python of which the first process fails, as when the machine is out of memory."""
    file = folder / "python"
    file.write_text(f'#!/bin/sh\nmkdir "{folder}/taken" && exit 137\nexec {sys.executable} "$@"\n')
    file.chmod(0o755)
    return str(file)


@pytest.mark.skipif(THIS < (3, 11), reason="another process anyway")
def test_one_process_of_many_that_fails_loses_no_bytecode(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    sources = [(f"/opt/wherry/m{n}.py", b"x = 1") for n in range(200)]
    executable = fails_once(tmp_path)
    with pytest.raises(CompilerError, match="137"):
        OtherPython(THIS, "", executable).compile(sources)
    (tmp_path / "taken").rmdir()
    monkeypatch.setattr(sys, "executable", executable)
    assert None not in ThisPython(THIS, "").compile(sources)
    assert (tmp_path / "taken").exists()


def test_an_interpreter_sees_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("CANARY", "canary-7f3a9")
    seen = bytecode._run(sys.executable, "import os; print(sorted(os.environ))", b"", 60)
    assert b"CANARY" not in seen
    assert b"PYTHONHASHSEED" in seen
