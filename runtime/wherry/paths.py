"""Paths as text: what a start asks of them, without `pathlib`.

With what it imports (`urllib.parse`, `ipaddress`, `ntpath`) that is 3 ms of a cold start, and a
start asks little. Everything that runs later, and whoever says what failed, may have a `Path`.
"""

from __future__ import annotations

import os

exists = os.path.exists
is_file = os.path.isfile
is_folder = os.path.isdir
is_absolute = os.path.isabs
absolute = os.path.abspath
resolved = os.path.realpath
joined = os.path.join
parent_of = os.path.dirname
name_of = os.path.basename
working_folder = os.getcwd


def stem_of(path: str) -> str:
    """The name without its last suffix."""
    return os.path.splitext(name_of(path))[0]  # noqa: PTH122


def suffix_of(path: str) -> str:
    """The last suffix of the name with its dot; empty for none."""
    return os.path.splitext(name_of(path))[1]  # noqa: PTH122
