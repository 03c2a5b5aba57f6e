"""A document as it was read: one object, one bootstrap, one stack or one nginx.conf.

It knows where each of its keys stands in the file, also when it is text inside a ConfigMap. It
reads no file and judges nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property

from wherry_build.lint.finding import Place
from wherry_build.lint.marks import mark, start
from wherry_build.lint.node import Key, Keys, Node, at, text


class Form(enum.Enum):
    """What a document is, told by its content."""

    KUBERNETES = "an object with a kind"
    ENVOY = "an Envoy bootstrap"
    NGINX = "an nginx.conf"
    STACK = "a stack.yaml of OpenFaaS"
    OTHER = "anything else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """Where a document that is text inside another one stands.

    Attributes:
        keys: From the outer document to the text.
        line: Lines before the text's first; None when its lines cannot be told.
        indent: Columns before each of its lines.
    """

    outer: Document
    keys: Keys
    line: int | None
    indent: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Document:
    """One document.

    Attributes:
        path: Its file, as it is shown.
        node: Its node, with marks; None for an nginx.conf.
        content: The text of an nginx.conf; empty for any other.
        embedding: Where it stands when it is text inside a ConfigMap.
    """

    path: str
    form: Form
    node: Node = None
    content: str = ""
    embedding: Embedding | None = None
    index: int = 0

    @cached_property
    def kind(self) -> str:
        """The kind as written, or empty."""
        return text(at(self.node, "kind")) if self.form is Form.KUBERNETES else ""

    @cached_property
    def api_version(self) -> str:
        """`group/version`, or `v1` of the core group."""
        return text(at(self.node, "apiVersion")) if self.form is Form.KUBERNETES else ""

    @cached_property
    def group(self) -> str:
        """The API's group; empty for the core's."""
        return self.api_version.rpartition("/")[0]

    @cached_property
    def name(self) -> str:
        """`metadata.name`, or empty."""
        return text(at(self.node, "metadata", "name"))

    @cached_property
    def namespace(self) -> str:
        """`metadata.namespace`, or empty."""
        return text(at(self.node, "metadata", "namespace"))

    @cached_property
    def subject(self) -> str:
        """`Kind namespace/name`, for a person; of the object that it is inside of, if it is."""
        if self.embedding is not None:
            return self.embedding.outer.subject
        if not self.kind:
            return ""
        full = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {full}".rstrip()

    def get(self, *keys: Key) -> Node:
        """What is at `keys`, None where nothing is."""
        return at(self.node, *keys)

    def place(self, *keys: Key) -> Place:
        """Where the key or item at `keys` stands, or the nearest above it that is written."""
        line, column = _position(self.node, keys)
        return self.at_line(line, column)

    def at_line(self, line: int, column: int = 1) -> Place:
        """A line of this document, as a place in the file it is in."""
        inside = self.embedding
        if inside is None:
            return Place(path=self.path, line=line, column=column)
        if inside.line is None:
            return inside.outer.place(*inside.keys)
        return Place(path=self.path, line=inside.line + line, column=inside.indent + column)


def _position(node: Node, keys: Keys) -> tuple[int, int]:
    """Line and column, from 1, of the last of `keys` that has a place of its own."""
    line, column = start(node) or (0, 0)
    for key in keys:
        below = at(node, key)
        known = mark(node, key)
        if known is not None:
            line, column = known
        elif below is None:
            break
        node = below
    return (line + 1, column + 1)
