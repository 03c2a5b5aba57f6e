"""Texts that were written to be taken for something else, and where they may stand.

What they must not change is the structure of documents: their names and the lengths of their lists.
"""

import json
import shlex
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import crossplane
import yaml
from hypothesis import strategies as st

from wherry_build.project.shape import Items, Keyed, Named, Shape
from wherry_build.project.specification.scalars import Text

TEXTS = (
    "\n---\nkind: Pod\n", "a: b", "a\nb: c", "- a", "? a", "{a: b}", "[a]", "&a b", "*a", "!!str a",
    "<<", "yes", "Off", "~", "null", "1e3", "0x1F", "0o17", "1_0", "2026-11-23", "12:30:45", "=",
    "", " a ", "'", '"', "\\", "a # b", "#", "%YAML 1.1", "\t", "\u0085", "\u2028a", "\ufeff",
    "\x00", "\x1b[31m", "é", "$a", "${a}", "$(A)", "$$", "%{a}", "%[a]", "%REQ(a)%", "{{a}}",
    "<%= a %>", "`a`", "a;", "a; return 200;", '"; return 200; #', "'; return 200; #", "}", "} {",
    "{", "a b", "a\\", "/a;b", "/a$b", "/a'b", "/a%20b", "/a(b", "/a*", "/a%0d%0ab", "/a'", "/$a",
    "/a=b,c",
    "x'y", "x$y", "x`y", "x|y", "x%y", "x.y", "x*y", "x#y", "x+y", "x^y", "x!y", "x&y", "x~y",
    "http://a.b:1/c", "a/b; c", 'a/b;"c"', "@daily",
)  # fmt: skip


# Any of these in a text means something to YAML, to a configuration or to a template.
SIGNS = frozenset(";{}$%'\"`#&*\\")


class Place(NamedTuple):
    """Where a text is in a tree: the value at a path, or the last name of it."""

    path: tuple
    is_name: bool
    shape: Text

    @property
    def is_open(self) -> bool:
        """Whether the model takes a text there that means something elsewhere."""
        return any(self.shape.accepts(text) for text in TEXTS if SIGNS & set(text))

    def put(self, tree: object, text: str) -> None:
        """Put `text` there; a map keeps its order."""
        for step in self.path[:-1]:
            tree = tree[step]
        last = self.path[-1]
        if not self.is_name:
            tree[last] = text
            return
        items = [(text if key == last else key, item) for key, item in tree.items()]
        tree.clear()
        tree.update(items)


def places(shape: Shape, tree: object, path: tuple = ()) -> Iterator[Place]:
    """Everywhere in `tree` where the model takes a text."""
    match shape, tree:
        case Text(), str():
            yield Place(path, False, shape)
        case Keyed(fields=fields), dict():
            for field in fields:
                if field.key in tree:
                    yield from places(field.shape, tree[field.key], (*path, field.key))
        case Named(name=name, value=value), dict():
            for key, item in tree.items():
                yield Place((*path, key), True, name)
                yield from places(value, item, (*path, key))
        case Items(item=item), list():
            for at, each in enumerate(tree):
                yield from places(item, each, (*path, at))


def texts(shape: Text) -> st.SearchStrategy[str]:
    """Texts that the model takes there, those above first."""
    known = [text for text in TEXTS if shape.accepts(text)]
    if not shape.pattern:
        return st.one_of(st.sampled_from(known), st.text(max_size=12).filter(shape.accepts))
    made = st.from_regex(shape.pattern, fullmatch=True).filter(shape.accepts)
    return st.one_of(st.sampled_from(known), made) if known else made


def structure(value: object, renamed: dict[str, str]) -> object:
    """The names in a document, and what is in its lists, in no order: routes are sorted.

    What is in a configuration in it is looked at as well.
    """
    if isinstance(value, dict):
        if value.get("kind") == "ConfigMap":
            inner = {file: _configuration(file, text) for file, text in value["data"].items()}
            value = {**value, "data": inner}
        return {renamed.get(key, key): structure(item, renamed) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return sorted((structure(item, renamed) for item in value), key=json.dumps)
    return type(value).__name__


def _configuration(file: str, text: str) -> object:
    if file.endswith((".cfg", ".map", ".list")):
        return [_words(line) for line in text.splitlines()]
    return list(_directives(text) if file.endswith(".conf") else yaml.safe_load_all(text))


def _words(line: str) -> dict:
    """A line of HAProxy: its first two words, and how many there are as its quotes have them."""
    words = shlex.split(line)
    return {f"{' '.join(words[:2]) if line[:2] == '  ' else words[:1]} {len(words)}": ""}


def _directives(text: str) -> Iterator[dict]:
    """The directives of NGINX: the first word, how many there are, and how each ends.

    In a map the first word is what is looked for, in quotes.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        words: list[str] = []
        for word, _, is_quoted in crossplane.lexer.lex(file.name):
            if is_quoted or word not in {";", "{", "}"}:
                words.append("*" if is_quoted else word)
                continue
            if words or word == "}":
                yield {f"{' '.join(words[:1])} {len(words)} {word}": ""}
            words = []
