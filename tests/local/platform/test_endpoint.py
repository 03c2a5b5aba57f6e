"""Who serves a project: the lock, the file that says where, and the password."""

import json
import os
import stat
import subprocess
import sys

import pytest

from wherry_local.errors import AlreadyRuns, LocalError
from wherry_local.platform.endpoint import Endpoint, Lock, password_of
from wherry_local.state import StateFolder

HOLDS = """
import sys
from pathlib import Path
from wherry_local.platform.endpoint import Lock
from wherry_local.state import StateFolder
lock = Lock(StateFolder.of(Path(sys.argv[1])))
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path):
    state = StateFolder.of(tmp_path)
    state.make()
    return state


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_folder_is_its_owners_alone(state):
    assert mode_of(state.path) == 0o700
    assert (state.path / ".gitignore").read_text() == "*\n"


def test_the_lock_is_held_by_one_process_and_goes_with_it(state, tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout.readline() == b"taken\n"
        with pytest.raises(AlreadyRuns, match="runs for this project already") as told:
            Lock(state).take()
        assert told.value.hint == "wherry down"
        other.kill()
    lock = Lock(state)
    lock.take()
    lock.release()


def test_letting_go_takes_the_address_away(state):
    lock = Lock(state)
    lock.take()
    endpoint = Endpoint(
        pid=1, gateway="http://g", broker="http://b", startedAt=1.5, version="1", project="/p"
    )
    endpoint.keep(state)
    assert json.loads(state.endpoint.read_text())["gateway"] == "http://g"
    assert mode_of(state.endpoint) == 0o600
    lock.release()
    assert not state.endpoint.exists()


def test_a_password_is_made_once_and_kept_for_its_owner(state):
    made = password_of(state, None)
    assert len(made) >= 22  # 128 bits and more
    assert password_of(state, None) == made
    assert mode_of(state.password) == 0o600


def test_a_password_that_others_could_read_is_closed_again(state):
    state.password.write_text("known\n")
    state.password.chmod(0o644)
    assert password_of(state, None) == "known"
    assert mode_of(state.password) == 0o600


def test_a_given_password_takes_the_place_of_the_kept_one(state):
    password_of(state, None)
    assert password_of(state, "mine") == "mine"
    assert password_of(state, None) == "mine"


def test_a_link_in_the_place_of_the_lock_is_not_followed(state, tmp_path):
    (tmp_path / "elsewhere").write_text("")
    state.lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        Lock(state).take()


@pytest.mark.parametrize("part", ["path", "sockets", "logs", "secrets", "mounts"])
def test_a_state_folder_that_is_a_link_is_not_used(tmp_path, part):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    state = StateFolder.of(tmp_path)
    link = getattr(state, part)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(LocalError, match="expected a folder of your own") as told:
        state.make()
    assert str(link) in told.value.message
    assert (mode_of(elsewhere), list(elsewhere.iterdir())) == (0o755, [])


def test_a_file_in_the_place_of_the_state_folder_is_told(tmp_path):
    (tmp_path / ".wherry").touch()
    with pytest.raises(LocalError, match="expected a folder of your own"):
        StateFolder.of(tmp_path).make()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_another_user_is_not_used(tmp_path):
    state = StateFolder.of(tmp_path)
    state.path.mkdir()
    os.chown(state.path, 65534, 65534)
    with pytest.raises(LocalError, match="expected a folder of your own"):
        state.make()


def test_a_password_that_is_a_link_is_not_read_and_not_touched(state, tmp_path):
    other = tmp_path / "other"
    other.write_text("known\n")
    other.chmod(0o644)
    state.password.symlink_to(other)
    assert password_of(state, None) != "known"
    assert not state.password.is_symlink()
    assert (other.read_text(), mode_of(other)) == ("known\n", 0o644)
