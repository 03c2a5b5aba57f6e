"""Each quick reader gives what the round-trip library gives, or leaves the text to that."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry_build.lint.block import block_nodes
from wherry_build.lint.libyaml import marked_nodes
from wherry_build.lint.marks import MarkedMapping, mark, start
from wherry_build.lint.node import is_list, walk
from wherry_build.lint.roundtrip import Unreadable, block_text, is_plain, read_yaml
from wherry_build.lint.source import read_marked
from wherry_build.manifests.yaml import dump
from wherry_build.quoted_scalar import Unusual

EXAMPLES = Path(__file__).parent / "examples"
FILES = sorted(EXAMPLES.rglob("*.yaml"))
WRITTEN = [file.read_text() for file in FILES]
ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("WHERRY_SHARED_DATA") or ROOT.parent / "shared/data")

SCALARS = (
    "a", "a b", "a:b", "a#b", "a 'b'", "-a", "--flag=x", "?a", ":a", "@", "`", "%a", "a{b}", "/",
    "*.x", "", "~", "null", "Null", "true", "True", "TRUE", "yes", "no", "on", "y", "off", "<<",
    "=", "...", "0", "-0", "+1", "12", "012", "0o14", "0x1F", "0b11", "1_000", "-12",
    "12345678901234567890", "1.0", "1.50", ".5", "1e3", "1.5e-3", ".inf", "-.INF", ".nan", "1:30",
    "12:30:45", "1.2.3", "10.0.0.1", "2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00",
    "250m", "128Mi", "5s", "1-2", "- a", "''", "'it''s'", "'a b'", '"a"', '"a\\nb"',
    '"\\x41\\u00e9"', '"\\/"', '"a: b"', '"#"', '"12"', '"', "'", "[]", "{}", "[a, 'b', 1]",
    "[a, [b, {c: d}]]", "{a: b, c: [d]}", "{a: b, a: c}", "{a}", "[a: b]", '{"a":1}', "[", "}",
    "&x a", "*x", "!t a", "! a", "!!str 1", "é", "日本", "\U0001f600", "a\tb", "\x85", "\u2028",
    "|", "|-", "|+", ">", ">-", "|2", "a: b", "[a,\n b]", "'a\n b'", "a\n b", "# no", "a # said",
)  # fmt: skip
KEYS = (
    "a", "b", "spec", "a.b/c-d", "kind", "'q'", '"q"', "1", "true", "null", "a b", "? a", "<<",
    "&k a", "é", "{a: b}", "[a]", "", "-a", "y", "~", "2024-01-01", "<", "=",
)  # fmt: skip


COMMON = st.sampled_from(
    ["a", "b c", "12", "'d'", '"e"', "true", "1.50", "[a, {b: c}]", "{a: 'b'}"]
)
SCALAR = st.one_of(*[COMMON] * 7, st.sampled_from(SCALARS))
KEY = st.one_of(*[st.text("abcdefg", min_size=2, max_size=3)] * 15, st.sampled_from(KEYS))
END = st.sampled_from(
    ["", "", "", "", "", " ", " # said", "", "", "", "\n", "\n# said", "\n   # said", "#"]
)
MARKER = st.sampled_from(["---\n", "---\n", "--- # said\n", "\n---\n\n", "", "---\n---\n", "...\n"])


@st.composite
def values(draw, column=0, depth=0):
    """The lines of a value, and whether the first of them may stand behind a key or a dash."""
    pad = " " * column
    kind = draw(st.sampled_from("mmmmlls|>" if depth < 2 else "ssss|>"))
    if kind == "s":
        return [draw(SCALAR) + draw(END)], True
    if kind in "|>":
        words = draw(st.lists(st.sampled_from(["a", "# b", "c: d", "", "  e", "'"]), max_size=3))
        mark = draw(st.sampled_from(["", "", "-", "+", "2"]))
        return [kind + mark + draw(END), *(f"{pad}  {each}" for each in words)], True
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        head = f"{draw(KEY)}:" if kind == "m" else "-"
        further = column + draw(st.sampled_from([2, 2, 2, 4, 1, 0]))
        below, is_inline = draw(values(column=further, depth=depth + 1))
        if kind == "l" and not is_inline and further == column + 2:
            below[0], is_inline = below[0].lstrip(" "), True
        if is_inline:
            lines += [f"{pad}{head} {below[0]}", *below[1:]]
        else:
            lines += [f"{pad}{head}{draw(END)}", *below]
    return lines, False


@st.composite
def streams(draw):
    """Streams of documents, most of them YAML."""
    documents = [lines for lines, _ in draw(st.lists(values(), min_size=1, max_size=2))]
    text = draw(MARKER).join("\n".join(lines) + "\n" for lines in documents)
    return text.replace("\n", "\r\n") if draw(st.integers(0, 9)) == 0 else text


PRINTED = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 10**6) | st.floats(-9, 9) | st.text(max_size=4),
    lambda below: (
        st.dictionaries(st.text("ab.-1 ", max_size=3), below, max_size=3)
        | st.lists(below.filter(lambda each: not isinstance(each, list)), max_size=3)
    ),
)


@st.composite
def slips(draw):
    """The text of an example with some of it taken away, written twice or put elsewhere."""
    text = draw(
        st.sampled_from(WRITTEN)
        | st.dictionaries(st.text("ab", min_size=1), PRINTED, min_size=1).map(dump)
    )
    for _ in range(draw(st.integers(1, 3))):
        at, to = sorted(draw(st.integers(0, len(text))) for _ in range(2))
        other = draw(st.one_of(st.sampled_from(SCALARS), st.sampled_from(["\n", " ", "- ", ": "])))
        text = draw(
            st.sampled_from(
                [
                    text[:at] + text[at + 1 :],
                    text[:at] + other + text[at:],
                    text[:at] + text[at : at + 9] + text[at:],
                    text[:to] + text[at:to][:40] + text[to:],
                ]
            )
        )
    return text


def described(text, roots):
    """All that a rule can see of nodes: values, types, marks, and how texts were written."""
    return [fact for root in roots for keys, node in walk(root) for fact in facts(text, keys, node)]


def facts(text, keys, node):
    if isinstance(node, dict):
        yield keys, "mapping", start(node)
        yield from ((keys, key, mark(node, key), block_text(text, node, key)) for key in node)
    elif is_list(node):
        yield keys, "list", start(node)
        yield from ((keys, index, mark(node, index)) for index in range(len(node)))
    else:
        kind = next(each for each in (bool, str, int, float, object) if isinstance(node, each))
        yield keys, kind, repr(node), is_plain(node)


def agree(text):
    """The quick readers that take `text`; both say of it what the round-trip library says."""
    taken = []
    for reader in (block_nodes, marked_nodes):
        try:
            quick = reader(text)
        except (Unusual, Unreadable):
            continue
        assert described(text, quick) == described(text, list(read_yaml(text))), reader
        taken.append(reader)
    return taken


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams() | slips())
def test_readers_agree_on_what_is_generated(text):
    agree(text)


@pytest.mark.parametrize(
    "frame", ["a: {}\n", "- {}\n", "a: [{}]\n", "{}: a\n", "a:\n  b: {}\n  c: d\n"]
)
def test_readers_agree_on_every_scalar(frame):
    taken = [agree(frame.replace("{}", scalar)) for scalar in SCALARS]
    assert sum(map(bool, taken)) > len(taken) / 4


@pytest.mark.parametrize(
    "file", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_examples_are_read_quickly_and_alike(file):
    text = file.read_text()
    assert bool(agree(text)) != ("&" in text or "LNT001/bad" in str(file))


@pytest.mark.shared
@pytest.mark.parametrize("folder", [SHARED / "known-bad", SHARED.parent / "reference/proxies"])
def test_what_others_wrote_is_read_alike(folder):
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    taken = [agree(file.read_text()) for file in sorted(folder.glob("*.yaml"))]
    assert sum(map(bool, taken)) > len(taken) / 2


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a: 1\na: 1\n",
        "1: a\n",
        "? [a]\n: b\n",
        "%YAML 1.1\n---\na: yes\n",
        "a: |\n    \n  b\n",
        "a\n",
        "a: [1\n",
        "<<: {a: b}\n",
        "a:\tb\n",
    ],
)
def test_what_is_not_ordinary_is_left_to_the_round_trip_library(text):
    for reader in (block_nodes, marked_nodes):
        with pytest.raises(Unusual):
            reader(text)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1), PRINTED, min_size=1))
def test_what_we_write_ourselves_is_read_line_by_line(value):
    nodes = block_nodes(dump(value))
    assert nodes == [value]
    assert agree(dump(value)) == [block_nodes, marked_nodes]


def test_without_libyaml_the_same_is_read(monkeypatch):
    text = (EXAMPLES / "ENV007/bad.yaml").read_text()
    quick = read_marked(text)
    assert isinstance(quick[0], MarkedMapping)
    monkeypatch.setitem(sys.modules, "wherry_build.lint.libyaml", None)
    slow = list(read_marked(text))
    assert not isinstance(slow[0], MarkedMapping)
    assert described(text, slow) == described(text, quick)
