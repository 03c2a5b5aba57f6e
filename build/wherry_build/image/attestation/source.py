"""The commit that a folder's files are of, as git says; nothing where there is no git."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path

from wherry_build.image.attestation.bill import Commit
from wherry_build.image.wheels.locked import without_credentials

_LIMIT_S = 10.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_WEB = re.compile(r"https?://", re.ASCII)
_SHORT = re.compile(r"(?:[^@/]+@)?([^:/]+):(?!/)(.+)", re.ASCII)


def commit_of(folder: Path) -> Commit | None:
    """The commit of `folder`; None where it is in no repository, or git does not say."""
    if not _may_be_of_git(folder):
        return None
    import shutil

    git = shutil.which("git")
    if git is None:
        return None
    digest, changes, remote = _asked(
        git,
        folder,
        ["rev-parse", "--verify", "HEAD"],
        ["status", "--porcelain", "--", "."],
        ["config", "--get", "remote.origin.url"],
    )
    if digest is None or not _COMMIT.fullmatch(digest):
        return None
    return Commit(digest=digest, is_changed=changes != "", remote=remote_address(remote or ""))


def _may_be_of_git(folder: Path) -> bool:
    """Whether git is worth being asked: a `.git` is above, or the environment names one."""
    if "GIT_DIR" in os.environ:
        return True
    inner = folder.resolve()
    return any((each / ".git").exists() for each in (inner, *inner.parents))


def remote_address(text: str) -> str:
    """The address of a repository on the web, without credentials; empty of any other."""
    short = _SHORT.fullmatch(text)
    if short is not None and "://" not in text:
        return f"https://{short[1]}/{short[2]}"
    return without_credentials(text) if _WEB.match(text) else ""


def _asked(git: str, folder: Path, *questions: list[str]) -> list[str | None]:
    """What git answers to each of `questions`, which it is asked at the same time."""
    import subprocess

    running: list[subprocess.Popen[str]] = []
    answers: list[str | None] = []
    with ExitStack() as ended:
        for question in questions:
            try:
                process = subprocess.Popen(  # noqa: S603 - a list of words, and no shell
                    [git, "-C", str(folder), *question],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    errors="replace",
                )
            except OSError:
                return [None] * len(questions)
            running.append(ended.enter_context(process))
            ended.callback(process.kill)
        for process in running:
            try:
                said, _ = process.communicate(timeout=_LIMIT_S)
            except subprocess.TimeoutExpired:
                answers.append(None)
                continue
            answers.append(said.strip() if process.returncode == 0 else None)
    return answers
