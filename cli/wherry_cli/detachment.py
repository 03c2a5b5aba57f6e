"""Starts the platform in the background and waits until it is ready, or says why it is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note

if TYPE_CHECKING:
    from wherry_local.platform.endpoint import Endpoint
    from wherry_local.state import StateFolder

LOG = "platform.log"
_READY_S = 60.0
_END_S = 10.0
_LOOK_S = 0.02


def started(arguments: Sequence[str], state: StateFolder) -> Endpoint | int:
    """Run `wherry` with `arguments` in a session of its own.

    Args:
        arguments: What follows `wherry`.
        state: The state folder of the platform that it is to become.

    Returns:
        Where the platform is; or the exit code of one that did not become ready, whose words have
        been printed then.
    """
    from wherry_local.admin.location import kept

    state.make()
    opened = os.open(_log(state), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(opened, "wb") as log:
        process = subprocess.Popen(  # noqa: S603 - this very command
            [sys.executable, "-u", "-m", "wherry_cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _READY_S
    try:
        while time.monotonic() < deadline:
            endpoint = kept(state)
            if endpoint is not None and endpoint.pid == process.pid:
                return endpoint
            code = process.poll()
            if code is not None:
                click.echo(_log(state).read_text("utf-8", "replace"), err=True, nl=False)
                return code if code > 0 else 1
            time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        _end(process)
        raise
    _end(process)
    note(f"not ready after {_READY_S:.0f} s, and ended; {_log(state)} says more")
    return 1


def _log(state: StateFolder) -> Path:
    return state.path / LOG


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
