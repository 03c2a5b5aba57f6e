"""The lock file: whose it is, and what it never touches."""

from __future__ import annotations

import logging
import mmap
from pathlib import Path

import pytest

from wherry.serving.lock_file import LockFile


def test_it_is_there_until_the_last_worker_leaves(tmp_path: Path):
    path = tmp_path / ".lock"
    lock = LockFile(path, memoryview(mmap.mmap(-1, 3)))
    lock.write(0)
    lock.write(2)
    lock.leave(0)
    assert path.exists()
    lock.leave(2)
    assert not path.exists()
    lock.leave(2)


def test_a_link_in_its_place_is_neither_followed_nor_taken_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    target, path = tmp_path / "target", tmp_path / ".lock"
    path.symlink_to(target)
    lock = LockFile(path, bytearray(1))
    with caplog.at_level(logging.WARNING):
        lock.write(0)
    assert "was made by someone else" in caplog.text
    assert not target.exists()
    lock.leave(0)
    assert not path.is_symlink()


def test_a_folder_in_its_place_is_only_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / ".lock"
    path.mkdir()
    lock = LockFile(path, bytearray(1))
    with caplog.at_level(logging.WARNING):
        lock.leave(0)
    assert "cannot be removed" in caplog.text
    assert path.is_dir()
