"""Who serves a project and where: the lock, `platform.json` and the password of a state folder.

The lock tells whether a platform runs, whatever the files say: the system lets go of it when the
process ends in any way.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import asdict, dataclass

import orjson

from wherry_local.errors import AlreadyRuns
from wherry_local.state import StateFolder

USER = "admin"
_PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A platform that runs.

    Attributes:
        pid: Its process.
        gateway: Address of the gateway, `http://127.0.0.1:8080`.
        broker: Address of the broker.
        startedAt: Seconds since the epoch.
        version: Version of Wherry.
        project: Folder of the project.
    """

    pid: int
    gateway: str
    broker: str
    startedAt: float  # noqa: N815 - a key of the file
    version: str
    project: str

    def keep(self, state: StateFolder) -> None:
        """Write it for those who look for the platform."""
        state.write(state.endpoint, orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))


class Lock:
    """Held as long as the platform runs."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._descriptor = -1

    def take(self) -> None:
        """Take it.

        Raises:
            AlreadyRuns: Another platform has it.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._state.lock, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise AlreadyRuns(
                f"{self._state.path.parent}: a platform runs for this project already",
                hint="wherry down",
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of it, and of what says where the platform is."""
        self._state.endpoint.unlink(missing_ok=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def password_of(state: StateFolder, given: str | None) -> str:
    """The administrator's password: the one that is given, kept or made now, in this order."""
    if given is None:
        kept = _kept_password(state)
        if kept:
            return kept
    chosen = given if given is not None else secrets.token_urlsafe(_PASSWORD_BYTES)
    state.write(state.password, chosen.encode() + b"\n")
    return chosen


def _kept_password(state: StateFolder) -> str:
    """The password that is kept; empty where there is none, or a link to who knows what."""
    try:
        descriptor = os.open(state.password, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        os.fchmod(descriptor, 0o600)
        return file.read().strip()
