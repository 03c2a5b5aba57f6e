"""YAML text becomes a tree with positions, or an error with a line and a column."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_build.errors import ProjectFileInvalid
from wherry_build.project.reading.tree import Kind, Scalar, Sequence, Table
from wherry_build.project.reading.yaml_text import LIMIT_BYTES, read_tree


def read(text):
    return read_tree(text if isinstance(text, bytes) else text.encode(), path="f")


def faults(text):
    try:
        return [str(fault) for fault in read(text)[1]]
    except ProjectFileInvalid as error:
        return [error.message]


def test_everything_knows_where_it_stands():
    tree, found = read("a:\n  - b\n  - {c: 1}\n")
    assert found == []
    key = tree.entries["a"]
    assert str(key.position) == "f:1:1"
    assert [str(item.position) for item in key.value.items] == ["f:2:5", "f:3:5"]
    assert str(key.value.items[1].entries["c"].value.position) == "f:3:9"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("yes", Kind.TEXT),
        ("on", Kind.TEXT),
        ("true", Kind.TRUTH),
        ("~", Kind.NOTHING),
        ("010", Kind.WHOLE),
        ("0x1f", Kind.WHOLE),
        ("1e3", Kind.NUMBER),
        (".inf", Kind.NUMBER),
        ("'1'", Kind.TEXT),
        ('"true"', Kind.TEXT),
        ("2024-01-01", Kind.TEXT),
        ("12:30:45", Kind.TEXT),
        ("9" * 9999, Kind.WHOLE),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, kind):
    tree, _ = read(f"a: {text}\n")
    assert tree.entries["a"].value.kind is kind


def test_an_alias_is_what_its_anchor_names():
    tree, found = read("a: &x {b: 1}\nc: *x\n")
    assert found == []
    assert tree.entries["c"].value == tree.entries["a"].value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            "key 'a' a second time at f:3:1: expected each key once; the first is",
        ),
        ("a: &x {b: 1}\n<<: *x\n", "merge key '<<' at f:2:1"),
        ("a: !foo 1\n", "tag '!foo' at f:1:4"),
        ("a: !!python/object:os.system 1\n", "at f:1:4: expected no tags"),
        ("? [a]\n: b\n", "a key that is no single value at f:1:3"),
        ("a: *x\n", "alias 'x' at f:1:4"),
        ("a: &x [*x]\n", "alias 'x' at f:1:8"),
        ("a: 1\n---\nb: 2\n", "a second document at f:2:1"),
        ("%YAML 1.1\n---\na: 1\n", "a directive at f:2:1"),
        ("a: [1\nb: 2\n", "not YAML at f:"),
        ("a:\n\t- b\n", "not YAML at f:2:"),
        ("a: \x01\n", "not YAML at f:"),
        ("[" * 60 + "]" * 60, "nesting at f:1:"),
        ('a: "\\UFFFFFFFF"\n', "not YAML at f:"),
    ],
)
def test_what_is_refused(text, said):
    (found,) = faults(text)
    assert said in found


def test_a_quoted_merge_key_is_a_key():
    tree, found = read("'<<': 1\n")
    assert found == []
    assert list(tree.entries) == ["<<"]


def test_aliases_of_aliases_do_not_grow_without_limit():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (found,) = faults("\n".join(lines))
    assert "too much" in found


@pytest.mark.parametrize("content", [b"\xff", b"a: \xc3\x28", b"\xfe\xff\x00a"])
def test_what_is_no_utf_8(content):
    with pytest.raises(ProjectFileInvalid, match="not UTF-8 at f:1:1"):
        read_tree(content, path="f")


def test_what_is_too_long():
    with pytest.raises(ProjectFileInvalid, match="too long"):
        read_tree(b"#" * (LIMIT_BYTES + 1), path="f")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n...\n"])
def test_what_is_empty(text):
    tree, found = read(text)
    assert found == []
    assert tree is None or tree.kind is Kind.NOTHING


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`, \n\t\\?<0.~\u2028\ud7ff", max_size=40) | st.text())
def test_any_text_gives_a_tree_or_an_error_with_a_position(text):
    found = faults(text)
    assert all(" at f:" in fault for fault in found)
    if not found:
        tree, _ = read(text)
        assert tree is None or isinstance(tree, (Scalar, Sequence, Table))


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_give_a_tree_or_an_error_with_a_position(content):
    assert all(" at f:" in fault for fault in faults(content))
