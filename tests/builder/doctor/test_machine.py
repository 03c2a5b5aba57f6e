"""The cache's folder and the ports."""

import socket

import pytest

from wherry_build.doctor.finding import State
from wherry_build.doctor.machine import look_at_cache, look_at_ports


def test_a_cache_that_is_not_there_yet_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "deep/cache"))
    (found,) = look_at_cache()
    assert (found.state, found.said) == (State.OK, f"{tmp_path}/deep/cache, 0 MB")
    assert not (tmp_path / "deep").exists()


def test_the_size_of_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path))
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers/one").write_bytes(bytes(3_000_000))
    (found,) = look_at_cache()
    assert found.said == f"{tmp_path}, 3 MB"
    assert found.hint == ""
    monkeypatch.setattr("wherry_build.doctor.machine._MANY_BYTES", 1)
    (found,) = look_at_cache()
    assert found.hint.startswith(f"rm -r {tmp_path} frees it")


def test_a_cache_that_cannot_be_written_to_is_a_fault(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("no folder")
    monkeypatch.setenv("WHERRY_CACHE", str(file))
    (found,) = look_at_cache()
    assert found.state is State.FAULT
    assert "WHERRY_CACHE" in found.hint


@pytest.mark.parametrize("is_free", [True, False])
def test_ports(is_free):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        if is_free:
            taken.close()
        (found,) = look_at_ports([port])
    assert found.name == f"port {port}"
    assert found.state is (State.OK if is_free else State.ABSENT)
    assert found.said == ("free" if is_free else "in use")
