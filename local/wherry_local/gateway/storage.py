"""Reads and writes the small JSON files of the state folder; of a full disk the caller is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from wherry_local.errors import LocalError
from wherry_local.gateway.answers import Refused
from wherry_local.state import StateFolder


def write(state: StateFolder, file: Path, content: bytes) -> None:
    """Put `content` at `file`, whole or not at all.

    Raises:
        Refused: It cannot be stored (507).
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.write(file, content, durable=True)
    except OSError as error:
        raise Refused(507, f"{file.name}: could not be stored: {error.strerror}") from None


def read(file: Path) -> dict[str, Any]:
    """The object in `file`; an empty one where there is no such file.

    Raises:
        LocalError: It is no JSON object.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise LocalError(
            f"{file}: expected a JSON object, as the platform writes it", hint=f"rm {file}"
        )
    return said
