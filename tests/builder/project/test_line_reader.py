"""The quick reader gives the tree that the library gives, or leaves the text to that."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builder.lint.test_readers import KEYS, SCALARS, streams
from tests.builder.manifests.full_project import FULL, SMALL
from tests.builder.project.test_properties import projects

from wherry_build.errors import ProjectFileInvalid
from wherry_build.manifests.yaml import dump
from wherry_build.project.reading import line_reader, yaml_text
from wherry_build.project.reading.line_reader import line_tree
from wherry_build.project.reading.tree import LIMIT_DEPTH
from wherry_build.project.reading.yaml_text import parsed_tree, read_tree
from wherry_build.quoted_scalar import Unusual

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/project.md").read_text()
EXAMPLE = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
ORDINARY = [FULL, SMALL, EXAMPLE]
PARTS = (
    "\n", "\n\n", " ", "  ", "- ", ": ", ":", ",", ", ", "{", "}", "[", "]", "{}", "[]", "#",
    " # x", "|", "|-", "|\n", "\t", "\r\n", "'", '"', "\\", "''", "&x ", "*x", "!t ", "? ", "---\n",
    "...", "%", "<<", "é", "\u2028", "~", "a: b", "\n  ", "\n    ", "\n- ", "=",
)  # fmt: skip
SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


def agree(text):
    """Whether the quick reader takes `text`; if so it says what the library says."""
    try:
        quick = line_tree(text, path="f")
    except Unusual:
        return False
    assert parsed_tree(text, path="f") == (quick, [])
    return True


@st.composite
def slips(draw, texts):
    """One of `texts` with some of it taken away, written twice or put elsewhere."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 3))):
        at, to = sorted(draw(st.integers(0, len(text))) for _ in range(2))
        part = draw(st.sampled_from(PARTS) | st.sampled_from(SCALARS))
        text = draw(
            st.sampled_from(
                [
                    text[:at] + text[at + 1 :],
                    text[:at] + part + text[at:],
                    text[:at] + part + text[to:],
                    text[:at] + text[at : at + 9] + text[at:],
                    text[:to] + text[at:to][:40] + text[to:],
                ]
            )
        )
    return text


SHORT = st.sampled_from(
    [
        "a:\n  b: {c: d, e: [f, 'g']}\n  h:\n  - i\n  - j: k\n    l: m\n",
        "a: {b: c,\n  # said\n  d: [e,\n    f]}\ng: |\n  h\n\n  i\nj: k # said\n",
        "- a\n- b: c\n",
        "a: |-\n  b: c\n   d\n\ne:\n    - |\n      f\n    - {}\n",
        "a:\n- b:\n  - c\n  d: 'it''s'\n- e: \"f\\n\"\n",
    ]
)


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_is_read_quickly(text):
    assert agree(text)
    assert agree(text.replace("\n", "\r\n"))


@SLOW
@given(projects(), st.sampled_from([None, True, False]), st.integers(20, 200))
def test_readers_agree_on_projects(project, flow, width):
    agree(dump(project))
    agree(yaml.safe_dump(project, default_flow_style=flow, width=width, allow_unicode=True))


@SLOW
@given(slips(st.sampled_from(ORDINARY)) | slips(SHORT) | slips(SHORT))
def test_readers_agree_on_slips(text):
    agree(text)


@SLOW
@given(streams())
def test_readers_agree_on_what_is_generated(text):
    agree(text)


@pytest.mark.parametrize(
    "frame",
    ["a: {}\n", "- {}\n", "a: [{}]\n", "a: {b: {}}\n", "{}: a\n", "a: {{}: b}\n", "a:\n  {}\n",
     "a:\n  - b: {}\n    c: d\n", "a: [b, {} ]\n", "a: {b:\n {}}\n", "a: [\n{}]\n"],
)  # fmt: skip
def test_readers_agree_on_every_scalar(frame):
    for scalar in (*SCALARS, *KEYS):
        agree(frame.replace("{}", scalar, 1) if "{{}" not in frame else f"a: {{{scalar}: b}}\n")


@pytest.mark.parametrize(
    ("text", "is_quick"),
    [
        ("---\na: b\n", True),
        ("# said\n\na: b # said\n", True),
        ("a:\n\n  b: c\n", True),
        ("a: b", True),
        ("a:\n  {b: c,\n  d: e}\n", True),
        ("a:\n{b: c}\n", False),
        ("a:\n  [b]\n  c: d\n", False),
        ("a: [}\n", False),
        ("a: |\n  b", False),
        ("a: b\n  c\n", False),
        ("a: b\nc: d\n---\n", False),
        ("a: {b: c}\na: d\n", False),
        ("a: {b: c, b: d}\n", False),
        ("a: {b: c,}\n", False),
        ("a: {b: c} d\n", False),
        ("a: {b: c}#d\n", False),
        ("a: 'b' c\n", False),
        ("a: [b\n", False),
        ("a\n", False),
        ("- a\n", False),
        ("", False),
        ("a:\n  b: c\n d: e\n", False),
        ("a:\n  - b\n  c: d\n", False),
    ],
)
def test_what_is_read_quickly(text, is_quick):
    assert agree(text) is is_quick


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "{a: " * (LIMIT_DEPTH + 2) + "b" + "}" * (LIMIT_DEPTH + 2),
        "\n".join(f"{' ' * depth}a:" for depth in range(LIMIT_DEPTH + 2)),
    ],
    ids=["flow", "block"],
)
def test_depth_is_told_by_the_library(text):
    with pytest.raises(Unusual):
        line_tree(text, path="f")
    with pytest.raises(ProjectFileInvalid):
        read_tree(text.encode(), path="f")


def is_taken(reader, text):
    try:
        reader(text, path="f")
    except (Unusual, ProjectFileInvalid):
        return False
    return True


def test_both_count_the_same(monkeypatch):
    text = "a: [b, {c: d}]\ne:\n- f\n- g: h\n  i: |\n    j\nk:\n"
    taken = []
    for limit in range(20):
        monkeypatch.setattr(line_reader, "LIMIT_NODES", limit)
        monkeypatch.setattr(yaml_text, "LIMIT_NODES", limit)
        taken.append(is_taken(line_tree, text))
        assert taken[-1] == is_taken(parsed_tree, text), limit
    assert taken[0] < taken[-1]
