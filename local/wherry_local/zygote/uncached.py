"""Sources that may be edited are compiled each time, whatever has been cached of them.

Python takes cached code for that of a file of the same size and the same second of change, and an
edit may well keep both. What is installed is not edited and stays cached.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from typing import Any

_INSTALLED = tuple(
    {os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")}  # noqa: PTH118
)
_PACKAGES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_path_stats = SourceFileLoader.path_stats


def install() -> None:
    """From now on, in this process."""
    SourceFileLoader.path_stats = _stats  # type: ignore[method-assign]


def _stats(self: SourceFileLoader, path: str) -> Mapping[str, Any]:
    if path.startswith(_INSTALLED) or any(each in path for each in _PACKAGES):
        return _path_stats(self, path)
    raise OSError("not cached")  # what the loader takes for: neither read nor write any
