"""A build context in a folder: links stay links, and nothing is written through one."""

import os

import pytest

from wherry_build.errors import UnsafePath
from wherry_build.image.context import Entry
from wherry_build.image.docker.context_folder import write_context


def test_files_folders_and_links(tmp_path):
    write_context(
        [
            Entry(path="a/b/c.py", content=b"c", is_executable=True),
            Entry(path="a/link", link="b/c.py"),
            Entry(path="top", content=b"t"),
        ],
        tmp_path,
    )
    assert (tmp_path / "a/link").read_bytes() == b"c"
    assert os.readlink(tmp_path / "a/link") == "b/c.py"
    for path in ("a", "a/b", "a/b/c.py", "a/link", "top"):
        assert os.lstat(tmp_path / path).st_mtime == 0, path
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "entries",
    [
        [Entry(path="../out")],
        [Entry(path="/etc/passwd")],
        [Entry(path="a//b")],
        [Entry(path="a"), Entry(path="a")],
        [Entry(path="a", link="/"), Entry(path="a/b")],
    ],
)
def test_what_would_leave_the_folder_is_refused(tmp_path, entries):
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(UnsafePath):
        write_context(entries, inside)
    assert not (tmp_path / "out").exists()
