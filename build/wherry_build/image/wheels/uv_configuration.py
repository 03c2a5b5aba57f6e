"""Reads the indexes that a project has set for uv, in pyproject.toml and uv.toml.

uv reads them by itself when it resolves; whoever downloads what uv locked needs their credentials.
Source: uv's documentation, concepts/indexes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wherry_build.errors import RequirementsInvalid
from wherry_build.image.wheels.index_settings import with_credentials
from wherry_build.image.wheels.pylock import toml_document


def uv_indexes(folder: Path, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The URLs of the indexes that the project in `folder` names, with their credentials.

    Raises:
        RequirementsInvalid: A file of settings is no TOML.
    """
    found = []
    for name, path in (("uv.toml", ()), ("pyproject.toml", ("tool", "uv"))):
        table = _document(folder / name)
        for key in path:
            table = table.get(key, {})
        for index in table.get("index", ()):
            if isinstance(index, dict) and isinstance(index.get("url"), str):
                named = f"{index['name']}=" if "name" in index else ""
                found.append(with_credentials(f"{named}{index['url']}", environ))
    return tuple(found)


def _document(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise RequirementsInvalid(f"{file}: cannot be read, expected TOML") from None
    return toml_document(text, file)
