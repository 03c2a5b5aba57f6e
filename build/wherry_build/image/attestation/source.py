"""The commit that a folder's files are of, as git says; nothing where there is no git."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from wherry_build.image.attestation.bill import Commit
from wherry_build.image.wheels.locked import without_credentials

_LIMIT_S = 10.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_WEB = re.compile(r"https?://", re.ASCII)
_SHORT = re.compile(r"(?:[^@/]+@)?([^:/]+):(?!/)(.+)", re.ASCII)


def commit_of(folder: Path) -> Commit | None:
    """The commit of `folder`; None where it is in no repository, or git does not say."""
    git = shutil.which("git")
    if git is None:
        return None
    digest = _asked(git, folder, "rev-parse", "--verify", "HEAD")
    if digest is None or not _COMMIT.fullmatch(digest):
        return None
    changes = _asked(git, folder, "status", "--porcelain", "--", ".")
    remote = _asked(git, folder, "config", "--get", "remote.origin.url")
    return Commit(digest=digest, is_changed=changes != "", remote=remote_address(remote or ""))


def remote_address(text: str) -> str:
    """The address of a repository on the web, without credentials; empty of any other."""
    short = _SHORT.fullmatch(text)
    if short is not None and "://" not in text:
        return f"https://{short[1]}/{short[2]}"
    return without_credentials(text) if _WEB.match(text) else ""


def _asked(git: str, folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, and no shell
            [git, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
