"""What wheels must fit and layers count on: the Python, the C library and the folders of a base.

Two labels of the base say it outright, `io.wherry.base.python` and `io.wherry.base.libc`; the
official images name their Python in PYTHON_VERSION. What neither says is looked for in the layers,
once for each base, and kept by the digest of its manifest.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build.errors import BaseUnusable
from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.engine import Progress
from wherry_build.image.oci.base import BaseImage
from wherry_build.image.whole_file import write_whole
from wherry_build.values import frozen

if TYPE_CHECKING:
    from wherry_build.image.wheels.target import Libc

PYTHON_LABEL = "io.wherry.base.python"
LIBC_LABEL = "io.wherry.base.libc"
FOLDERS = frozenset({"opt", "srv"})
"""Folders that layers put something in; every distribution has them, and some images do not."""

_VERSION = 1
_LIMIT_RECORD_BYTES = 4096
_OLDEST_PYTHON = (3, 10)
_PYTHON = re.compile(r"(3)\.([0-9]{1,3})(?:\.[0-9]{1,3}[a-z0-9]{0,8})?", re.ASCII)
_LIBC = re.compile(r"(glibc|musl)[ -]([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)


@frozen
class BaseFacts:
    """What is known of one base.

    Attributes:
        python: Version of its Python, `(3, 12)`.
        python_full_version: To the last digit, `3.12.4`; empty when it is not said.
        libc: Its C library.
        libc_version: The version of that, `(2, 36)`.
        missing_folders: Those of `FOLDERS` that it does not have, or may not have.
    """

    python: tuple[int, int]
    python_full_version: str = ""
    libc: Libc
    libc_version: tuple[int, int]
    missing_folders: frozenset[str] = FOLDERS


def base_facts(base: BaseImage, progress: Progress, folder: Path | None = None) -> BaseFacts:
    """What is known of `base`.

    Args:
        base: The base; its layers are opened only where its documents do not say enough and the
            cache does not know it.
        progress: Is told that layers are looked through.
        folder: Where facts are kept; the cache's when not given.

    Raises:
        BaseUnusable: It has no Python or C library that can be found, or too old a Python.
    """
    folder = cache_folder("base-facts") if folder is None else folder
    file = folder / f"{base.digest.rpartition(':')[2]}.json"
    facts = _kept(file)
    if facts is None:
        facts = _found(base, progress)
        _keep(file, facts)
    if facts.python < _OLDEST_PYTHON:
        major, minor = facts.python
        raise BaseUnusable(
            f"{base.reference}: got Python {major}.{minor}, expected 3.10 or newer",
            hint="take another base, python:3.12-slim for one",
        )
    return facts


def _found(base: BaseImage, progress: Progress) -> BaseFacts:
    version = base.labels.get(PYTHON_LABEL) or base.environment.get("PYTHON_VERSION", "")
    python = _PYTHON.fullmatch(version)
    libc = _LIBC.fullmatch(base.labels.get(LIBC_LABEL, ""))
    folders: frozenset[str] = frozenset()
    kind: Libc
    if python is None or libc is None:
        from wherry_build.image.oci.root_filesystem import look

        progress.step(f"looking for Python and the C library in {base.reference}")
        seen = look(base, is_python_wanted=python is None)
        version, folders = version if python is not None else seen.python, seen.folders
        python = _PYTHON.fullmatch(version)
        libc = libc or _LIBC.fullmatch(seen.libc)
    if python is None:
        raise BaseUnusable(
            f"{base.reference}: no python3 was found on its PATH",
            hint="take another base, python:3.12-slim for one, or give this one the label "
            f"{PYTHON_LABEL}=3.12",
        )
    if libc is None:
        raise BaseUnusable(
            f"{base.reference}: its C library was not found, and wheels are made for one",
            hint=f"give it the label '{LIBC_LABEL}=glibc 2.36' (ldd --version says which), or "
            "build with --engine docker",
        )
    kind = "musl" if libc[1] == "musl" else "glibc"
    return BaseFacts(
        python=(int(python[1]), int(python[2])),
        python_full_version=version if version.count(".") == 2 else "",
        libc=kind,
        libc_version=(int(libc[2]), int(libc[3])),
        missing_folders=FOLDERS - folders,
    )


def _kept(file: Path) -> BaseFacts | None:
    try:
        with file.open("rb") as opened:
            said = json.loads(opened.read(_LIMIT_RECORD_BYTES))
        if said["version"] != _VERSION:
            return None
        major, minor = said["python"]
        libc_major, libc_minor = said["libc_version"]
        return BaseFacts(
            python=(int(major), int(minor)),
            python_full_version=str(said["python_full_version"]),
            libc="musl" if said["libc"] == "musl" else "glibc",
            libc_version=(int(libc_major), int(libc_minor)),
            missing_folders=FOLDERS & set(said["missing_folders"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None  # a cache: what cannot be read is looked for again


def _keep(file: Path, facts: BaseFacts) -> None:
    document = {
        "version": _VERSION,
        "python": facts.python,
        "python_full_version": facts.python_full_version,
        "libc": facts.libc,
        "libc_version": facts.libc_version,
        "missing_folders": sorted(facts.missing_folders),
    }
    with suppress(OSError):  # it is then looked for again
        write_whole(file, json.dumps(document).encode())
