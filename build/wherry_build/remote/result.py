"""What a remote builder answers: results, one JSON document a line. No I/O.

Lines stay below 64 KiB, because the client reads them with Go's `bufio.Scanner`, which takes no
longer ones. What engines print goes to a person's terminal, so it is made harmless here.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LIMIT_LINE_BYTES = 60_000
_LIMIT_LOG_BYTES = 24_000
_LIMIT_TEXT = 4_000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Status(enum.Enum):
    """How a build stands."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """How a build stands, and what has been said since the last time.

    Attributes:
        status: How it stands; nothing follows one that is not in progress.
        log: Lines.
        image: Name of the image, once it is there.
        error: Why it failed, in one line.
    """

    status: Status
    log: tuple[str, ...] = ()
    image: str = ""
    error: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON has it; keys that say nothing are left out."""
        said = {
            "log": [line for text in self.log for line in shown(text)],
            "image": self.image,
            "status": self.status.value,
            "error": _shortened(" ".join(shown(self.error))),
        }
        return {key: value for key, value in said.items() if value}

    def lines(self) -> Iterator[bytes]:
        """As lines of JSON: a long log is several, the last of which has the status."""
        document = self.document()
        rest: list[str] = []
        size = 0
        for line in document.get("log", []):
            length = len(_json(line)) + 1
            if rest and size + length > _LIMIT_LOG_BYTES:
                yield _json({"log": rest, "status": Status.IN_PROGRESS.value}) + b"\n"
                rest, size = [], 0
            rest.append(line)
            size += length
        yield _json({**document, "log": rest} if rest else document) + b"\n"


def shown(text: str) -> list[str]:
    """The lines of `text` as a terminal may have them: no escapes, no control characters."""
    plain = _ESCAPES.sub("", text).replace("\t", "    ")
    lines = (_UNSHOWN.sub("", line).rstrip() for line in plain.splitlines())
    return [_shortened(line) for line in lines]


def _shortened(text: str) -> str:
    return text if len(text) <= _LIMIT_TEXT else f"{text[:_LIMIT_TEXT]}..."


def _json(value: Any) -> bytes:
    # As UTF-8 and not in escapes, of which one character may take twelve bytes.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
