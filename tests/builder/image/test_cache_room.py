"""A folder of the cache that holds too much loses what was not used for longest."""

import os

import pytest

from wherry_build.image.cache_room import make_room


@pytest.fixture
def kept(tmp_path):
    """Three files of 1,000 bytes, two of them in a folder of their own; the first is the oldest."""
    files = [tmp_path / "a" / "wheel", tmp_path / "plain", tmp_path / "b" / "wheel"]
    for number, file in enumerate(files):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x" * 1000)
        os.utime(file, (number + 1, number + 1))
    return files


@pytest.mark.parametrize(
    ("limit_bytes", "left"),
    [(3000, [0, 1, 2]), (2999, [1, 2]), (2000, [1, 2]), (1500, [2]), (999, [])],
)
def test_the_oldest_go_until_the_rest_fits(kept, tmp_path, limit_bytes, left):
    make_room(tmp_path, limit_bytes=limit_bytes)
    assert [number for number, file in enumerate(kept) if file.exists()] == left


def test_what_was_used_just_now_stays(kept, tmp_path):
    os.utime(kept[0])
    make_room(tmp_path, limit_bytes=0)
    assert [file.exists() for file in kept] == [True, False, False]


def test_a_folder_goes_with_its_last_file(kept, tmp_path):
    (tmp_path / "b" / ".lock").touch()
    make_room(tmp_path, limit_bytes=0)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b"]
    assert [each.name for each in (tmp_path / "b").iterdir()] == [".lock"]


def test_links_are_not_followed_out_of_it(kept, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "file"
    outside.write_bytes(b"x" * 1000)
    os.utime(outside, (1, 1))
    (tmp_path / "link").symlink_to(outside.parent)
    make_room(tmp_path, limit_bytes=0)
    assert outside.exists()
    assert not any(file.exists() for file in kept)
