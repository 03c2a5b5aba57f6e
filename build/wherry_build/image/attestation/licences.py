"""What a wheel says of its licence, and that once read it is known (Core Metadata 2.4)."""

from __future__ import annotations

import re
from pathlib import Path

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.locked import LockedWheel
from wherry_build.image.whole_file import write_whole

_LIMIT_BYTES = 1 << 20
_LIMIT_EXPRESSION = 200
_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*", re.ASCII)
_BY_CLASSIFIER = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
    "License :: OSI Approved :: The Unlicense (Unlicense)": "Unlicense",
}
"""Classifiers that stand for one licence of SPDX and no other."""
_KNOWN = frozenset(_BY_CLASSIFIER.values()) | {
    "0BSD", "BSD-2-Clause", "BSD-3-Clause", "GPL-2.0-only", "GPL-3.0-only", "LGPL-3.0-only", "Zlib",
}  # fmt: skip
"""What the free text of a licence is taken for when it is just that."""


def licence(wheel: LockedWheel, wheels: WheelCache | None = None) -> str:
    """An expression of SPDX; empty where the wheel says none, or is not here to be asked."""
    kept = cache_folder("licences") / wheel.sha256
    try:
        return kept.read_text(encoding="ascii")
    except OSError:
        pass
    file = (wheels or WheelCache.default()).found(wheel)
    if file is None:
        return ""
    found = licence_in(_metadata(file))
    write_whole(kept, found.encode("ascii"))
    return found


def licence_in(metadata: str) -> str:
    """What the metadata of a wheel says of its licence, as an expression of SPDX."""
    said: dict[str, list[str]] = {}
    for line in metadata.partition("\n\n")[0].splitlines():
        name, colon, value = line.partition(":")
        if colon and name[:1].strip():
            said.setdefault(name.lower(), []).append(value.strip())
    for expression in said.get("license-expression", []):
        if len(expression) <= _LIMIT_EXPRESSION and _EXPRESSION.fullmatch(expression):
            return expression
    for text in said.get("license", []):
        if text in _KNOWN:
            return text
    by_classifier = {_BY_CLASSIFIER.get(each, "") for each in said.get("classifier", [])} - {""}
    return by_classifier.pop() if len(by_classifier) == 1 else ""


def _metadata(file: Path) -> str:
    """The METADATA of a wheel; empty where there is none to be read."""
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            for item in archive.infolist():
                if item.filename.count("/") == 1 and item.filename.endswith(".dist-info/METADATA"):
                    with archive.open(item) as opened:
                        return opened.read(_LIMIT_BYTES).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile):
        pass
    return ""
