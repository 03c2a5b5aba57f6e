"""The cache of layers: whole or not there, safe for builds at the same time, and bounded."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from wherry_build.errors import CacheUnwritable
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.tarball import pack


def writer(content):
    return lambda file: pack([content], file)


def test_what_is_kept_is_found(tmp_path):
    cache = LayerCache(tmp_path / "new" / "cache")
    assert cache.find("key") is None
    kept = cache.keep("key", writer(b"x" * 1000))
    assert LayerCache(tmp_path / "new" / "cache").find("key") == kept
    assert cache.find("other key") is None
    assert kept.file.stat().st_size == kept.facts.packed_bytes


def test_by_default_it_is_below_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "all"))
    kept = LayerCache().keep("key", writer(b"x"))
    assert kept.file.parent == tmp_path / "all" / "layers"


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b"\xff", b'{"digest": 1}', b"1"])
def test_a_broken_record_is_as_good_as_none(tmp_path, broken):
    cache = LayerCache(tmp_path)
    cache.keep("key", writer(b"x"))
    (record,) = tmp_path.glob("*.json")
    record.write_bytes(broken)
    assert cache.find("key") is None
    assert cache.keep("key", writer(b"x")) == cache.find("key")


def test_a_layer_that_is_cut_short_or_gone_is_made_again(tmp_path):
    cache = LayerCache(tmp_path)
    kept = cache.keep("key", writer(b"x" * 1000))
    kept.file.write_bytes(b"half")
    assert cache.find("key") is None
    kept.file.write_bytes(bytes(kept.facts.packed_bytes))
    assert cache.find("key") is None, "of the right length, and empty"
    kept.file.unlink()
    assert cache.find("key") is None


def test_a_write_that_fails_leaves_nothing(tmp_path):
    cache = LayerCache(tmp_path)

    def fails(file):
        file.write(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.keep("key", fails)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheUnwritable, match="file") as caught:
        LayerCache(tmp_path / "file" / "cache").keep("key", writer(b"x"))
    assert "WHERRY_CACHE" in caught.value.hint


def test_what_was_not_used_for_longest_goes(tmp_path):
    cache = LayerCache(tmp_path, limit_bytes=200_000)
    for key, age_s in (("old", 4000), ("older", 8000), ("new", 0)):
        before = set(tmp_path.iterdir())
        cache.keep(key, writer(os.urandom(80_000)))
        then = time.time() - age_s
        for file in set(tmp_path.iterdir()) - before:
            os.utime(file, (then, then))
    assert cache.find("older") is None
    assert cache.find("old") is not None
    assert cache.find("new") is not None


def test_what_was_used_just_now_stays_however_much_there_is(tmp_path):
    cache = LayerCache(tmp_path, limit_bytes=10)
    kept = [cache.keep(str(number), writer(bytes([number]) * 1000)) for number in range(5)]
    assert all(each.file.exists() for each in kept)


def test_what_is_used_again_is_not_the_oldest(tmp_path):
    cache = LayerCache(tmp_path)
    kept = cache.keep("key", writer(b"x"))
    long_ago = time.time() - 100_000
    os.utime(kept.file, (long_ago, long_ago))
    cache.find("key")
    assert time.time() - kept.file.stat().st_mtime < 1000


def test_builds_at_the_same_time_see_whole_layers(tmp_path):
    content = os.urandom(300_000)
    with (tmp_path / "plain").open("wb") as file:
        wanted = pack([content], file)

    def build(_):
        cache = LayerCache(tmp_path / "cache")
        for _ in range(20):
            kept = cache.find("key") or cache.keep("key", writer(content))
            assert kept.facts == wanted
            assert kept.file.stat().st_size == wanted.packed_bytes

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(build, range(4), timeout=60))
    assert not list((tmp_path / "cache").glob("*.part"))


def test_files_that_other_builds_rename_meanwhile_are_passed_over(tmp_path, monkeypatch):
    cache = LayerCache(tmp_path, limit_bytes=200_000)
    old = cache.keep("old", writer(os.urandom(150_000)))
    long_ago = time.time() - 10_000
    os.utime(old.file, (long_ago, long_ago))

    class Gone:
        path = str(tmp_path / ".renamed.part")

        def is_file(self):
            return True

        def is_dir(self, *, follow_symlinks):
            return False

        def stat(self):
            raise FileNotFoundError(2, "No such file or directory", self.path)

    found = os.scandir

    @contextmanager
    def with_one_that_goes(folder):
        with found(folder) as there:
            yield [Gone(), *there]

    monkeypatch.setattr(os, "scandir", with_one_that_goes)
    kept = cache.keep("new", writer(os.urandom(150_000)))
    assert kept.file.exists()
    assert not old.file.exists(), "and the others are looked at"


def test_a_layer_is_kept_where_no_room_can_be_made(tmp_path, monkeypatch):
    def refuses(folder):
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(os, "scandir", refuses)
    cache = LayerCache(tmp_path)
    assert cache.keep("key", writer(b"x")) == cache.find("key")


def test_notes(tmp_path):
    cache = LayerCache(tmp_path / "cache")
    assert not cache.is_noted("wheels")
    cache.note("wheels")
    assert not cache.is_noted("wheels"), "no folder yet, and no harm"
    cache.keep("key", writer(b"x"))
    cache.note("wheels")
    assert cache.is_noted("wheels")
    assert not cache.is_noted("other wheels")
