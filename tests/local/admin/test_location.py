"""Where a project's platform is: its folder, its lock, and what is left of one that has ended."""

import fcntl
import os
from pathlib import Path

import pytest

from wherry_build.project import read_project
from wherry_local.admin.location import home_of, is_locked, kept, password, running, state_above
from wherry_local.platform.endpoint import Endpoint, Lock, password_of
from wherry_local.state import StateFolder

ENDPOINT = Endpoint(
    pid=1, gateway="http://127.0.0.1:1", broker="", startedAt=1.0, version="1", project="/p"
)


@pytest.fixture
def state(tmp_path):
    made = StateFolder.of(tmp_path)
    made.make()
    return made


def test_the_lock_tells_whether_it_runs(state):
    assert running(state) is None
    lock = Lock(state)
    lock.take()
    assert is_locked(state)
    assert running(state) is None, "it has not said yet where it is"
    ENDPOINT.keep(state)
    assert running(state) == ENDPOINT
    lock.release()
    assert (is_locked(state), running(state), kept(state)) == (False, None, None)


def test_what_was_killed_leaves_its_files_and_not_its_lock(state):
    ENDPOINT.keep(state)
    state.lock.touch()
    assert kept(state) == ENDPOINT
    assert running(state) is None


def test_asking_takes_the_lock_from_nobody(state):
    with state.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert is_locked(state)
        assert is_locked(state)
    assert not is_locked(state)
    Lock(state).take()


def test_a_lock_that_is_a_link_is_none(state, tmp_path):
    (tmp_path / "elsewhere").touch()
    state.lock.symlink_to(tmp_path / "elsewhere")
    assert not is_locked(state)


def test_the_nearest_above_counts(state, tmp_path):
    ENDPOINT.keep(state)
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    assert state_above(below) == state
    nearer = StateFolder.of(tmp_path / "a")
    nearer.make()
    assert state_above(below) == state, "nothing has run there"
    ENDPOINT.keep(nearer)
    assert state_above(below) == nearer


def test_a_folder_of_another_user_is_passed_over(state, tmp_path, monkeypatch):
    ENDPOINT.keep(state)
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert state_above(tmp_path) is None


def test_the_password_is_that_of_the_platform(state):
    assert password(state) == ""
    assert password_of(state, None) == password(state) != ""
    assert password_of(state, "chosen") == password(state) == "chosen"


@pytest.mark.parametrize(
    ("function", "asked", "home"),
    [
        ("functions/hello", ".", "."),
        ("functions/hello", "functions", "."),
        ("functions/hello", "functions/hello", "."),
        ("hello", ".", "."),
        ("services/hello", "services", "services"),
        ("services/hello", "services/hello", "services/hello"),
    ],
)
def test_where_a_project_is_at_home(tmp_path, monkeypatch, function, asked, home):
    (tmp_path / function).mkdir(parents=True)
    (tmp_path / function / "handler.py").write_text("def handle(request): return 'a'\n")
    monkeypatch.chdir(tmp_path)
    assert home_of(read_project(Path(asked))) == (tmp_path / home)


def test_beside_its_file_it_is_at_home(tmp_path, monkeypatch):
    (tmp_path / "shop/functions/hello").mkdir(parents=True)
    (tmp_path / "shop/functions/hello/handler.py").write_text("def handle(request): return 'a'\n")
    (tmp_path / "shop/wherry.yaml").write_text("functions: {hello: {}}\n")
    monkeypatch.chdir(tmp_path)
    for asked in ("shop", "shop/functions", "shop/functions/hello"):
        assert home_of(read_project(Path(asked))) == tmp_path / "shop"
