"""Whatever a tar holds, only files in its own folder are written, and no more than allowed."""

import contextlib
import io
import os
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builder.remote.client import docker_config, entry, header, padded, record, tar

from wherry_build.errors import BuildError, ContextTooLarge, RemoteBuildRefused, UnsafePath
from wherry_build.remote.archive import Limits, unpack

CONFIG = entry("com.openfaas.docker.config", docker_config("hello"))
GOOD = entry("context/function/handler.py", b"def handle(): ...\n")


@pytest.fixture
def unpacked(tmp_path):
    """Unpack bytes into a folder of their own; what came."""
    folder = tmp_path / "outer" / "build"
    folder.mkdir(parents=True)

    def unpacked(content, **limits):
        return unpack(io.BytesIO(content), folder, Limits(**limits))

    return unpacked


def files(came):
    return {
        path.relative_to(came.context).as_posix(): path.read_bytes()
        for path in came.context.rglob("*")
        if path.is_file()
    }


def test_what_go_sends(unpacked):
    came = unpacked(
        tar(
            entry("context", mode=0o700, kind=b"5"),
            entry("context/function", mode=0o700, kind=b"5"),
            entry("context/function/handler.py", b"x", mode=0o600),
            entry("context/run.sh", b"#!/bin/sh\n", mode=0o4755),
            CONFIG,
            entry("com.openfaas.secrets", b"sealed", mode=0o600),
        )
    )
    assert files(came) == {"function/handler.py": b"x", "run.sh": b"#!/bin/sh\n"}
    assert came.configuration == docker_config("hello")
    assert came.sealed == b"sealed"
    assert "sealed" not in repr(came)
    modes = {path.name: oct(path.stat().st_mode)[-4:] for path in came.context.rglob("*")}
    assert modes == {"function": "0755", "handler.py": "0644", "run.sh": "0755"}


def test_what_gnu_tar_sends(unpacked):
    came = unpacked(
        tar(
            entry("./", kind=b"5"),
            entry("./com.openfaas.docker.config", docker_config("hello")),
            entry("./context/", kind=b"5"),
            entry("./context/function/", kind=b"5"),
            entry("./context/function/handler.py", b"x"),
        )
    )
    assert files(came) == {"function/handler.py": b"x"}
    assert came.sealed is None


@pytest.mark.parametrize("mode", [0o022, 0o077, 0o777])
def test_the_umask_changes_nothing(unpacked, mode):
    before = os.umask(mode)
    try:
        came = unpacked(tar(GOOD, CONFIG))
    finally:
        os.umask(before)
    assert oct((came.context / "function/handler.py").stat().st_mode)[-3:] == "644"


@pytest.mark.parametrize(
    "name", ["context/" + "long/" * 40 + "name.py", "context/" + "n" * 200, "context/grüße/名.py"]
)
def test_names_that_need_a_pax_record(unpacked, name):
    assert list(files(unpacked(tar(entry(name, b"x"), CONFIG)))) == [name[8:]]


@pytest.mark.parametrize(
    "bad",
    [
        entry("context/link", kind=b"2", link="/etc/passwd"),
        entry("context/link", kind=b"2", link="function"),
        entry("context/link", kind=b"1", link="context/function/handler.py"),
        entry("context/device", kind=b"3"),
        entry("context/device", kind=b"4"),
        entry("context/pipe", kind=b"6"),
        entry("context/../../escaped", b"x"),
        entry("context/..", kind=b"5"),
        entry("../escaped", b"x"),
        entry("/context/absolute", b"x"),
        entry("/etc/cron.d/x", b"x"),
        entry("context//two", b"x"),
        entry("escaped", b"x"),
        entry("contextual/x", b"x"),
        entry("context/a\\..\\b", b"x"),
        entry("context/new\nline", b"x"),
        entry("context/\x1b[2J", b"x"),
        entry("context/" + "n" * 256, b"x"),
        entry("context/" + "d/" * 1100 + "x", b"x"),
        entry("context", b"a file", kind=b"0"),
        entry("com.openfaas.docker.config", kind=b"5"),
        entry("com.openfaas.docker.config", b"{}"),
        GOOD,
        entry("context/Function/other.py", b"x"),
        entry("context/function/HANDLER.py", b"x"),
        entry("context/function", b"a file where a folder is"),
        entry("context/function/handler.py/below", b"a folder where a file is"),
    ],
)
def test_hostile_entries_are_refused(unpacked, tmp_path, bad):
    with pytest.raises((UnsafePath, ContextTooLarge, RemoteBuildRefused)):
        unpacked(tar(GOOD, CONFIG, bad))
    outside = {path.name for path in tmp_path.iterdir()} | {
        path.name for path in (tmp_path / "outer").iterdir()
    }
    assert outside == {"outer", "build"}
    for path in (tmp_path / "outer/build").rglob("*"):
        assert not path.is_symlink()
        assert path.is_file() or path.is_dir()


def sparse():
    written = io.BytesIO()
    pax = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 40)}
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as made:
        member = tarfile.TarInfo("context/bomb")
        member.pax_headers = pax
        content = b"1\n0\n512\n".ljust(512, b"\0") + b"x" * 512
        member.size = len(content)
        made.addfile(member, io.BytesIO(content))
    return written.getvalue()


def test_a_sparse_file_of_a_terabyte_is_refused(unpacked):
    with pytest.raises(BuildError):
        unpacked(sparse())


def test_limits(unpacked):
    with pytest.raises(ContextTooLarge, match="over 3 files"):
        unpacked(tar(*(entry(f"context/{n}", b"x") for n in range(4)), CONFIG), files=3)


def test_size_is_bounded_before_it_is_written(unpacked, tmp_path):
    with pytest.raises(ContextTooLarge, match="over 1000 bytes"):
        unpacked(tar(entry("context/big", b"x" * 1001), CONFIG), size_bytes=1000)
    assert not list(tmp_path.rglob("big"))


def test_a_file_that_claims_to_be_longer_than_the_tar(unpacked):
    with pytest.raises(BuildError):
        unpacked(header("context/big", 5_000) + b"x" * 512)


def pax(*pairs):
    records = b"".join(record(key, value) for key, value in pairs)
    return header("pax", len(records), kind=b"x") + padded(records)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1024,
        b"no tar at all" * 100,
        b"\x1f\x8b" + b"\0" * 600,
        tar(GOOD),
        tar(pax(("size", "-5")), GOOD, CONFIG),
        tar(pax(("size", "x")), GOOD, CONFIG),
        tar(pax(("size", str(1 << 70))), GOOD, CONFIG),
        tar(pax(("path", "context/../../x")), GOOD, CONFIG),
        tar(pax(("linkpath", "/etc/passwd")), entry("context/l", kind=b"2"), CONFIG),
        header("long", 1 << 32, kind=b"L") + b"context/x\0".ljust(512, b"\0") + GOOD + CONFIG,
        header("pax", 50_000_000, kind=b"x") + b"9" * 50_000_000,
        b"".join(header("l", 10, kind=b"L") + padded(b"context/x\0") for _ in range(3_000)) + GOOD,
        header("pax", 0, kind=b"x")[:124] + b"\xff" * 12 + header("pax", 0, kind=b"x")[136:],
    ],
    ids=range(14),
)
def test_what_is_no_such_tar_is_refused(unpacked, content):
    with pytest.raises(BuildError):
        unpacked(content)


def test_a_size_below_nothing_does_not_go_round_for_ever(unpacked):
    block = bytearray(header("context/x", 0))
    block[124:136] = (-512).to_bytes(12, "big", signed=True)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    with pytest.raises(BuildError):
        unpacked(bytes(block) + b"x" * 512 + tar(CONFIG))


_NAMES = st.lists(
    st.sampled_from(
        ["context", "..", ".", "", "a", "A", "b.py", "x\ny", "ﬃ", "com.openfaas.secrets"]
    ),
    min_size=1,
    max_size=4,
).map("/".join)
_KINDS = st.sampled_from(list(b"01234567Lxg5S")).map(lambda kind: bytes([kind]))


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    members=st.lists(st.tuples(_NAMES, _KINDS, st.binary(max_size=20), _NAMES), max_size=5),
    cut=st.integers(0, 3000),
    flips=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=3),
)
def test_any_tar_is_unpacked_or_refused(tmp_path_factory, members, cut, flips):
    entries = []
    for name, kind, content, link in members:
        with contextlib.suppress(AssertionError, UnicodeEncodeError):
            entries.append(entry(name, content, kind=kind, link=link[:100]))
    body = bytearray(tar(CONFIG, GOOD, *entries))
    for index, value in flips:
        body[index % len(body)] = value
    outer = tmp_path_factory.mktemp("any")
    folder = outer / "build"
    folder.mkdir()
    whole = io.BytesIO(bytes(body[: len(body) - cut]))
    with contextlib.suppress(BuildError):
        unpack(whole, folder, Limits(files=20, size_bytes=1000))
    assert [path.name for path in outer.iterdir()] == ["build"]
    for path in folder.rglob("*"):
        assert not path.is_symlink()
        assert path.is_file() or path.is_dir()
        assert path.relative_to(folder).parts[0] == "context"
