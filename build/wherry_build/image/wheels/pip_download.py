"""Lets pip download one locked file, where an index wants what only pip was taught: keyrings.

It gives pip the exact URL and hash, and the tags of the file itself, so that pip's own machine
counts for nothing.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.locked import LockedFile
from wherry_build.image.wheels.tool import ToolFailed, found_pip


@contextlib.contextmanager
def downloaded_by_pip(item: LockedFile, settings: IndexSettings) -> Iterator[Path | None]:
    """The file, for as long as the block runs; None when pip does not get it, or is not there."""
    pip = found_pip(settings)
    with tempfile.TemporaryDirectory(prefix="wherry-pip-") as scratch:
        wanted = Path(scratch, "requirements.txt")
        # pip would put variables of the environment into the URL.
        url = item.url.replace("${", "%24{")
        wanted.write_text(f"{item.name} @ {url} --hash=sha256:{item.sha256}\n", "utf-8")
        arguments = ["download", "--quiet", "--require-hashes", "--no-deps", "--no-cache-dir"]
        arguments += ["--dest", scratch, *_fits(item.file_name), "-r", str(wanted)]
        try:
            if pip is not None:
                pip.run(arguments, folder=Path(scratch))
        except ToolFailed:
            pass  # the caller knows the index's own answer
        yield next((file for file in Path(scratch).iterdir() if file != wanted), None)


def _fits(file_name: str) -> list[str]:
    """The options by which pip takes a wheel for another machine than its own."""
    if not file_name.endswith(".whl"):
        return ["--no-binary", ":all:"]
    python, abi, platforms = file_name[: -len(".whl")].rsplit("-", 3)[1:]
    options = ["--only-binary", ":all:", "--ignore-requires-python"]
    options += ["--implementation", python[:2], "--python-version", python.split(".")[0][2:]]
    for item in abi.split("."):
        options += ["--abi", item]
    for item in platforms.split("."):
        options += ["--platform", item]
    return options
