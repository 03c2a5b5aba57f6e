"""Which files of a folder stay out of a build context. Pure: paths in, yes or no out.

Three lists are asked, the last rule that matches decides: the folder's `.gitignore`, our own list
of what is never wanted, the folder's `.dockerignore`, which alone may take one back (`!.env`).
The patterns are the common part of both formats: `*`, `?`, `[a-z]`, `**`, a leading `/`, a
trailing `/` for folders, `!`, `#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

NEVER_WANTED = (
    ".git", ".hg", ".svn", ".gitignore", ".gitattributes", ".dockerignore", ".github",
    ".venv", "venv", ".tox", ".nox", "node_modules",
    "__pycache__", "*.pyc", "*.pyo", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis",
    ".coverage", ".idea", ".vscode", ".DS_Store",
    ".env", ".env.*", "*.env", ".envrc", ".netrc", ".pypirc", "pip.conf", ".secrets", ".npmrc",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.kdbx",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".ssh", ".gnupg",
    ".aws", ".azure", ".gcloud", ".kube", ".docker", ".git-credentials", ".htpasswd",
    "credentials.json", "service-account*.json",
    "test_*.py", "*_test.py", "conftest.py",
    "wherry.yaml", "wherry.lock",
)  # fmt: skip
"""Names that stay out wherever they are: version control, environments, caches, secrets, tests,
and what says how a function is deployed."""


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    only_folders: bool
    takes_back: bool


class IgnoreRules:
    """The rules of one folder."""

    def __init__(self, *, gitignore: str = "", dockerignore: str = "") -> None:
        self._rules = [
            *_rules(gitignore.splitlines(), floating=True),
            *_rules(NEVER_WANTED, floating=True),
            *_rules(dockerignore.splitlines(), floating=False),
        ]

    def is_ignored(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path`, relative and with `/`, stays out; what is in a folder stays with it."""
        ignored = False
        for rule in self._rules:
            if rule.only_folders and not is_folder:
                continue
            if rule.takes_back == ignored and rule.pattern.fullmatch(path):
                ignored = not rule.takes_back
        return ignored


def _rules(lines: Iterable[str], *, floating: bool) -> list[_Rule]:
    """Read patterns; `floating` ones without a `/` match at any depth, as git has it."""
    rules = []
    for raw in lines:
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        takes_back = line.startswith("!")
        body = line.removeprefix("!").removeprefix("\\").removeprefix("./")
        only_folders = body.endswith("/")
        body = body.rstrip("/")
        anchored = "/" in body or not floating
        body = body.lstrip("/")
        if body:
            lead = "" if anchored else "(?:.*/)?"
            try:
                pattern = re.compile(lead + _translated(body), re.DOTALL)
            except re.error:  # a range such as `[z-a]` is taken as it stands
                pattern = re.compile(lead + re.escape(body), re.DOTALL)
            rules.append(_Rule(pattern, only_folders, takes_back))
    return rules


def _translated(pattern: str) -> str:
    made = ""
    position = 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            made += "(?:.*/)?"
            position += 3
        elif rest.startswith("**"):
            made += ".*"
            position += 2
        elif rest.startswith("*"):
            made += "[^/]*"
            position += 1
        elif rest.startswith("?"):
            made += "[^/]"
            position += 1
        elif rest.startswith("[") and (end := rest.find("]", 2)) > 0:
            inner = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            made += "(?!/)[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]"
            position += end + 1
        else:
            made += re.escape(rest[0])
            position += 1
    return made
