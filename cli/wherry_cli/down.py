"""`wherry down`: ends the platform that runs for a project."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note
from wherry_cli.platforms import Place, output_option, print_json, project_option

if TYPE_CHECKING:
    from wherry_local.state import StateFolder

_LOOK_S = 0.02
_AT_ONCE_S = 10.0


@click.command(
    epilog="""\b
Examples:
  wherry down
  wherry down --project shop/ --timeout 5"""
)
@project_option
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Time to answer what is in flight; what is not over then is cut.",
)
@output_option
def command(project: Path | None, timeout_s: float, is_json: bool) -> int:
    """End the platform: calls in flight are answered, and what waits is kept for the next start.

    Ends with 0 when it is gone, 1 when it would not go, 3 when none runs.
    """
    state, endpoint = Place(project=project).here()
    is_gone = _ended(state, endpoint.pid, timeout_s) or _ended(state, endpoint.pid, _AT_ONCE_S)
    if is_json:
        print_json({"pid": endpoint.pid, "project": endpoint.project, "ended": is_gone})
    elif is_gone:
        note(f"{endpoint.project}: the platform has ended")
    else:
        note(f"process {endpoint.pid} does not end; kill -9 {endpoint.pid} loses nothing accepted")
    return 0 if is_gone else 1


def _ended(state: StateFolder, pid: int, timeout_s: float) -> bool:
    """Ask the process to end, which when asked again it does at once; whether it has.

    The lock tells, and not the process: one that nobody has waited for is still there.
    """
    from wherry_local.admin.location import is_locked

    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    deadline = time.monotonic() + timeout_s
    while is_locked(state):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True
