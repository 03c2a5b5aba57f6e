import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.builder.image.recording_registry import digest_of

from wherry_build.image.content import Descriptor
from wherry_build.image.registry.asked_tags import AskedTags
from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.presence import FRESH_S, Presence
from wherry_build.image.registry.reference import Reference


def fetch(store, content):
    return store.fetch(Descriptor.of(content, "a/b"), lambda file: file.write(content))


def test_what_is_fetched_is_kept(store):
    file = fetch(store, b"blob")
    assert file.read_bytes() == b"blob"
    assert store.fetch(Descriptor.of(b"blob", "a/b"), pytest.fail) == file
    assert store.read(digest_of(b"blob")) == b"blob"
    assert [each.name for each in file.parent.iterdir()] == [digest_of(b"blob")[7:]]


def test_what_fails_leaves_nothing(store, tmp_path):
    def broken(file):
        file.write(b"half")
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        store.fetch(Descriptor.of(b"blob", "a/b"), broken)
    assert list((tmp_path / "blobs" / "sha256").iterdir()) == []
    assert fetch(store, b"blob").read_bytes() == b"blob"


def test_what_an_interrupted_process_left_is_written_over(store, tmp_path):
    folder = tmp_path / "blobs" / "sha256"
    folder.mkdir(parents=True)
    (folder / f".{digest_of(b'blob')[7:]}.part").write_bytes(b"something longer than the blob")

    def download(file):
        file.seek(0)
        file.truncate()
        file.write(b"blob")

    found = store.fetch(Descriptor.of(b"blob", "a/b"), download)
    assert found.read_bytes() == b"blob"


def test_what_was_changed_by_others_is_fetched_again(store):
    file = fetch(store, b"blob")
    file.write_bytes(b"blo")
    assert store.find(Descriptor.of(b"blob", "a/b")) is None
    assert fetch(store, b"blob").read_bytes() == b"blob"
    file.write_bytes(b"BLOB")
    assert store.read(digest_of(b"blob")) is None


def test_what_was_not_used_for_longest_goes(tmp_path):
    store = BlobStore(tmp_path, limit_bytes=2500)
    files = []
    for number in range(4):
        files.append(fetch(store, bytes([number]) * 1000))
        if files[-1].exists():
            os.utime(files[-1], (number + 1, number + 1))
        if number == 1:
            assert store.find(Descriptor.of(bytes([0]) * 1000, "a/b"))  # used: the newest now
    assert [file.exists() for file in files] == [True, False, False, True]


def test_the_one_just_fetched_stays_however_large(tmp_path):
    store = BlobStore(tmp_path, limit_bytes=10)
    assert fetch(store, b"x" * 1000).exists()


@pytest.mark.parametrize("goes", ["blobs", "blobs/sha256", "blobs/sha256/.*.part"])
def test_a_cache_that_is_emptied_meanwhile_is_an_error_of_the_disk(goes, store, tmp_path):
    def emptied(file):
        file.write(b"blob")
        (found,) = tmp_path.glob(goes)
        shutil.rmtree(found) if found.is_dir() else found.unlink()

    with pytest.raises(FileNotFoundError):
        store.fetch(Descriptor.of(b"blob", "a/b"), emptied)
    assert fetch(store, b"blob").read_bytes() == b"blob"


def test_what_another_build_uses_just_now_stays(tmp_path):
    store = BlobStore(tmp_path, limit_bytes=10)
    about_to_be_opened = fetch(store, b"x" * 100)
    being_written = about_to_be_opened.with_name(".1234.part")
    being_written.write_bytes(b"y" * 100)
    assert fetch(store, b"z" * 100).exists()
    assert about_to_be_opened.exists()
    assert being_written.exists()


def test_what_an_interrupted_process_left_goes_at_last(tmp_path):
    store = BlobStore(tmp_path, limit_bytes=10)
    left = fetch(store, b"x").with_name(".1234.part")
    left.write_bytes(b"y" * 100)
    os.utime(left, (1, 1))
    fetch(store, b"z")
    assert not left.exists()


def test_what_is_kept_of_private_registries_is_its_owners_alone(kept):
    before = os.umask(0o022)
    try:
        blobs = BlobStore(kept / "blobs")
        fetch(blobs, b"layer")
        blobs.write(digest_of(b"config"), b"config")
        AskedTags(kept / "tags").keep(REFERENCE, digest_of(b"a"))
        Presence("ghcr.io", kept / "pushed").keep("acme/secret", [digest_of(b"a")])
    finally:
        os.umask(before)
    files = [each for each in kept.rglob("*") if each.is_file()]
    assert len(files) == 4
    assert [each for each in files if each.stat().st_mode & 0o077] == []
    assert [each for each in files if each.parent.stat().st_mode & 0o077] == []


def test_small_ones_are_kept_where_that_can_be(store, tmp_path):
    store.write(digest_of(b"a"), b"a")
    assert store.read(digest_of(b"a")) == b"a"
    (tmp_path / "file").write_text("")
    nowhere = BlobStore(tmp_path / "file")
    nowhere.write(digest_of(b"a"), b"a")
    assert nowhere.read(digest_of(b"a")) is None


def test_the_cache_is_where_it_is_said_to_be(tmp_path):
    fetch(BlobStore(), b"blob")
    assert (tmp_path / "cache" / "blobs" / "sha256" / digest_of(b"blob")[7:]).is_file()


@pytest.fixture
def kept(tmp_path):
    """An empty folder; the test's own has a home in it."""
    return tmp_path / "kept"


REFERENCE = Reference.parse("ghcr.io/acme/hello:1")


def test_what_a_tag_was_is_kept(tmp_path):
    tags = AskedTags(tmp_path / "tags")
    assert tags.find(REFERENCE) is None
    tags.keep(REFERENCE, digest_of(b"a"))
    assert tags.find(REFERENCE).digest == digest_of(b"a")
    assert tags.find(Reference.parse("ghcr.io/acme/hello:2")) is None


@pytest.mark.parametrize("said", ["", "{", "[]", '{"digest": "x", "asked_s": 1}', '{"digest": 1}'])
def test_what_is_no_memory_of_tags_is_forgotten(said, kept):
    tags = AskedTags(kept)
    tags.keep(REFERENCE, digest_of(b"a"))
    next(kept.iterdir()).write_text(said)
    assert tags.find(REFERENCE) is None


A, B = digest_of(b"a"), digest_of(b"b")


def test_what_was_pushed_is_known_for_a_day(tmp_path, monkeypatch):
    Presence("ghcr.io", tmp_path).keep("acme/one", [A])

    known = Presence("ghcr.io", tmp_path)
    assert known.has("acme/one", A)
    assert not known.has("acme/one", B)
    assert not known.has("acme/two", A)
    assert not Presence("quay.io", tmp_path).has("acme/one", A)
    import time

    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + FRESH_S + 1)
    assert not known.has("acme/one", A)
    assert known.elsewhere("acme/two", A) == ("acme/one",)


def test_what_a_registry_lost_is_forgotten_for_one_repository(tmp_path):
    known = Presence("ghcr.io", tmp_path)
    known.keep("acme/one", [A, B])
    known.keep("acme/two", [A])
    known.forget("acme/one")
    assert not known.has("acme/one", A)
    assert known.has("acme/two", A)
    assert known.elsewhere("acme/one", A) == ("acme/two",)


def test_two_commands_keep_what_each_knows(tmp_path):
    one, two = Presence("ghcr.io", tmp_path), Presence("ghcr.io", tmp_path)
    one.keep("acme/one", [A])
    two.keep("acme/two", [B])
    assert Presence("ghcr.io", tmp_path).has("acme/one", A)
    assert Presence("ghcr.io", tmp_path).has("acme/two", B)


def test_several_publications_at_a_time_keep_what_each_knows(kept):
    repositories = [f"acme/{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        for each in repositories:
            pool.submit(Presence("ghcr.io", kept).keep, each, [A])
    known = Presence("ghcr.io", kept)
    assert all(known.has(each, A) for each in repositories)
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize(
    "said", ["", "[]", '{"registry": "ghcr.io", "blobs": []}', '{"registry": "ghcr.io"}']
)
def test_what_is_no_memory_of_pushes_is_forgotten(said, kept):
    Presence("ghcr.io", kept).keep("acme/one", [A])
    next(kept.iterdir()).write_text(said)
    assert not Presence("ghcr.io", kept).has("acme/one", A)
