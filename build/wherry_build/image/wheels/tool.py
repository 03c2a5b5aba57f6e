"""Runs pip and uv as processes of their own, and says in few words why one failed.

It knows how to start a tool and to keep passwords out of what it prints; not what is asked of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wherry_build.errors import RequirementsUnresolved
from wherry_build.image.wheels.index_settings import IndexSettings

TIMEOUT_S = 900
_SHOWN_LINES = 12


class ToolFailed(Exception):  # noqa: N818 - never leaves this package
    """A tool ended with an error; its last lines, without passwords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that asks package indexes.

    Attributes:
        command: How it is started.
        settings: The indexes that it asks.
    """

    command: tuple[str, ...]
    settings: IndexSettings

    def run(self, arguments: Sequence[str], *, folder: Path, **variables: str) -> str:
        """What it prints when it is run in `folder`.

        Raises:
            ToolFailed: It ended with an error, or not at all.
        """
        try:
            ended = subprocess.run(  # noqa: S603 - found on the path, no shell
                [*self.command, *arguments],
                cwd=folder,
                env={**self.settings.environment(), **variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ToolFailed(f"{self.command[0]} did not end in {TIMEOUT_S} s") from None
        except OSError as error:
            raise ToolFailed(f"{self.command[0]}: {error.strerror}") from None
        if ended.returncode:
            raise ToolFailed(self._last_lines(ended.stderr) or f"ended with {ended.returncode}")
        return ended.stdout.decode(errors="replace")

    def _last_lines(self, printed: bytes) -> str:
        lines = self.settings.redacted(printed.decode(errors="replace")).splitlines()
        shown = [line.rstrip() for line in lines if line.strip()]
        return "\n".join(shown[-_SHOWN_LINES:])


def found_uv(settings: IndexSettings) -> Tool | None:
    """The tool uv; None where it is not installed."""
    beside = Path(sys.executable).with_name("uv")
    found = os.environ.get("UV") or shutil.which("uv") or (str(beside) if beside.exists() else "")
    return Tool(command=(found,), settings=settings) if found else None


def found_pip(settings: IndexSettings) -> Tool | None:
    """The tool pip, of this Python or of the path; None where it is not installed."""
    import importlib.util

    if importlib.util.find_spec("pip") is not None:
        # Isolated, so that no module of the function's folder is taken for one of pip's.
        return Tool(command=(sys.executable, "-I", "-m", "pip"), settings=settings)
    found = shutil.which("pip") or shutil.which("pip3")
    return Tool(command=(found,), settings=settings) if found else None


def neither() -> RequirementsUnresolved:
    """The error that there is neither."""
    return RequirementsUnresolved(
        "neither uv nor pip is installed, and one of them finds the versions that are needed",
        hint="pip install uv, or put a pylock.toml into the function's folder",
    )
