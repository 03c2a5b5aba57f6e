"""What was resolved is found again, and a broken file is as good as none."""

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builder.image.wheels.wheel_making import locked

from wherry_build.image.wheels.lock_store import LockStore


@pytest.fixture
def store(tmp_path):
    return LockStore(tmp_path / "locks")


def test_what_is_kept_is_found_again_and_is_its_owners_alone(store):
    wheels = (locked(b"a", name="a", size=3), locked(b"b", name="b"))
    store.keep_wheels("k", wheels)
    assert store.wheels("k") == wheels
    assert stat.S_IMODE((store.folder / "k.json").stat().st_mode) == 0o600
    assert [file.name for file in store.folder.iterdir()] == ["k.json"]


def test_what_was_not_used_for_longest_goes(tmp_path):
    store = LockStore(tmp_path / "locks", limit_bytes=2500)
    for number, key in enumerate("abc"):
        store.keep_text(key, key * 1000)
        if number < 2:
            os.utime(store.folder / f"{key}.toml", (number + 1, number + 1))
        if number == 1:
            assert store.text("a")  # used: newer than the second
    assert [store.text(key) is not None for key in "abc"] == [True, False, True]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"wheels": 1}', b'{"wheels": [1]}', b'{"wheels": [{"name": "a"}]}'],
)
def test_a_broken_file_is_none(store, content):
    store.folder.mkdir()
    (store.folder / "k.json").write_bytes(content)
    assert store.wheels("k") is None


def test_a_hash_that_is_none_is_not_believed(store):
    store.keep_wheels("k", (locked(b"a"),))
    file = store.folder / "k.json"
    document = json.loads(file.read_bytes())
    document["wheels"][0]["sha256"] = "../../etc"
    file.write_text(json.dumps(document))
    assert store.wheels("k") is None


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_other_input_has_another_key(one, other):
    assert (LockStore.key(*one) == LockStore.key(*other)) == (one == other)
