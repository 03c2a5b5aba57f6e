"""A wheel that has the runtime's name, version and dependencies and nothing in it.

Resolvers take it for the runtime, so that what a function asks of `wherry`, extras included, is
what this installation offers, and no index is asked for a package of that name.
"""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

from wherry_build.image.runtime_wheel import runtime_requirements, runtime_version

PACKAGE = "wherry"


def write_runtime_stub(folder: Path) -> Path:
    """Write the wheel into `folder`; its file.

    Raises:
        RuntimeUnavailable: The runtime's files or its dependencies cannot be found.
    """
    version = runtime_version()
    extras, optional = _optional()
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {PACKAGE}",
        f"Version: {version}",
        *(f"Requires-Dist: {line}" for line in (*runtime_requirements(), *optional)),
        *(f"Provides-Extra: {extra}" for extra in extras),
        "",
    ]
    information = f"{PACKAGE}-{version}.dist-info"
    wheel = "Wheel-Version: 1.0\nGenerator: wherry\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    file = folder / f"{PACKAGE}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{information}/METADATA", "\n".join(metadata))
        archive.writestr(f"{information}/WHEEL", wheel)
        archive.writestr(f"{information}/RECORD", "")
    return file


def _optional() -> tuple[list[str], list[str]]:
    """The extras of the installed distribution, and what they need."""
    try:
        installed = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return [], []
    extras = installed.metadata.get_all("Provides-Extra") or []
    lines = installed.requires or []
    return extras, [line for line in lines if "extra ==" in line.replace("extra==", "extra ==")]
