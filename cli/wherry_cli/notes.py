"""What the commands say on the side: warnings and notes, on stderr, in colour on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

import click


def warn(messages: Iterable[str]) -> None:
    """Print each warning."""
    for message in messages:
        click.echo(click.style("warning: ", fg="yellow", bold=True) + message, err=True)


def note(message: str) -> None:
    """Print one line about what was done."""
    click.echo(message, err=True)
