"""A wheel is a zip from the Internet: what is unsafe or broken is refused, with its name."""

import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builder.image.wheels.wheel_making import digest, put, wheel

from wherry_build.errors import WheelRefused
from wherry_build.image.wheels import archive
from wherry_build.image.wheels.archive import read_wheel


@pytest.fixture
def read(tmp_path):
    def read(**said):
        return read_wheel(put(tmp_path, **said))

    return read


def member(name, *, mode=0o100644):
    item = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    item.create_system = 3
    item.external_attr = mode << 16
    return item


def test_a_good_wheel_is_read_with_its_modes(read):
    rows = [f"hello/run,{digest(b'#!/bin/sh')},9"]
    found = read(
        members=[(member("hello/run", mode=0o100755), b"#!/bin/sh")],
        record=lambda made: [*rows, *made],
    )
    assert found.information == "hello-1.0.dist-info"
    modes = {item.path: item.is_executable for item in found.members}
    assert modes["hello/run"]
    assert not modes["hello/__init__.py"]


@pytest.mark.parametrize(
    "name",
    ["../evil.py", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\b", "a\nb", "c:/x/\x01", "a/./b"],
)
def test_a_name_that_leaves_the_wheel_is_refused(read, name):
    item = member("placeholder")
    item.filename = item.orig_filename = name
    with pytest.raises(WheelRefused, match=r"hello-1\.0.*expected a relative path"):
        read(members=[(item, b"x")])


def test_a_name_that_hides_behind_a_nul_is_refused(tmp_path):
    file = put(tmp_path, members=[(member("evil.py#/../x"), b"x")])
    file.write_bytes(file.read_bytes().replace(b"evil.py#", b"evil.py\0"))
    with pytest.raises(WheelRefused):
        read_wheel(file)


@pytest.mark.parametrize("mode", [0o120777, 0o060644, 0o020644, 0o010644])
def test_links_and_devices_are_refused(read, mode):
    with pytest.raises(WheelRefused, match="hello/l: a link or a device"):
        read(members=[(member("hello/l", mode=mode), b"/etc/passwd")])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(read):
    with pytest.raises(WheelRefused, match="there are two of it"):
        read(members=[(member("hello/__init__.py"), b"import os")])


def test_a_file_that_record_does_not_know_is_refused(read):
    with pytest.raises(WheelRefused, match=r"hello/more\.py: no row of RECORD"):
        read(members=[(member("hello/more.py"), b"x")])


@pytest.mark.parametrize(
    ("hashed", "said"),
    [
        (digest(b"other"), "other bytes than RECORD"),
        ("md5=1B2M2Y8AsgTpgAmY7PhCfg", "expected sha256 or better"),
        ("", "expected sha256 or better"),
        ("sha256=%%%", "other bytes than RECORD"),
    ],
)
def test_a_file_that_is_not_what_record_says_is_refused(read, hashed, said):
    def wrong(rows):
        return [f"hello/__init__.py,{hashed},6", *rows[1:]]

    with pytest.raises(WheelRefused, match=rf"hello/__init__\.py.*{said}"):
        read(record=wrong)


def test_a_file_that_only_record_knows_is_refused(read):
    with pytest.raises(WheelRefused, match=r"hello/gone\.py.*not in the wheel"):
        read(record=lambda rows: [*rows, f"hello/gone.py,{digest(b'')},0"])


@pytest.mark.parametrize("row", ["one", "a,b,c,d"])
def test_a_record_of_another_form_is_refused(read, row):
    with pytest.raises(WheelRefused, match="RECORD: expected rows"):
        read(record=lambda rows: [*rows, row])


def test_another_version_of_the_format_is_refused(read):
    with pytest.raises(WheelRefused, match=r"expected Wheel-Version: 1\.x"):
        read(wheel_version="2.0")


def test_more_than_the_limits_is_refused_before_it_is_read(read, monkeypatch):
    monkeypatch.setattr(archive, "LIMIT_BYTES", 1000)
    with pytest.raises(WheelRefused, match="1000"):
        read(files={"hello/zeros": bytes(1_000_000)})
    monkeypatch.setattr(archive, "LIMIT_FILES", 3)
    with pytest.raises(WheelRefused, match="at most 3"):
        read()


def test_what_unfolds_to_very_much_more_is_refused(read, monkeypatch):
    monkeypatch.setattr(archive, "_FREE_BYTES", 1000)
    with pytest.raises(WheelRefused, match="unfold to 10000"):
        read(files={"hello/zeros": bytes(10_000_000)})


def test_more_bytes_than_announced_are_not_unpacked(tmp_path):
    """A bomb that says it is small: both headers announce one byte."""
    file = put(tmp_path, files={"hello/zeros": bytes(1_000_000)})
    size = struct.pack("<I", 1_000_000)
    file.write_bytes(file.read_bytes().replace(size, struct.pack("<I", 1)))
    with pytest.raises(WheelRefused):
        read_wheel(file)


def test_what_is_no_zip_is_refused(tmp_path):
    file = tmp_path / "hello-1.0-py3-none-any.whl"
    file.write_bytes(b"<html>sign in</html>")
    with pytest.raises(WheelRefused, match=r"hello-1\.0.*no zip"):
        read_wheel(file)


@given(st.data())
def test_bytes_that_changed_are_refused_or_change_nothing(tmp_path_factory, data):
    content = bytearray(wheel())
    good = {"hello/__init__.py": b"x = 1\n"}
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    file = tmp_path_factory.mktemp("w") / "hello-1.0-py3-none-any.whl"
    file.write_bytes(content)
    try:
        found = read_wheel(file)
    except WheelRefused:
        return
    got = {item.path: item.content for item in found.members if ".dist-info" not in item.path}
    assert got == good
