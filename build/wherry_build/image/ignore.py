"""Which files of a folder stay out of a build context. Pure: paths in, yes or no out.

Three lists are asked, the last rule that matches decides: `.gitignore`, of the folder and of each
folder in it, as git does; our own list of what is never wanted; the folder's own `.dockerignore`,
which alone may take one back (`!.env`), out of a folder that stays out too (`*`, `!lib/**`). How a
pattern is read is `ignore_pattern`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from wherry_build.image.ignore_pattern import compiled

NEVER_WANTED = (
    ".git", ".hg", ".svn", ".gitignore", ".gitattributes", ".dockerignore", ".github",
    ".venv", "venv", ".tox", ".nox", "node_modules",
    "__pycache__", "*.pyc", "*.pyo", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis",
    ".coverage", ".idea", ".vscode", ".DS_Store",
    ".env", ".env.*", "*.env", ".envrc", ".netrc", ".pypirc", "pip.conf", ".secrets", ".npmrc",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.kdbx",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".ssh", ".gnupg",
    ".aws", ".azure", ".gcloud", ".kube", ".docker", ".git-credentials", ".htpasswd",
    "credentials.json", "service-account*.json", "client_secret*.json", "kubeconfig",
    ".pgpass", ".my.cnf", ".s3cfg", ".boto", ".vault-token", ".yarnrc.yml", "pip.ini",
    "*.ppk", "*.keystore", "*.ovpn", "*.tfstate", "*.tfstate.*", ".terraform",
    "test_*.py", "*_test.py", "conftest.py",
    "wherry.yaml", "wherry.lock",
)  # fmt: skip
"""Names that stay out wherever they are: version control, environments, caches, secrets, tests,
and what says how a function is deployed."""


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    only_folders: bool
    takes_back: bool
    text: str
    below: str = ""

    def matches(self, path: str, *, is_folder: bool) -> bool:
        if (self.only_folders and not is_folder) or not path.startswith(self.below):
            return False
        return self.pattern.fullmatch(path, len(self.below)) is not None


class IgnoreRules:
    """The rules of one folder."""

    def __init__(self, *, gitignore: str = "", dockerignore: str = "") -> None:
        self._git = _rules(gitignore.splitlines(), floating=True)
        self._docker = _rules(dockerignore.splitlines(), floating=False)

    def within(self, folder: str, gitignore: str) -> IgnoreRules:
        """These rules and those of the `.gitignore` in `folder`, for what is in there."""
        if not gitignore:
            return self
        rules = IgnoreRules()
        rules._docker = self._docker
        rules._git = [
            *self._git,
            *_rules(gitignore.splitlines(), floating=True, below=f"{folder}/"),
        ]
        return rules

    def is_ignored(self, path: str, *, is_folder: bool, is_folder_ignored: bool = False) -> bool:
        """Whether `path`, relative and with `/`, stays out.

        Args:
            path: The path.
            is_folder: Whether it is a folder.
            is_folder_ignored: Whether the folder that it is in stays out, and it therefore too,
                unless `.dockerignore` takes it back.
        """
        ignored = is_folder_ignored
        if not ignored:
            ignored = _decided((*self._git, *_OWN), path, is_folder=is_folder, ignored=False)
        return _decided(self._docker, path, is_folder=is_folder, ignored=ignored)

    def is_taken_back(self, path: str) -> bool:
        """Whether `.dockerignore` says of the file `path` that it belongs into the image."""
        return any(rule.takes_back and rule.matches(path, is_folder=False) for rule in self._docker)

    def may_take_back_below(self, folder: str) -> bool:
        """Whether `.dockerignore` takes back something in `folder`, which stays out."""
        return any(
            rule.takes_back and f"{rule.text}/".startswith(f"{folder}/") for rule in self._docker
        )


def _decided(rules: Iterable[_Rule], path: str, *, is_folder: bool, ignored: bool) -> bool:
    for rule in rules:
        if rule.takes_back == ignored and rule.matches(path, is_folder=is_folder):
            ignored = not rule.takes_back
    return ignored


def _rules(
    lines: Iterable[str], *, floating: bool, below: str = "", flags: re.RegexFlag = re.DOTALL
) -> list[_Rule]:
    """Read patterns; `floating` ones without a `/` match at any depth, as git has it."""
    rules = []
    for raw in lines:
        line = raw.strip() if not raw.rstrip().endswith("\\") else raw.lstrip()
        if not line or line.startswith("#"):
            continue
        takes_back = line.startswith("!")
        body = line.removeprefix("!").removeprefix("./")
        only_folders = body.endswith("/")
        body = body.rstrip("/")
        anchored = "/" in body or not floating
        body = body.lstrip("/")
        if body:
            pattern = compiled(body, is_anchored=anchored, is_git=floating, flags=flags)
            rules.append(_Rule(pattern, only_folders, takes_back, body, below))
    return rules


_OWN = _rules(NEVER_WANTED, floating=True, flags=re.DOTALL | re.IGNORECASE)
