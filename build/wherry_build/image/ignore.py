"""Which files of a folder stay out of a build context. Pure: paths in, yes or no out.

Three lists are asked: `.gitignore`, of the folder and of each folder in it, as git does; our own
list of what is never wanted; and the folder's own `.dockerignore`, as docker does, which has the
last word: the last of its rules that matches a path or a folder above it decides. What is never
wanted it takes back by name alone (`!.env`, `!*.pem`), for whoever writes `!lib` or `!lib/**`
does not mean `lib/.env`. How a pattern is read is `ignore_pattern`'s.
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
    ".wherry",
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


class Standing(NamedTuple):
    """What is said of one path, and so of what is in it.

    Attributes:
        is_ignored: Whether it stays out.
        by_git: Whether a `.gitignore` says so, of it or of a folder above.
        by_us: Whether it is never wanted, or a folder above is not.
    """

    is_ignored: bool = False
    by_git: bool = False
    by_us: bool = False


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

    @property
    def is_by_name(self) -> bool:
        """Whether it says more of the name than that there is one."""
        return self.text.rpartition("/")[2].strip("*") != ""


class IgnoreRules:
    """The rules of one folder."""

    def __init__(self, *, gitignore: str = "", dockerignore: str = "") -> None:
        self._git = _rules(gitignore.splitlines(), is_git=True)
        self._docker = _rules(dockerignore.splitlines(), is_git=False)

    def within(self, folder: str, gitignore: str) -> IgnoreRules:
        """These rules and those of the `.gitignore` in `folder`, for what is in there."""
        if not gitignore:
            return self
        rules = IgnoreRules()
        rules._docker = self._docker
        rules._git = [
            *self._git,
            *_rules(gitignore.splitlines(), is_git=True, below=f"{folder}/"),
        ]
        return rules

    def is_ignored(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path`, relative and with `/`, stays out; of folders above nothing is known."""
        return self.standing(path, is_folder=is_folder).is_ignored

    def standing(self, path: str, *, is_folder: bool, above: Standing | None = None) -> Standing:
        """What is said of `path`, relative and with `/`, which is in a folder with `above`."""
        above = above or Standing()
        by_git = above.by_git or _is_ignored_by_git(self._git, path, is_folder=is_folder)
        by_us = above.by_us or _is_never_wanted(path, is_folder=is_folder)
        by_us = by_us and not self.is_taken_back(path)
        last = self._last_word(path)
        if last is None:
            return Standing(by_git or by_us, by_git, by_us)
        return Standing(by_us or not last.takes_back, by_git, by_us)

    def is_taken_back(self, path: str) -> bool:
        """Whether `.dockerignore` says by its name that `path` belongs into the image."""
        return any(
            rule.takes_back and rule.is_by_name and rule.matches(path, is_folder=False)
            for rule in self._docker
        )

    def may_take_back_below(self, folder: str) -> bool:
        """Whether `.dockerignore` takes back something in `folder`, which stays out."""
        return any(
            rule.takes_back and f"{rule.text}/".startswith(f"{folder}/") for rule in self._docker
        )

    def _last_word(self, path: str) -> _Rule | None:
        """The last rule of `.dockerignore` that matches `path` or a folder above it."""
        if not self._docker:
            return None
        parts = path.split("/")
        paths = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        for rule in reversed(self._docker):
            if any(rule.matches(each, is_folder=True) for each in paths):
                return rule
        return None


def _is_never_wanted(path: str, *, is_folder: bool) -> bool:
    name = path.rpartition("/")[2].casefold()
    return name in _OWN_NAMES or any(rule.matches(path, is_folder=is_folder) for rule in _OWN)


def _is_ignored_by_git(rules: Iterable[_Rule], path: str, *, is_folder: bool) -> bool:
    ignored = False
    for rule in rules:
        if rule.takes_back == ignored and rule.matches(path, is_folder=is_folder):
            ignored = not rule.takes_back
    return ignored


def _rules(
    lines: Iterable[str], *, is_git: bool, below: str = "", flags: re.RegexFlag = re.DOTALL
) -> list[_Rule]:
    """Read patterns; those without a `/` match at any depth to git, at the root to docker."""
    rules = []
    for raw in lines:
        line = raw.strip() if not raw.rstrip().endswith("\\") else raw.lstrip()
        if not line or line.startswith("#"):
            continue
        takes_back = line.startswith("!")
        body = line.removeprefix("!").removeprefix("./")
        only_folders = is_git and body.endswith("/")
        body = body.rstrip("/")
        anchored = "/" in body or not is_git
        body = body.lstrip("/")
        if body:
            pattern = compiled(body, is_anchored=anchored, is_git=is_git, flags=flags)
            rules.append(_Rule(pattern, only_folders, takes_back, body, below))
    return rules


# A name is looked up; only those that are patterns are worth being compiled in each process.
_OWN_NAMES = frozenset(name.casefold() for name in NEVER_WANTED if "*" not in name)
_OWN = _rules(
    [name for name in NEVER_WANTED if "*" in name],
    is_git=True,
    flags=re.DOTALL | re.IGNORECASE,
)
