"""Reads pip's configuration files, in the order in which the later one wins.

Source: pip's documentation, topics/configuration.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from wherry_build.errors import RequirementsInvalid


def pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """What the files say that concerns installing, by the option's name.

    Raises:
        RequirementsInvalid: A file is none of pip's.
    """
    given = environ.get("PIP_CONFIG_FILE", "")
    if given == os.devnull:
        return {}
    home = Path(environ.get("HOME") or "~").expanduser()
    config = environ.get("XDG_CONFIG_HOME") or home / ".config"
    files = [
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        Path(config) / "pip/pip.conf",
        Path(sys.prefix) / "pip.conf",
    ]
    said: dict[str, str] = {}
    for file in [*files, *([Path(given)] if given else [])]:
        if file.is_file():
            said.update(read_pip_file(file))
    return said


def read_pip_file(file: Path) -> dict[str, str]:
    """What one file says, as `pip_options`.

    Raises:
        RequirementsInvalid: It is none of pip's.
    """
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        raise RequirementsInvalid(
            f"{file}: no configuration of pip's", hint="pip config debug"
        ) from None
    return {
        name.replace("_", "-"): value
        for section in ("global", "install")
        if parser.has_section(section)
        for name, value in parser.items(section)
    }
