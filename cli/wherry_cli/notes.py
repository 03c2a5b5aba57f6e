"""What the commands say on the side: warnings and notes, on stderr, in colour on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wherry_build.manifests.emission import Loss


def warn(messages: Iterable[str]) -> None:
    """Print each warning."""
    for message in messages:
        click.echo(click.style("warning: ", fg="yellow", bold=True) + message, err=True)


def note(message: str) -> None:
    """Print one line about what was done."""
    click.echo(message, err=True)


def lose(losses: Iterable[Loss]) -> None:
    """Print what the target cannot carry, each with what to do instead."""
    for loss in losses:
        instead = f"; {loss.instead}" if loss.instead else ""
        head = click.style("lost: ", fg="yellow", bold=True)
        click.echo(f"{head}{loss.key}: {loss.reason}{instead}", err=True)
