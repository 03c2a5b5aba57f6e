"""A function more in a wherry.yaml, and every other byte as it was."""

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from wherry_build.errors import DestinationExists, ProjectError, ProjectFileInvalid
from wherry_build.project.addition import with_function

WRITTEN = """\
# yaml-language-server: $schema=wherry.schema.json
version:   1   # the only one

functions:
  orders:   # the first
    handler: "functions/orders"
    environment: {LOG_LEVEL: info}
  # between
  hello: {}
  # after the last


# of the hosts
hosts:
  fns.example.com: {}
"""


def added(text, name="greet", handler="functions/greet"):
    made = with_function(text.encode(), name, handler, path="wherry.yaml")
    return None if made is None else made.decode()


def new_lines(before, after):
    """Lines that are new; none may have gone."""
    told = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    assert not [line for line in told if line.startswith("- ")]
    return [line[2:] for line in told if line.startswith("+ ")]


def test_an_entry_more_and_nothing_else():
    after = added(WRITTEN)
    assert new_lines(WRITTEN, after) == ["  greet:", "    handler: functions/greet"]
    assert list(YAML(typ="safe").load(after)["functions"]) == ["orders", "hello", "greet"]
    assert after.index("# after the last") < after.index("greet:") < after.index("# of the hosts")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("functions:\n    a: {}\n", "functions:\n    a: {}\n    greet:\n        handler: x/y\n"),
        ("functions:\n  a: {}", "functions:\n  a: {}\n  greet:\n    handler: x/y\n"),
        ("functions:\r\n  a: {}\r\n", "functions:\r\n  a: {}\r\n  greet:\r\n    handler: x/y\r\n"),
        ("functions: {a: {}}\n", "functions: {greet: {handler: x/y}, a: {}}\n"),
        ("functions: {\n  a: {}\n}\n", "functions: {greet: {handler: x/y}, \n  a: {}\n}\n"),
        (
            "functions:\n  a:\n    labels: {b: |+\n c\n\n }\n",
            None,
        ),
        (
            "functions:\n  a:\n    image: |+\n      x\n\nhosts: {}\n",
            "functions:\n  a:\n    image: |+\n      x\n\n  greet:\n    handler: x/y\nhosts: {}\n",
        ),
        (
            "functions:\n  a:\n    image: |\n      # x\n      y\n# z\n",
            "functions:\n  a:\n    image: |\n      # x\n      y\n  greet:\n    handler: x/y\n# z\n",
        ),
        ("functions: &f\n  a: {}\n", "functions: &f\n  a: {}\n  greet:\n    handler: x/y\n"),
        (
            "---\nfunctions:\n  a: {}\n...\n",
            "---\nfunctions:\n  a: {}\n  greet:\n    handler: x/y\n...\n",
        ),
    ],
)
def test_the_many_ways_of_writing_it(before, after):
    if after is None:
        with pytest.raises(ProjectFileInvalid):
            added(before, handler="x/y")
    else:
        assert added(before, handler="x/y") == after


@pytest.mark.parametrize("text", ["", "version: 1\n", "functions:\n", "functions: {}\n"])
def test_a_file_that_names_no_function_takes_every_folder(text):
    assert added(text) is None


@pytest.mark.parametrize(
    "entry", ["{}", "{handler: functions/greet}", "{handler: functions/greet/handler.py}"]
)
def test_one_that_is_there_is_not_added_again(entry):
    text = f"functions:\n  greet: {entry}\n"
    assert added(text) == text


def test_one_that_is_elsewhere_is_told():
    with pytest.raises(DestinationExists, match="has a function 'greet' elsewhere"):
        added("functions:\n  greet: {handler: services/greet}\n")


def test_where_no_line_would_do_the_person_is_told_what_to_write():
    shared = "x-all: &all\n  a: {}\nfunctions: *all\n"
    with pytest.raises(ProjectError) as caught:
        added(shared)
    assert caught.value.hint == "add under `functions`: greet: {handler: functions/greet}"


@pytest.mark.parametrize("text", ["functions: [\n", "- a\n", "functions:\n  a: {}\n  a: {}\n"])
def test_what_cannot_be_read_is_told_with_its_place(text):
    with pytest.raises(ProjectFileInvalid, match=r"wherry\.yaml:[0-9]+:[0-9]+"):
        added(text)


@pytest.mark.parametrize("name", ["null", "true", "no", "y"])
@pytest.mark.parametrize("handler", ["functions/a b", "null", "1/2", "é: #"])
def test_names_are_quoted_where_a_reader_would_take_them_for_something_else(name, handler):
    after = added("functions:\n  a: {}\n", name, handler)
    assert YAML(typ="safe").load(after)["functions"][name] == {"handler": handler}


BLANKS = st.sampled_from(["", "\n", "\n\n", "# c\n", "  # c\n", "    # c\n", "      # c\n"])
ENTRY = st.sampled_from(
    [
        "{}", "{handler: x, labels: {b: c}}", "\n    handler: x", "\n    labels:\n      b: c",
        "\n    image: |\n      x\n\n      y", "\n    image: >+\n      x\n\n",
        '\n    image: "x\n     y"',
        "\n    secrets:\n    - b\n    - c", "  # c\n    image: 'it''s # x'",
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    entries=st.lists(st.tuples(BLANKS, ENTRY), min_size=1, max_size=4),
    between=BLANKS,
    tail=st.sampled_from(["", "hosts: {}\n", "hosts:\n  a.b: {}\n", "...\n"]),
)
def test_whatever_was_said_is_still_said(entries, between, tail):
    written = [f"{blank}  f{at}: {entry}\n" for at, (blank, entry) in enumerate(entries)]
    before = f"# head\nversion: 1\nfunctions:\n{''.join(written)}{between}{tail}"
    after = added(before)
    assert new_lines(before, after) == ["  greet:", "    handler: functions/greet"]
    read = YAML(typ="safe").load
    expected = read(before)
    expected["functions"]["greet"] = {"handler": "functions/greet"}
    assert read(after) == expected
