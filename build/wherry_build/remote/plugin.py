"""The plugin of faas-cli: a small program that makes `faas-cli wherry ...` run `wherry ...`.

faas-cli runs `~/.openfaas/plugins/NAME` with the words after NAME and its whole environment, so the
program hands both on. It always looks in that folder: `OPENFAAS_CONFIG` moves its configuration and
not its plugins. Nothing is written over, or deleted, that is not ours.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wherry_build.errors import DestinationExists, PluginNotFound

NAME = "wherry"
_MARK = "# Wherry's plugin of faas-cli: made by `wherry plugin install`.\n"
_LIMIT_BYTES = 64 * 1024


def plugins_folder(home: Path) -> Path:
    """Where faas-cli looks for plugins."""
    return home / ".openfaas" / "plugins"


def this_command() -> tuple[str, ...]:
    """The words that run this installation's command."""
    return (sys.executable, "-m", "wherry_cli")


def shim(command: Sequence[str]) -> str:
    """The program that runs `command` in its own place."""
    return f'#!/bin/sh\n{_MARK}exec {shlex.join(command)} "$@"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One file in faas-cli's folder of plugins.

    Attributes:
        file: The file.
        is_ours: Whether `install` made it.
        runs: What it runs, as it is written there; empty of another's.
    """

    file: Path
    is_ours: bool
    runs: str = ""


def installed(home: Path) -> list[Plugin]:
    """Every plugin there is, by name."""
    folder = plugins_folder(home)
    if not folder.is_dir():
        return []
    return [_plugin(file) for file in sorted(folder.iterdir())]


def install(home: Path, command: Sequence[str], *, is_forced: bool = False) -> Path:
    """Make the plugin; its file. One of ours that is there is made anew.

    Raises:
        DestinationExists: Another's file is there, and it is not `is_forced`.
    """
    file = plugins_folder(home) / NAME
    if os.path.lexists(file) and not _plugin(file).is_ours and not is_forced:
        raise DestinationExists(
            f"{file} exists, and is not Wherry's", hint="wherry plugin install --force"
        )
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    part = file.with_name(f".{NAME}.{os.getpid()}.part")
    try:
        part.write_text(shim(command), encoding="utf-8")
        part.chmod(0o755)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file


def uninstall(home: Path) -> Path:
    """Delete the plugin; the file that was it.

    Raises:
        PluginNotFound: There is none.
        DestinationExists: What is there is another's.
    """
    file = plugins_folder(home) / NAME
    if not os.path.lexists(file):
        raise PluginNotFound(f"{file}: no such file", hint="wherry plugin install")
    if not _plugin(file).is_ours:
        raise DestinationExists(f"{file} is not Wherry's", hint=f"rm {shlex.quote(str(file))}")
    file.unlink()
    return file


def _plugin(file: Path) -> Plugin:
    text = ""
    if not file.is_symlink() and stat.S_ISREG(file.lstat().st_mode):
        with file.open("rb") as opened:
            text = opened.read(_LIMIT_BYTES).decode("utf-8", "replace")
    head, mark, rest = text.partition(_MARK)
    if head != "#!/bin/sh\n" or not mark:
        return Plugin(file=file, is_ours=False)
    return Plugin(
        file=file, is_ours=True, runs=rest.strip().removeprefix("exec ").removesuffix(' "$@"')
    )
