"""wherry.lock: what is written to it is read again, and nothing of others is lost."""

import concurrent.futures
import json

import pytest

from wherry_build.errors import InvalidName, ProjectError
from wherry_build.project.image_lock import ImageLock, lock_digests, read_lock

ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")


def test_there_is_no_lock(tmp_path):
    assert read_lock(tmp_path) == ImageLock()


def test_what_is_added_stays(tmp_path):
    assert lock_digests(tmp_path, images={"ghcr.io/acme/b:1": ONE}, bases={"python:3.12": TWO})
    assert lock_digests(tmp_path, images={"ghcr.io/acme/a:1": TWO})
    assert json.loads((tmp_path / "wherry.lock").read_text()) == {
        "version": 1,
        "images": {"ghcr.io/acme/a:1": TWO, "ghcr.io/acme/b:1": ONE},
        "bases": {"python:3.12": TWO},
    }
    assert read_lock(tmp_path).bases == {"python:3.12": TWO}
    assert [file.name for file in tmp_path.iterdir()] == ["wherry.lock"]


def test_what_is_known_is_no_change(tmp_path):
    lock_digests(tmp_path, images={"a": ONE})
    assert not lock_digests(tmp_path, images={"a": ONE})
    assert not lock_digests(tmp_path)
    assert lock_digests(tmp_path, images={"a": TWO})


def test_nothing_makes_no_file(tmp_path):
    assert not lock_digests(tmp_path)
    assert not list(tmp_path.iterdir())


def test_keys_of_a_later_version_of_ours_are_kept(tmp_path):
    (tmp_path / "wherry.lock").write_text('{"version": 1, "images": {}, "signed": {"a": 1}}')
    lock_digests(tmp_path, bases={"b": ONE})
    assert json.loads((tmp_path / "wherry.lock").read_text())["signed"] == {"a": 1}


@pytest.mark.parametrize("text", ["no", '{"version": 2, "images": {}}', '{"version": 1}'])
def test_another_file_is_left_alone(tmp_path, text):
    (tmp_path / "wherry.lock").write_text(text)
    with pytest.raises(ProjectError, match=r"wherry\.lock: expected"):
        lock_digests(tmp_path, images={"a": ONE})
    assert (tmp_path / "wherry.lock").read_text() == text


@pytest.mark.parametrize("digests", [{"A B": ONE}, {"a": "sha256:1"}, {"a@b": ONE}])
def test_what_could_not_be_read_again_is_not_written(tmp_path, digests):
    with pytest.raises(InvalidName):
        lock_digests(tmp_path, bases=digests)
    assert not list(tmp_path.iterdir())


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: lock_digests(tmp_path, images={f"f{number}": ONE}), range(40)))
    assert set(read_lock(tmp_path).images) == {f"f{number}" for number in range(40)}
