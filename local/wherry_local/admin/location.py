"""Finds the platform that runs for a project: by its state folder, from a folder upwards.

A state folder of another user is passed over, and so is what a platform left that has ended: the
lock tells, whatever the files say.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from wherry_local.platform.endpoint import Endpoint
from wherry_local.state import NAME, StateFolder

if TYPE_CHECKING:
    from wherry_build.project import Project

_FUNCTIONS = "functions"


def home_of(project: Project) -> Path:
    """The folder that a project's state folder is in.

    That of its wherry.yaml; without one the folder that has the project's `functions/`, so that a
    part of it and the whole, seen from wherever, are one project; else the project's own.
    """
    if project.specification is not None:
        return project.root
    for folder in (project.root, *project.root.parents):
        if folder.name == _FUNCTIONS:
            return folder.parent
    return project.root


def state_above(start: Path) -> StateFolder | None:
    """The nearest state folder of ours in `start` or above it."""
    start = start.resolve()
    for folder in (start, *start.parents):
        state = StateFolder(folder / NAME)
        try:
            owner = state.path.lstat().st_uid
        except OSError:
            continue
        if owner == os.geteuid() and state.endpoint.is_file():
            return state
    return None


def running(state: StateFolder) -> Endpoint | None:
    """The platform that runs with `state`; None where none does."""
    endpoint = kept(state)
    return endpoint if endpoint is not None and is_locked(state) else None


def kept(state: StateFolder) -> Endpoint | None:
    """What the state folder says of a platform, which may have ended; None where nothing."""
    try:
        said = orjson.loads(state.endpoint.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    names = {each.name for each in fields(Endpoint)}
    if not isinstance(said, dict) or not names <= said.keys():
        return None
    return Endpoint(**{name: said[name] for name in names})


def password(state: StateFolder) -> str:
    """The administrator's password; empty where there is none."""
    try:
        return state.password.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def is_locked(state: StateFolder) -> bool:
    """Whether a platform has the state folder for itself."""
    try:
        descriptor = os.open(state.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
