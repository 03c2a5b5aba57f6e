"""One virtual environment a requirements file, made once and kept in a cache directory.

Peers cannot share one: functions-framework needs an older cloudevents than the others.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.serving.peers import HERE, Peer


def cache() -> Path:
    """Where environments are kept: `WHERRY_BENCH_CACHE`, or the user's cache directory."""
    given = os.environ.get("WHERRY_BENCH_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(base) / "wherry" / "bench"


def bin_of(peer: Peer) -> Path:
    """The `bin` of the environment of `peer`, which is made when it is not there."""
    if not peer.requirements:
        return Path(sys.executable).parent
    requirements = HERE / "peers" / peer.requirements
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = cache() / f"{requirements.stem}-py{version}-{digest}"
    done = home / ".done"
    if not done.exists():
        print(f"making the environment of {peer.name} in {home}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
        subprocess.run([*pip, "install", "-r", str(requirements)], check=True)
        done.touch()
    return home / "bin"
