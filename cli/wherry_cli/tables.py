"""Tables for people: columns as wide as what is in them, times where the reader is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import click

_FINER = re.compile(r"(\.\d{6})\d+", re.ASCII)  # OpenFaaS's gateway tells nanoseconds
_STATE_COLOURS = {
    "ready": "green",
    "delivered": "green",
    "yes": "green",
    "starting": "yellow",
    "due": "yellow",
    "leased": "yellow",
    "no": "yellow",
    "failing": "red",
    "dead": "red",
    "asleep": "bright_black",
    "cancelled": "bright_black",
}


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()
) -> None:
    """Print `rows` under `header`.

    Args:
        header: What stands above each column.
        rows: The cells; a colour takes no width.
        right: Columns that end alike, for numbers.
    """
    styled = [[click.style(each, bold=True) for each in header], *rows]
    widths = [max(len(click.unstyle(row[at])) for row in styled) for at in range(len(header))]
    for row in styled:
        cells = [
            _padded(cell, width, is_right=at in right)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def text(value: object) -> str:
    """`value` in one line; what would move the cursor or change its colour is written out."""
    if value is None:
        return ""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in str(value)
    )


def state(name: str) -> str:
    """`name` in the colour of what it means; on what is no terminal click takes the colour out."""
    colour = _STATE_COLOURS.get(name)
    return click.style(text(name), fg=colour) if colour else text(name)


def moment(written: str | None) -> str:
    """An RFC 3339 time where the reader is: the time of today, date and time of any other day."""
    if not written:
        return ""
    try:
        read = _FINER.sub(r"\1", written).replace("Z", "+00:00")
        at = datetime.fromisoformat(read).astimezone()
    except ValueError:
        return written
    today = datetime.now(at.tzinfo).date()
    return at.strftime("%H:%M:%S" if at.date() == today else "%Y-%m-%d %H:%M:%S")


def figure(value: float | None, unit: str = "") -> str:
    """A number with few digits; nothing for none."""
    if value is None:
        return ""
    return f"{value:,.0f}{unit}" if value >= 100 or value == int(value) else f"{value:.1f}{unit}"


def _padded(cell: str, width: int, *, is_right: bool) -> str:
    blanks = " " * (width - len(click.unstyle(cell)))
    return blanks + cell if is_right else cell + blanks
