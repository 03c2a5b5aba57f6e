"""An nginx.conf as a tree of directives, each with its line; what is included stands in its place.

The only module that knows crossplane, the parser. An `include` is followed to what was given with
the file, and nowhere else: files beside it, or other keys of its ConfigMap. It judges nothing.
"""

from __future__ import annotations

import fnmatch
import functools
import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wherry_build.errors import ExtraMissing
from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document, Embedding, Form
from wherry_build.lint.node import mapping
from wherry_build.lint.rule import Fault, fault_at_line

_LIMIT_INCLUDED = 3  # one file in another in another
_LIMIT_DEPTH = 64
_LIMIT_CACHED = 4096
_WHOLE = frozenset({"http", "server"})
_MEDIA_TYPES = frozenset(
    {"fastcgi.conf", "fastcgi_params", "mime.types", "scgi_params", "uwsgi_params"}
)
"""Files of every distribution of NGINX; none of them says anything of how it proxies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A directive as it is written; `block` is None for one that ends with a semicolon."""

    name: str
    arguments: tuple[str, ...]
    line: int
    block: tuple[Statement, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxFault:
    """What the parser could not make a directive of."""

    message: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directive:
    """A directive where it takes effect.

    Attributes:
        document: The file that it is written in, which may be an included one.
        parent: The block that it is in; None for the whole configuration.
    """

    statement: Statement
    document: Document
    parent: Directive | None
    bundle: Bundle
    depth: int = 0

    @property
    def name(self) -> str:
        """Its name."""
        return self.statement.name

    @property
    def arguments(self) -> tuple[str, ...]:
        """Its arguments, without quotes."""
        return self.statement.arguments

    @property
    def value(self) -> str:
        """The first argument, or empty."""
        return self.arguments[0] if self.arguments else ""

    def children(self) -> Iterator[Directive]:
        """What is in its block, with the directives of what is included."""
        for statement in self.statement.block or ():
            inner = replace(self, statement=statement, parent=self)
            found = [] if statement.name != "include" else list(_included(inner))
            if not found or self.depth >= _LIMIT_INCLUDED:
                yield inner
                continue
            for document in found:
                holder = replace(
                    self,
                    statement=_whole(document),
                    document=document,
                    parent=self.parent,
                    depth=self.depth + 1,
                )
                for each in holder.children():
                    yield replace(each, parent=self)

    def walk(self) -> Iterator[Directive]:
        """All below it, outer ones first."""
        for child in self.children():
            yield child
            yield from child.walk()

    def scopes(self) -> Iterator[Directive]:
        """The blocks that it is in, the innermost first."""
        scope = self.parent
        while scope is not None:
            yield scope
            scope = scope.parent

    def effective(self, name: str) -> tuple[Directive, ...]:
        """The directives `name` that hold here: those of the innermost block that has any."""
        for scope in self.scopes():
            found = tuple(child for child in scope.children() if child.name == name)
            if found:
                return found
        return ()

    @property
    def is_all_known(self) -> bool:
        """Whether nothing that was not given could say more about what holds here."""
        scopes = list(self.scopes())
        if _WHOLE.isdisjoint(scope.name for scope in scopes):
            return False  # a part of a configuration, without what it is included in
        return not any(
            child.name == "include" and posixpath.basename(child.value) not in _MEDIA_TYPES
            for scope in scopes
            for child in scope.children()
        )

    def fault(self, message: str, *, hint: str = "") -> Fault:
        """A fault at its line."""
        line = self.statement.line
        written = self.document.content.split("\n")
        text = written[line - 1] if 0 < line <= len(written) else ""
        column = max(text.find(self.name), 0) + 1
        return fault_at_line(self.document, line, message, column=column, hint=hint)


def configurations(bundle: Bundle) -> Iterator[Directive]:
    """Every configuration as a whole; a file that another one includes is part of that."""
    roots = [_root(bundle, document) for document in bundle.of_form(Form.NGINX)]
    included = {
        id(document)
        for root in roots
        for directive in _written(root)
        if directive.name == "include"
        for document in _included(directive)
    }
    for root in roots:
        if id(root.document) not in included:
            yield root


def syntax_fault(text: str) -> SyntaxFault | None:
    """The first thing in `text` that is no directive; None when all of it is.

    Raises:
        ExtraMissing: The parser is not installed.
    """
    return _parsed(text)[1]


def is_found(directive: Directive) -> bool:
    """Whether what an `include` names was given with the file."""
    return any(True for _ in _included(directive))


def _root(bundle: Bundle, document: Document) -> Directive:
    return Directive(statement=_whole(document), document=document, parent=None, bundle=bundle)


def _whole(document: Document) -> Statement:
    return Statement(name="", arguments=(), line=1, block=_parsed(document.content)[0])


def _written(directive: Directive) -> Iterator[Directive]:
    """All below a directive as it is written, nothing included."""
    for statement in directive.statement.block or ():
        inner = replace(directive, statement=statement, parent=directive)
        yield inner
        yield from _written(inner)


def _included(directive: Directive) -> Iterator[Document]:
    pattern = directive.value
    document = directive.document
    inside = document.embedding
    if inside is not None:
        yield from _other_keys(document, inside, posixpath.basename(pattern))
        return
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(document.path), pattern))
    for form in (Form.NGINX, Form.OTHER):
        for other in directive.bundle.of_form(form):
            is_text = other.embedding is None and other is not document and other.node is None
            if is_text and fnmatch.fnmatchcase(posixpath.normpath(other.path), wanted):
                yield other


def _other_keys(document: Document, inside: Embedding, pattern: str) -> Iterator[Document]:
    own = inside.keys[-1]
    for key, text in mapping(inside.outer.get("data")).items():
        if key != own and isinstance(text, str) and fnmatch.fnmatchcase(str(key), pattern):
            place = Embedding(outer=inside.outer, keys=("data", key), line=None)
            yield Document(path=document.path, form=Form.NGINX, content=str(text), embedding=place)


@functools.lru_cache(maxsize=_LIMIT_CACHED)
def _parsed(text: str) -> tuple[tuple[Statement, ...], SyntaxFault | None]:
    try:
        import crossplane
    except ImportError as error:
        raise ExtraMissing(
            "an nginx.conf is read with the package crossplane, and it is not installed",
            hint="pip install 'wherry[lint]'",
        ) from error
    # The parser takes the name of a file and nothing else.
    with tempfile.TemporaryDirectory(prefix="wherry-") as folder:
        file = Path(folder, "nginx.conf")
        file.write_text(text + "\n", encoding="utf-8", errors="replace")
        payload: Mapping[str, Any] = crossplane.parse(
            str(file), single=True, check_ctx=False, check_args=False
        )
    (config,) = payload["config"]
    errors = config["errors"]
    fault = None
    if errors:
        said = str(errors[0]["error"]).partition(" in /")[0]
        fault = SyntaxFault(message=said, line=errors[0]["line"] or 1)
    return _statements(config["parsed"]), fault


def _statements(parsed: Sequence[Mapping[str, Any]], depth: int = 0) -> tuple[Statement, ...]:
    if depth > _LIMIT_DEPTH:
        return ()
    return tuple(
        Statement(
            name=each["directive"],
            arguments=tuple(each["args"]),
            line=each["line"],
            block=_statements(each["block"], depth + 1) if "block" in each else None,
        )
        for each in parsed
    )
