"""Reads files and folders into documents, each key and item with its line and column.

What a file holds is told by its content, not its name: objects, Envoy's bootstrap, OpenFaaS's
stack, nginx.conf; also as text inside a ConfigMap. What cannot be read is a finding (LNT001), never
a traceback. It knows no rule.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from wherry_build.collection import uncollected
from wherry_build.errors import LintError
from wherry_build.lint.block import block_nodes
from wherry_build.lint.document import Document, Embedding, Form
from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.mending import mend
from wherry_build.lint.node import Keys, Node, items, mapping
from wherry_build.lint.recognition import form_of, is_nginx, may_be_envoy
from wherry_build.lint.roundtrip import Unreadable, block_text, library, read_yaml
from wherry_build.quoted_scalar import Unusual

UNREADABLE = "LNT001"
"""The rule that a file which cannot be read breaks."""

SUFFIXES = frozenset({".yaml", ".yml", ".json", ".conf"})
_ENDINGS = tuple(SUFFIXES)
_HERE = f".{os.sep}"
_EXAMPLE = "wherry lint deploy/"
_SKIPPED = frozenset({"node_modules", "__pycache__"})


Reader: TypeAlias = Callable[[str], Iterable[Node]]
"""Makes nodes of a text, one for each document that is not empty; raises Unreadable."""


def read_marked(text: str) -> Iterable[Node]:
    """Nodes to look at, of the quickest reader that takes the text.

    Raises:
        Unreadable: The text is no YAML, or a mapping has a key twice.
    """
    with suppress(Unusual):
        return block_nodes(text)
    with suppress(Unusual, ImportError):  # PyYAML is absent, or has no libyaml
        from wherry_build.lint.libyaml import marked_nodes

        return marked_nodes(text)
    return read_yaml(text)


@dataclass(slots=True, kw_only=True)
class Source:
    """One text of documents: a file, or the text of a ConfigMap's key.

    Attributes:
        text: As it was read; where that is no YAML, as it was probably meant.
        roots: The nodes, one a document of the stream; for writing it again when they are of the
            round-trip library.
        inside: Where the text stands in another document, when it is no file.
        is_whole: Whether all of it could be read as it was written, so that it may be rewritten.
    """

    path: str
    text: str
    roots: list[Node] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    inside: Embedding | None = None
    is_whole: bool = True


@dataclass(slots=True, kw_only=True)
class Reading:
    """All that was read, with what could not be.

    Attributes:
        reader: How; nodes that are to be edited come from `read_yaml`.
    """

    reader: Reader = read_marked
    sources: list[Source] = field(default_factory=list)
    unreadable: list[Finding] = field(default_factory=list)

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document, in the order of the files."""
        return tuple(document for source in self.sources for document in source.documents)


@uncollected()
def read(paths: Iterable[Path]) -> Reading:
    """Read every file of `paths`, folders with all that is below them.

    Raises:
        LintError: A path is not there, or is a file of no kind that is linted.
        ExtraMissing: The library that reads YAML is not installed.
    """
    reading = Reading()
    library()  # said now, and not only at the first file that needs it
    for file in _files(paths):
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - a Path costs more than to read
            content = opened.read()
        try:
            _read_text(reading, file, content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            fault = Unreadable(f"byte {error.start} is no UTF-8", line=line, column=1)
            reading.unreadable.append(_unreadable(file, fault))
    return reading


def read_text(text: str, path: str = "-", *, reader: Reader = read_marked) -> Reading:
    """Read one text as the file `path` would be."""
    reading = Reading(reader=reader)
    _read_text(reading, path, text)
    return reading


def _files(paths: Iterable[Path]) -> Iterator[str]:
    seen: set[str] = set()
    for path in paths:
        if path.is_dir():
            found = _walk(path)
        elif not path.exists():
            raise LintError(f"{path}: there is no such file or folder", hint=_EXAMPLE)
        elif path.suffix.lower() not in SUFFIXES:
            kinds = " ".join(sorted(SUFFIXES))
            raise LintError(
                f"{path}: got {path.suffix or 'no suffix'!r}, expected one of {kinds}",
                hint=_EXAMPLE,
            )
        else:
            found = iter((str(path),))
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _walk(folder: Path) -> Iterator[str]:
    """The files of a folder in order; what is hidden and a chart's templates are not manifests."""
    for root, folders, names in os.walk(folder):
        is_chart = "Chart.yaml" in names
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not (is_chart and name == "templates")
        )
        for name in sorted(names):
            if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                yield f"{root}{os.sep}{name}".removeprefix(_HERE)


def _read_text(reading: Reading, path: str, text: str) -> None:
    source = Source(path=path, text=text)
    reading.sources.append(source)
    if path.lower().endswith(".conf"):
        if is_nginx(text):
            source.documents.append(Document(path=path, form=Form.NGINX, content=text))
        return
    _read_stream(reading, source)


def _read_stream(reading: Reading, source: Source) -> None:
    try:
        _take(reading, source)
    except Unreadable as fault:
        source.is_whole = False
        reading.unreadable.append(_unreadable(source.path, fault))
        mended = mend(source.text)
        if mended is not None and mended != source.text:
            source.text, source.roots, source.documents = mended, [], []
            with suppress(Unreadable):  # told already
                _take(reading, source)


def _take(reading: Reading, source: Source) -> None:
    """Take each document of the text, those before a fault too."""
    for root in reading.reader(source.text):
        source.roots.append(root)
        for node in _flattened(root):
            _add(reading, source, node)


def _flattened(root: Node) -> Iterator[Node]:
    """`root`, or what is in it when it is a list of objects."""
    form = form_of(root)
    if form is Form.KUBERNETES and root.get("kind") == "List":
        yield from items(root.get("items"))
    else:
        yield root


def _add(reading: Reading, source: Source, node: Node) -> None:
    document = Document(path=source.path, form=form_of(node), node=node)
    source.documents.append(document)
    if document.kind == "ConfigMap" and document.api_version == "v1":
        for key in mapping(document.get("data")):
            _look_inside(reading, source, document, ("data", key))


def _look_inside(reading: Reading, source: Source, outer: Document, keys: Keys) -> None:
    """Read the text at `keys` of a ConfigMap when it configures a proxy."""
    value = outer.get(*keys)
    if not isinstance(value, str) or not (is_nginx(value) or may_be_envoy(value)):
        return
    before, indent = block_text(source.text, outer.node["data"], keys[-1])
    embedding = Embedding(outer=outer, keys=keys, line=before, indent=indent)
    inner = Source(path=source.path, text=str(value), inside=embedding)
    if is_nginx(value):
        inner.documents.append(
            Document(path=source.path, form=Form.NGINX, content=inner.text, embedding=embedding)
        )
        reading.sources.append(inner)
        return
    try:
        inner.roots = list(reading.reader(inner.text))
    except Unreadable as fault:
        place = Document(path=source.path, form=Form.OTHER, embedding=embedding).at_line(
            fault.line, fault.column
        )
        told = Unreadable(f"{keys[-1]}: {fault}", line=place.line, column=place.column)
        reading.unreadable.append(_unreadable(source.path, told, outer.subject))
        return
    inner.documents = [
        Document(path=source.path, form=form_of(root), node=root, embedding=embedding)
        for root in inner.roots
        if form_of(root) is Form.ENVOY
    ]
    reading.sources.append(inner)


def _unreadable(path: str, fault: Unreadable, subject: str = "") -> Finding:
    return Finding(
        rule=UNREADABLE,
        severity=Severity.ERROR,
        path=path,
        line=fault.line,
        column=fault.column,
        subject=subject,
        message=f"this cannot be read: {fault}",
        hint=fault.hint,
    )
