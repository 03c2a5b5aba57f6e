"""What the commands say on the side: warnings and notes, on stderr, in colour on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wherry_build.manifests.emission import Loss

_SHOWN_OWNERS = 6


def warn(messages: Iterable[str]) -> None:
    """Print each warning."""
    for message in messages:
        click.echo(click.style("warning: ", fg="yellow", bold=True) + message, err=True)


def note(message: str) -> None:
    """Print one line about what was done."""
    click.echo(message, err=True)


def lose(losses: Iterable[Loss]) -> None:
    """Print what the target cannot carry: keys with one reason together, and what to do instead."""
    alike: dict[tuple[str, str], list[str]] = {}
    for loss in losses:
        alike.setdefault((loss.reason, loss.instead), []).append(loss.key)
    for (reason, instead), keys in alike.items():
        head = click.style("lost: ", fg="yellow", bold=True)
        shown = ", ".join(_gathered(keys))
        click.echo(f"{head}{shown}: {reason}" + (f"; {instead}" if instead else ""), err=True)


def _gathered(keys: Sequence[str]) -> list[str]:
    """`routes.hello (5 keys)` for those that are below it; a key that is alone is itself."""
    by_owner: dict[str, list[str]] = {}
    for key in keys:
        by_owner.setdefault(".".join(key.split(".")[:2]), []).append(key)
    gathered = [
        below[0] if len(below) == 1 else f"{_common(below)} ({len(below)} keys)"
        for below in by_owner.values()
    ]
    more = len(gathered) - _SHOWN_OWNERS
    return gathered if more <= 0 else [*gathered[:_SHOWN_OWNERS], f"{more} more"]


def _common(keys: Sequence[str]) -> str:
    """What is above all of `keys`."""
    columns = zip(*(key.split(".") for key in keys), strict=False)
    return ".".join(column[0] for column in takewhile(lambda each: len(set(each)) == 1, columns))
