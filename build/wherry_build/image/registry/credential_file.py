"""One file of credentials, docker's `config.json` or podman's `auth.json`: what it has for a name.

Programs that it names are not run here; that is `credentials`'s business.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wherry_build.errors import CredentialsUnreadable
from wherry_build.image.registry.credential import Credential
from wherry_build.image.registry.reference import DOCKER_HUB
from wherry_build.values import NO_ENTRIES, frozen

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_HOSTS = frozenset({"index.docker.io", "registry-1.docker.io"})
_LIMIT_BYTES = 4 * 1024 * 1024


@frozen(hidden=("entries",))
class CredentialFile:
    """What one file says.

    Attributes:
        path: The file.
        entries: Its `auths`, by registry or the beginning of an image's name.
        programs: Its `credHelpers`, by the same.
        store: Its `credsStore`, the program for all other registries; empty is none.
    """

    path: Path
    entries: Mapping[str, Mapping[str, Any]] = NO_ENTRIES
    programs: Mapping[str, str] = NO_ENTRIES
    store: str = ""

    def credential(self, name: str) -> Credential | None:
        """The credential of the longest beginning of `name` that the file has.

        Raises:
            CredentialsUnreadable: What it has there is none.
        """
        for beginning in beginnings(name):
            if beginning in self.entries:
                found = _credential(self.entries[beginning], self.path, beginning)
                if found is not None:
                    return found
        return None

    def program(self, name: str) -> str:
        """The program that `credHelpers` names for `name`; empty is none."""
        return next((self.programs[each] for each in beginnings(name) if each in self.programs), "")


def read_credential_file(path: Path) -> CredentialFile | None:
    """The file; None when it is not there.

    Raises:
        CredentialsUnreadable: It cannot be read, or is no such file.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(_LIMIT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from None
    try:
        said = json.loads(content) if len(content) <= _LIMIT_BYTES else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _unreadable(path, "expected a JSON object")
    entries = _section(path, said, "auths", dict)
    return CredentialFile(
        path=path,
        entries={_key(key): value for key, value in entries.items()},
        programs={
            _key(key): value for key, value in _section(path, said, "credHelpers", str).items()
        },
        store=said["credsStore"] if isinstance(said.get("credsStore"), str) else "",
    )


def beginnings(name: str) -> Iterator[str]:
    """`ghcr.io/acme/hello`, `ghcr.io/acme`, `ghcr.io`."""
    while name:
        yield name
        name = name.rpartition("/")[0]


def server_name(registry: str) -> str:
    """What programs know a registry by."""
    return DOCKER_HUB_KEY if registry == DOCKER_HUB else registry


def _key(key: str) -> str:
    """`https://host/v2/` and `host` are one; so are all names of Docker Hub."""
    bare = key.partition("://")[2] or key
    host, slash, path = bare.rstrip("/").partition("/")
    if path in {"v1", "v2"}:
        slash, path = "", ""
    return f"{DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host}{slash}{path}"


def _section(path: Path, said: Mapping[str, Any], name: str, kind: type) -> dict[str, Any]:
    section = said.get(name) or {}
    if not isinstance(section, dict) or not all(
        isinstance(each, kind) for each in section.values()
    ):
        raise _unreadable(path, f"`{name}` is not what docker writes")
    return section


def _credential(entry: Mapping[str, Any], path: Path, key: str) -> Credential | None:
    """The credential of an entry; None when it is empty, as it is where a program keeps it."""
    texts = {name: text for name, text in entry.items() if isinstance(text, str)}
    username, password = texts.get("username", ""), texts.get("password", "")
    if texts.get("auth"):
        try:
            pair = base64.b64decode(texts["auth"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _unreadable(path, f"`auth` of {key!r} is no base64") from None
        username, _, password = pair.rstrip("\0").partition(":")
    credential = Credential(
        username=username,
        password=password,
        identity_token=texts.get("identitytoken", ""),
        registry_token=texts.get("registrytoken", ""),
        source=str(path),
    )
    has_any = credential.password or credential.identity_token or credential.registry_token
    return credential if has_any else None


def _unreadable(path: Path, why: str) -> CredentialsUnreadable:
    return CredentialsUnreadable(
        f"{path}: {why}", hint=f"mend it, or move it away and `docker login` again: {path}"
    )
