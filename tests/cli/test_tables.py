"""Tables: widths, colours, control characters, times and figures."""

from datetime import datetime, timezone

import click
import pytest

from wherry_cli.tables import figure, moment, print_table, state, text


def test_columns_are_as_wide_as_what_is_in_them(capsys):
    print_table(("A", "NUMBER"), [("longer", "1"), ("b", "23")], right=(1,))
    assert capsys.readouterr().out == "A       NUMBER\nlonger       1\nb           23\n"


def test_a_colour_takes_no_width(capsys):
    print_table(("A", "B"), [(click.style("x", fg="red"), "y"), ("zz", "y")])
    assert capsys.readouterr().out == "A   B\nx   y\nzz  y\n", "and none is for a pipe"


def test_a_state_has_its_colour_and_any_other_none():
    assert click.unstyle(state("ready")) == "ready" != state("ready")
    assert state("new\x1b[2J") == "new\\x1b[2J"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a\tb", "a\\tb"), ("\x1b]0;x\x07", "\\x1b]0;x\\x07"), ("é", "é"), (None, ""), (7, "7")],
)
def test_text_is_one_line_that_moves_nothing(value, shown):
    assert text(value) == shown


def test_moments_are_where_the_reader_is(monkeypatch):
    now = datetime.now(timezone.utc)
    assert moment(now.strftime("%Y-%m-%dT%H:%M:%S.123Z")) == now.astimezone().strftime("%H:%M:%S")
    assert moment("2001-02-03T12:00:00.123456789Z").startswith("2001-02-0")
    assert moment("no time") == "no time"
    assert moment(None) == ""


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (1.25, "1.2"), (4.0, "4"), (1234.5, "1,234"), (None, "")]
)
def test_figures(value, shown):
    assert figure(value) == shown
