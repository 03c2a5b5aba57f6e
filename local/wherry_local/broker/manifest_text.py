"""Manifests as text to values with their places: documents, keys, and faults where one is wrong.

No I/O. It knows YAML by the project's own reader, and nothing of any kind of object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from wherry_build.errors import ProjectFileInvalid
from wherry_build.project.reading.fault import Fault, nearest
from wherry_build.project.reading.tree import Kind, Scalar, Table, Tree, shown
from wherry_build.project.reading.yaml_text import read_tree
from wherry_local.errors import ManifestInvalid

_MARK = re.compile(r"(---|\.\.\.)(?=\s|$)")
_PERIOD = re.compile(
    r"P(?:(?P<W>\d+(?:\.\d+)?)W)?(?:(?P<D>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_UNITS_S = {"W": 604_800, "D": 86_400, "h": 3600, "m": 60, "s": 1}
_LIMIT_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a manifest.

    Attributes:
        tree: The value.
        name: Its way from the document: `spec.delivery.retry`.
        faults: Where faults are noted, of the whole file.
    """

    tree: Tree
    name: str
    faults: list[Fault]

    def get(self, key: str) -> Value | None:
        """The value of a key; None where there is none, or nothing."""
        if not isinstance(self.tree, Table):
            self.refuse("a map")
            return None
        entry = self.tree.entries.get(key)
        if entry is None or _is_nothing(entry.value):
            return None
        return Value(entry.value, f"{self.name}.{key}".lstrip("."), self.faults)

    def known(self, *keys: str) -> None:
        """Refuse every key but `keys`."""
        if not isinstance(self.tree, Table):
            self.refuse("a map")
            return
        for key, entry in self.tree.entries.items():
            if key not in keys:
                like = nearest(key, keys)
                self.faults.append(
                    Fault(
                        position=entry.position,
                        what=f"unknown key {f'{self.name}.{key}'.lstrip('.')!r}",
                        expected="" if like else f"one of {', '.join(keys)}",
                        nearest=like,
                    )
                )

    def text(self, *, expected: str = "text", pattern: str = r"[^\x00-\x1f\x7f]+") -> str | None:
        """The value as text; None, with a fault, where it is none that fits."""
        text = self.tree.text if isinstance(self.tree, Scalar) else ""
        if getattr(self.tree, "kind", None) is Kind.TEXT and re.fullmatch(pattern, text):
            return text
        self.refuse(expected)
        return None

    def whole(self, least: int, most: int) -> int | None:
        """The value as a whole number; None, with a fault, where it is none within the bounds."""
        if isinstance(self.tree, Scalar) and self.tree.kind is Kind.WHOLE:
            text = self.tree.text
            if text.isdigit() and len(text) <= _LIMIT_DIGITS and least <= int(text) <= most:
                return int(text)
        self.refuse(f"a whole number from {least} to {most}")
        return None

    def period_s(self) -> float | None:
        """The value as seconds (ISO 8601, weeks to seconds); None, with a fault, if it is none."""
        expected = "a duration in ISO 8601 such as `PT0.2S` or `PT1M`"
        text = self.text(expected=expected)
        if text is None:
            return None
        found = _PERIOD.fullmatch(text) if len(text) <= 64 else None
        parts = {} if found is None else {k: v for k, v in found.groupdict().items() if v}
        if not parts or text.endswith("T"):
            self.refuse(expected)
            return None
        return float(sum(Decimal(amount) * _UNITS_S[unit] for unit, amount in parts.items()))

    def texts(self) -> dict[str, str]:
        """The value as a map of texts; what is none is noted and left out."""
        if not isinstance(self.tree, Table):
            self.refuse("a map")
            return {}
        found = {}
        for key, entry in self.tree.entries.items():
            value = Value(entry.value, f"{self.name}.{key}", self.faults)
            text = value.text(expected="text, in quotes", pattern=r"[^\x00-\x1f\x7f]*")
            if text is not None:
                found[key] = text
        return found

    def refuse(self, expected: str, *, like: str = "") -> None:
        """Note that it is not what it must be."""
        self.faults.append(
            Fault(
                position=self.tree.position,
                what=self.name or "the document",
                got=shown(self.tree),
                expected=expected,
                nearest=like,
            )
        )


def documents(content: bytes, *, path: str) -> tuple[list[Value], list[Fault]]:
    """The documents of a file, and the faults that left them whole.

    Raises:
        ManifestInvalid: It is no YAML that can be read.
    """
    faults: list[Fault] = []
    found: list[Value] = []
    try:
        for text in _split(content.decode("utf-8-sig")):
            tree, noted = read_tree(text.encode(), path=path)
            faults += noted
            if tree is not None and not _is_nothing(tree):
                found.append(Value(tree, "", faults))
    except UnicodeDecodeError:
        raise ManifestInvalid(f"{path}: got bytes that are no UTF-8, expected YAML") from None
    except ProjectFileInvalid as error:
        raise ManifestInvalid(error.message) from None
    return found, faults


def _split(text: str) -> Iterator[str]:
    """The documents of a text, each with empty lines before it, so that its lines count right.

    A line that begins with `---` or `...` is a mark wherever it stands (YAML 1.2 section 9.1.2).
    """
    lines = text.splitlines(keepends=True)
    begin = 0
    for number, line in enumerate([*lines, "---\n"]):
        if not _MARK.match(line) and number < len(lines):
            continue
        document = "".join(lines[begin:number])
        if any(each.strip() and not each.lstrip().startswith("#") for each in lines[begin:number]):
            yield "\n" * begin + document
        begin = number
        if number < len(lines):
            lines[number] = "   " + line[3:]


def _is_nothing(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.kind is Kind.NOTHING
