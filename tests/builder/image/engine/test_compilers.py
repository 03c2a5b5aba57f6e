"""Who compiles is looked for once, and again when it is another program."""

import os
import shutil
import sys

import pytest

from wherry_build.image.layers.bytecode import OtherPython
from wherry_build.image.oci_engine import compilers

OLD = (3, 3)


@pytest.fixture
def looked(monkeypatch, tmp_path):
    """What is found, and how often it was looked for."""

    class Looked:
        found = None
        times = 0

        def __call__(self, python):
            self.times += 1
            return self.found

    looked = Looked()
    program = tmp_path / "python3.3"
    shutil.copy("/bin/true", program)
    looked.found = OtherPython(OLD, "cpython 3.3.7", str(program))
    monkeypatch.setattr(compilers, "find_compiler", looked)
    return looked


def test_it_is_looked_for_once(looked, tmp_path):
    for _ in range(3):
        assert compilers.compiler_for(OLD, tmp_path / "kept") == looked.found
    assert looked.times == 1


def test_another_program_is_looked_at(looked, tmp_path):
    compilers.compiler_for(OLD, tmp_path / "kept")
    os.utime(looked.found.executable, (1, 1))
    compilers.compiler_for(OLD, tmp_path / "kept")
    assert looked.times == 2


def test_a_program_that_is_gone(looked, tmp_path):
    compilers.compiler_for(OLD, tmp_path / "kept")
    os.unlink(looked.found.executable)
    looked.found = None
    assert compilers.compiler_for(OLD, tmp_path / "kept") is None


def test_a_script_may_start_another_one_tomorrow(looked, tmp_path):
    with open(looked.found.executable, "w") as file:
        file.write("#!/bin/sh\n")
    for _ in range(2):
        compilers.compiler_for(OLD, tmp_path / "kept")
    assert looked.times == 2


def test_that_there_is_none_is_not_remembered(looked, tmp_path):
    looked.found = None
    for _ in range(2):
        assert compilers.compiler_for(OLD, tmp_path / "kept") is None
    assert looked.times == 2


def test_this_python_needs_no_memory(looked, tmp_path):
    compilers.compiler_for(sys.version_info[:2], tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_memory_that_cannot_be_read(looked, tmp_path):
    (tmp_path / "3.3.json").write_text("[]")
    assert compilers.compiler_for(OLD, tmp_path) == looked.found
