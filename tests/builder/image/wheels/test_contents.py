"""From a wheel to the files of a layer."""

import csv
import io

import pytest
from tests.builder.image.wheels.wheel_making import AMD64, ARM64, digest, elf, put

from wherry_build.errors import WheelNotFound, WheelRefused
from wherry_build.image.wheels.contents import wheel_entries

INFORMATION = "opt/wherry/hello-1.0.dist-info"


@pytest.fixture
def entries(tmp_path):
    def entries(target=AMD64, **said):
        return {entry.path: entry for entry in wheel_entries(put(tmp_path, **said), target)}

    return entries


def test_a_wheel_is_below_the_folder_that_python_looks_in(entries):
    found = entries()
    assert list(found) == sorted(found)
    assert found["opt/wherry/hello/__init__.py"].content == b"x = 1\n"
    assert found[f"{INFORMATION}/INSTALLER"].content == b"wherry\n"
    assert {path.rpartition("/")[2] for path in found} == {
        "__init__.py", "METADATA", "WHEEL", "RECORD", "INSTALLER",
    }  # fmt: skip


def test_the_parts_of_the_data_folder_go_where_they_belong(entries):
    found = entries(
        files={
            "hello-1.0.data/purelib/pure.py": b"1",
            "hello-1.0.data/platlib/plat/__init__.py": b"2",
            "hello-1.0.data/data/share/hello.txt": b"3",
            "hello-1.0.data/scripts/hi": b"#!python\nprint()\n",
            "hello-1.0.data/scripts/tool": b"#!/bin/sh\n",
            "hello-1.0.data/headers/hello.h": b"4",
        }
    )
    contents = {path.removeprefix("opt/wherry/"): entry for path, entry in found.items()}
    assert contents["pure.py"].content == b"1"
    assert contents["plat/__init__.py"].content == b"2"
    assert contents["share/hello.txt"].content == b"3"
    assert contents["bin/hi"].content == b"#!/usr/bin/env python3\nprint()\n"
    assert contents["bin/hi"].is_executable
    assert contents["bin/tool"].content == b"#!/bin/sh\n"
    assert not [path for path in found if path.endswith(".h") or ".data/" in path]


def test_record_is_of_what_is_installed(entries):
    found = entries(
        files={"hello-1.0.data/scripts/hi": b"#!python\n", "m.py": b"", "ü, 1.txt": b"x"}
    )
    rows = list(csv.reader(io.StringIO(found[f"{INFORMATION}/RECORD"].content.decode())))
    assert {f"opt/wherry/{row[0]}" for row in rows} == set(found)
    for path, hashed, size in rows:
        entry = found[f"opt/wherry/{path}"]
        if not path.endswith("/RECORD"):
            assert hashed == digest(entry.content)
            assert int(size) == len(entry.content)


def test_an_unknown_part_of_the_data_folder_is_refused(entries):
    with pytest.raises(WheelRefused, match="etc"):
        entries(files={"hello-1.0.data/etc/passwd": b"x"})


def test_two_files_that_come_to_one_place_are_refused(entries):
    with pytest.raises(WheelRefused, match=r"a\.py: there are two"):
        entries(files={"a.py": b"1", "hello-1.0.data/purelib/a.py": b"2"})


def test_a_library_for_another_machine_is_refused_with_the_wheels_name(entries):
    files = {"hello/_fast.cpython-312-x86_64-linux-gnu.so": elf(62)}
    assert entries(AMD64, files=files)
    with pytest.raises(WheelNotFound, match=r"hello-1\.0.*_fast.*x86_64 .*expected aarch64"):
        entries(ARM64, files=files)


@pytest.mark.parametrize(
    "content", [elf(183, bits=32), elf(183, is_big_endian=True), b"\x7fELF\x02", elf(8)]
)
def test_a_header_that_fits_in_part_is_refused(entries, content):
    with pytest.raises(WheelNotFound, match=r"libx\.so\.1 is for"):
        entries(ARM64, files={"hello.libs/libx.so.1": content})
