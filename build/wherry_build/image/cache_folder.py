"""Where a build keeps what another build may use: one folder for a person, a sub-folder a kind."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "WHERRY_CACHE"


def cache_folder(kind: str) -> Path:
    """The folder of `kind`: `layers`, `wheels`, `blobs`; it may not be there yet.

    It is below WHERRY_CACHE, else below `wherry` in XDG_CACHE_HOME or `~/.cache`.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        return Path(given).absolute() / kind
    above = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification has a relative path ignored.
    home = Path(above) if Path(above).is_absolute() else Path("~/.cache").expanduser()
    return home / "wherry" / kind
