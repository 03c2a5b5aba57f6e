"""Where and when a run was made, for whoever reads its figures later."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.serving.origins import Absent
from benchmarks.serving.peers import Peer


def circumstances(settings: Mapping[str, object]) -> dict[str, str]:
    """The machine, the day, and how long was measured."""
    now = dt.datetime.now(tz=dt.timezone.utc)
    return {
        "date": now.date().isoformat(),
        "processor": f"{os.cpu_count()} cores of {_processor()}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": _load_tool(),
        **{name: str(value) for name, value in settings.items()},
    }


def versions(peers: Iterable[Peer]) -> dict[str, str]:
    """What ran, by peer; for one that cannot run here, why."""
    return {peer.name: _version(peer) for peer in peers}


def _version(peer: Peer) -> str:
    try:
        peer.origin.folder()
        return peer.origin.version()
    except Absent as why:
        return f"absent: {why}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _load_tool() -> str:
    try:
        said = subprocess.run(["wrk", "-v"], check=False, capture_output=True, text=True).stdout
    except OSError:
        return "wrk: absent"
    return said.partition(" Copyright")[0]
