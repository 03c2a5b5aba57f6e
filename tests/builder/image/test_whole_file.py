import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from wherry_build.image.whole_file import write_whole


def test_it_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        write_whole(tmp_path / "kept" / "file", b"secret")
    finally:
        os.umask(before)
    assert (tmp_path / "kept" / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700


def test_several_at_a_time_leave_one_that_is_whole(tmp_path):
    contents = [bytes([number]) * 100_000 for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_whole(tmp_path / "file", content), contents))
    assert (tmp_path / "file").read_bytes() in contents
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_put_in_its_place_leaves_nothing(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "file", b"content")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
