"""A layer's tar: read back by `tarfile` as it was meant; sorted, root's, no folder of a base."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry_build.errors import UnsafePath
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.entry import Entry, tree
from wherry_build.image.layers.tarball import layer, pack, tar
from wherry_build.image.oci.media_types import MediaTypes

SAFE = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\"), min_size=1)
PARTS = SAFE.filter(lambda part: part not in {".", ".."} and not part.startswith(".wh."))
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
ENTRIES = st.builds(
    Entry,
    path=PATHS.map("opt/wherry/{}".format),
    content=st.binary(max_size=2000),
    is_executable=st.booleans(),
) | st.builds(
    lambda path, name: Entry(path=f"srv/function/{path}", link=name), path=PATHS, name=PARTS
)


@pytest.fixture
def cache(tmp_path):
    return LayerCache(tmp_path / "cache")


def made(entries, cache, **options):
    return layer(entries, purpose="code", cache=cache, media=MediaTypes.OCI, **options)


def members(made_layer):
    with tarfile.open(made_layer.content.file, mode="r:gz") as archive:
        return [
            (member, archive.extractfile(member).read() if member.isfile() else None)
            for member in archive.getmembers()
        ]


@given(st.lists(ENTRIES, max_size=10))
@settings(suppress_health_check=[HealthCheck.filter_too_much], max_examples=60)
def test_what_is_written_is_read_back(entries):
    try:
        meant = tree(entries)
    except UnsafePath:
        return
    written = b"".join(tar(meant))
    assert len(written) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        found = archive.getmembers()
        for member in found:
            entry = meant[member.name]
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
            assert member.mtime == 0
            if entry is None:
                assert member.isdir() and member.mode == 0o755
            elif entry.link:
                assert member.issym() and member.linkname == entry.link
            else:
                assert member.mode == (0o755 if entry.is_executable else 0o644)
                assert archive.extractfile(member).read() == entry.content
    names = [member.name for member in found]
    assert names == sorted(names, key=str.encode)
    assert len(names) == len(set(names))
    assert set(meant) - set(names) <= {"opt", "srv"}
    assert not {"opt", "srv", "tmp", "usr", "etc"} & set(names)


def test_the_layer_is_what_it_says_it_is(cache):
    entries = [Entry(path="srv/function/handler.py", content=b"x" * 5000)]
    one = made(entries, cache)
    packed = one.content.file.read_bytes()
    plain = gzip.decompress(packed)
    assert one.content.descriptor.digest == f"sha256:{hashlib.sha256(packed).hexdigest()}"
    assert one.content.descriptor.size_bytes == len(packed)
    assert one.content.descriptor.media_type == "application/vnd.oci.image.layer.v1.tar+gzip"
    assert one.diff_id == f"sha256:{hashlib.sha256(plain).hexdigest()}"
    assert one.size_bytes == len(plain)
    assert packed[:10] == bytes.fromhex("1f8b08000000000000ff"), "no time, no name, no system"
    assert [member.name for member, _ in members(one)] == [
        "srv/function",
        "srv/function/handler.py",
    ]


@pytest.mark.parametrize("length", [1, 99, 100, 101, 255, 1000])
@pytest.mark.parametrize("letter", ["a", "é", "漢"])
def test_names_of_any_length(length, letter):
    path = "/".join(["opt", *[letter * 50] * (length // 50), letter * (length % 50 or 1)])
    written = b"".join(tar(tree([Entry(path=path, content=b"1"), Entry(path="l", link=path)])))
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        assert archive.extractfile(path).read() == b"1"
        assert archive.getmember("l").linkname == path
    assert (b"PaxHeader" in written) == (letter != "a" or len(path) > 100), "pax only when needed"


def test_tarfile_would_write_the_same(cache):
    entries = [Entry(path="opt/wherry/é/x.py", content=b"1"), Entry(path="opt/wherry/y", link="x")]
    written = b"".join(tar(tree(entries)))
    theirs = io.BytesIO()
    with tarfile.open(fileobj=theirs, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, entry in tree(entries).items():
            member = tarfile.TarInfo(path)
            if entry is None:
                if path == "opt":
                    continue
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
            elif entry.link:
                member.type, member.mode, member.linkname = tarfile.SYMTYPE, 0o777, entry.link
                archive.addfile(member)
            else:
                member.size = len(entry.content)
                archive.addfile(member, io.BytesIO(entry.content))
    assert theirs.getvalue().rstrip(b"\0") == written.rstrip(b"\0")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["../x"], "without"),
        (["a/../../x"], "without"),
        (["/etc/passwd"], "without"),
        (["a//b"], "without"),
        (["./a"], "without"),
        ([""], "without"),
        (["a/"], "without"),
        (["a\nb"], "cannot be shown"),
        (["a\0b"], "cannot be shown"),
        (["\udcff"], "cannot be shown"),
        (["a\\b"], "cannot be shown"),
        (["x" * 5000], "cannot be shown"),
        (["opt/.wh.python3"], "deletes a file"),
        (["opt/.wh..wh..opq"], "deletes a file"),
        ([".wh.opt/x"], "deletes a file"),
        (["a", "a/b"], "no folder"),
        (["a/b/c", "a/b"], "no folder"),
    ],
)
def test_paths_that_no_layer_should_have(paths, message):
    with pytest.raises(UnsafePath, match=message):
        tree([Entry(path=path, content=b"1") for path in paths])


@pytest.mark.parametrize("link", ["/etc/passwd", "../../../etc/passwd", "..", "a\nb"])
def test_links_out_of_the_archive(link):
    with pytest.raises(UnsafePath, match="a link out"):
        tree([Entry(path="x/y", link=f"../{link}" if link == ".." else link)])


def test_nothing_is_written_by_way_of_a_link():
    with pytest.raises(UnsafePath, match="no folder"):
        tree([Entry(path="a", link="b"), Entry(path="a/x")])


def test_two_of_one_path_may_be_the_same():
    same = Entry(path="a", content=b"1")
    assert tree([same, Entry(path="a", content=b"1")]) == {"a": same}
    with pytest.raises(UnsafePath, match="two of it"):
        tree([same, Entry(path="a", content=b"2")])
    with pytest.raises(UnsafePath, match="two of it"):
        tree([same, Entry(path="a", content=b"1", is_executable=True)])


def test_the_time_of_files_is_one_that_is_given(cache):
    entries = [Entry(path="srv/function/index.html", content=b"1")]
    then, now = made(entries, cache), made(entries, cache, epoch_s=1_700_000_000)
    assert then.diff_id != now.diff_id
    assert {member.mtime for member, _ in members(now)} == {1_700_000_000}


def test_a_layer_that_is_kept_asks_for_no_entries(cache):
    asked = []

    def entries():
        asked.append(1)
        yield Entry(path="opt/wherry/x.py", content=b"1")

    first = made(entries(), cache, key="wheel 1")
    assert made(entries(), cache, key="wheel 1") == first
    assert len(asked) == 1
    made(entries(), cache, key="wheel 2")
    assert len(asked) == 2


def test_a_layer_without_a_key_is_kept_too(cache):
    first = made([Entry(path="a", content=b"1")], cache)
    inode = first.content.file.stat().st_ino
    again = made([Entry(path="a", content=b"1")], cache)
    assert again == first
    assert again.content.file.stat().st_ino == inode, "not written anew"


SCRIPT = """
import json, os, sys
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.entry import Entry
from wherry_build.image.layers.tarball import layer
from wherry_build.image.oci.media_types import MediaTypes
from pathlib import Path
os.umask(int(sys.argv[1], 8))
files = [Entry(path=f"opt/wherry/{name}/é", content=name.encode()) for name in {"a", "b", "c", "d"}]
made = layer(files, purpose="", cache=LayerCache(Path(sys.argv[2])), media=MediaTypes.OCI)
print(json.dumps([made.content.descriptor.digest, made.diff_id]))
"""


DIFF_ID = "sha256:e24cb01cdb02509efddbe7c47cb3193dbae43fd586ebbb7900257648b6585e94"
DIGEST = "sha256:0addc029b2b8edd7e2af3373417c68ae7127526ff2dfb0c8ceaf7466778e478c"


def test_one_digest_whatever_the_process(tmp_path):
    found = set()
    for number, umask in enumerate(("0000", "0077")):
        place = tmp_path / str(number)
        place.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, umask, place / "cache"],
            env={**os.environ, "PYTHONHASHSEED": str(number + 1), "TZ": f"UTC{number}"},
            cwd=place,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        found.add(done.stdout)
    assert len(found) == 1
    digest, diff_id = json.loads(found.pop())
    assert diff_id == DIFF_ID, "the tar is the same on every machine"
    if zlib.ZLIB_RUNTIME_VERSION == "1.2.13":
        assert digest == DIGEST, "and packed, where zlib is the same"


def test_the_size_in_gzip_is_right():
    written = io.BytesIO()
    facts = pack([b"a" * 100, b"", b"b" * 10], written)
    assert gzip.decompress(written.getvalue()) == b"a" * 100 + b"b" * 10
    assert (facts.size_bytes, facts.packed_bytes) == (110, len(written.getvalue()))
