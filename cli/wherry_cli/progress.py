"""How a deployment goes on, told to a person: lines, and on a terminal one that is rewritten."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wherry_build.deploy.comparison import Change
    from wherry_build.deploy.identity import ObjectKey
    from wherry_build.deploy.readiness import Readiness
    from wherry_build.deploy.rollout import Rollout

_COLOURS = {"ready": "green", "failing": "red", "waiting": "yellow"}


class Progress:
    """An observer of a deployment.

    Args:
        is_quiet: Whether results are not printed, because the standard output is for JSON.
    """

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._is_terminal = sys.stderr.isatty()
        self._is_rewriting = False

    def close(self) -> None:
        """End the line that is rewritten."""
        self._clear()

    def applied(self, key: ObjectKey, change: Change) -> None:
        """An object has been applied."""
        if not self._is_quiet:
            self._clear()
            click.echo(f"{key} {change.value}")

    def deleted(self, key: ObjectKey) -> None:
        """An object has been deleted."""
        if not self._is_quiet:
            self._clear()
            click.echo(f"{key} deleted")

    def observed(self, key: ObjectKey, readiness: Readiness) -> None:
        """An object that is waited for says something new."""
        self._clear()
        state = readiness.state.value
        said = f": {readiness.message}" if readiness.message else ""
        click.echo(f"{key} {click.style(state, fg=_COLOURS[state])}{said}", err=True)

    def waiting(self, rollout: Rollout, waited_s: float) -> None:
        """Another round of asking has ended, and not all are ready."""
        if not self._is_terminal:
            return
        ready, all_of_them = rollout.counts()
        click.echo(f"\r\x1b[K{ready} of {all_of_them} ready, {waited_s:.0f} s", err=True, nl=False)
        self._is_rewriting = True

    def _clear(self) -> None:
        if self._is_rewriting:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_rewriting = False
