"""The secrets of this platform: those that callers set, and those in `.secrets` of the project.

A secret that was set is a file, `.wherry/secrets/NAMESPACE/NAME`, for its owner alone. Those of the
project are files as well, or folders with a file for each key, just as `wherry run --image` reads
them: in the folders of `WHERRY_SECRETS_PATH` first, then in `.secrets` beside wherry.yaml. What was
set comes before both. Values leave this module as paths alone.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wherry_local.gateway import storage
from wherry_local.gateway.answers import Refused
from wherry_local.gateway.names import secret_name
from wherry_local.state import StateFolder

LIMIT_BYTES = 1 << 20
"""As much as the runtime reads of a secret."""
_MOST = 1_000
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


class SecretStore:
    """The secrets of one platform.

    Args:
        state: The state folder.
        project: Folders that secrets of the project are looked for in, in order.
        homes: Namespaces whose functions are given those.
    """

    def __init__(
        self, state: StateFolder, *, project: Sequence[Path] = (), homes: Sequence[str] = ()
    ) -> None:
        self._state = state
        self._project = tuple(project)
        self._homes = frozenset(homes)

    def names(self, namespace: str) -> list[str]:
        """The names of the secrets of a namespace, sorted."""
        folders = [self._state.secrets / namespace, *self._of_project(namespace)]
        found: set[str] = set()
        for folder in folders:
            if folder.is_dir():
                found.update(each.name for each in folder.iterdir() if _KEY.fullmatch(each.name))
        return sorted(found)

    def files(self, name: str, namespace: str) -> Mapping[str, Path]:
        """The files of a secret by the name that a function reads each by; empty where it is none.

        Raises:
            Refused: It is no name of a secret.
        """
        for folder in (self._state.secrets / namespace, *self._of_project(namespace)):
            place = folder / secret_name(name)
            if place.is_file():
                return {name: place}
            if place.is_dir():
                inside = sorted(place.iterdir())
                return {each.name: each for each in inside if _is_key(each)}
        return {}

    def create(self, name: str, namespace: str, value: bytes) -> None:
        """Set a new secret.

        Raises:
            Refused: There is one of that name, or too many are there.
        """
        if self.files(name, namespace):
            raise Refused(409, f"secret {name!r} exists in {namespace!r}")
        if len(self.names(namespace)) >= _MOST:
            raise Refused(400, f"secrets: there are {_MOST} already, which is the most")
        self._write(name, namespace, value)

    def change(self, name: str, namespace: str, value: bytes) -> None:
        """Set another value; one of the project's files is left as it is, and no longer read.

        Raises:
            Refused: There is no such secret.
        """
        if not self.files(name, namespace):
            raise Refused(404, f"secret {name!r} not found in {namespace!r}")
        self._write(name, namespace, value)

    def delete(self, name: str, namespace: str) -> None:
        """Forget a secret that was set.

        Raises:
            Refused: There is none, or it is a file of the project.
        """
        file = self._state.secrets / namespace / secret_name(name)
        if file.is_file():
            file.unlink()
        elif self.files(name, namespace):
            raise Refused(400, f"secret {name!r} is a file of the project; remove it there")
        else:
            raise Refused(404, f"secret {name!r} not found in {namespace!r}")

    def clear(self, namespace: str) -> None:
        """Forget those that were set in a namespace, which is gone."""
        shutil.rmtree(self._state.secrets / namespace, ignore_errors=True)

    def _write(self, name: str, namespace: str, value: bytes) -> None:
        file = self._state.secrets / namespace / secret_name(name)
        storage.write(self._state, file, value)

    def _of_project(self, namespace: str) -> Sequence[Path]:
        return self._project if namespace in self._homes else ()


def project_folders(root: Path, search: str = "") -> tuple[Path, ...]:
    """Where the secrets of the project in `root` are looked for, in order.

    Args:
        root: The folder of the project.
        search: Folders to look in first, divided by `:`, as `WHERRY_SECRETS_PATH` has them.
    """
    return (*(Path(part) for part in search.split(os.pathsep) if part), root / ".secrets")


def read_value(said: Mapping[str, Any]) -> bytes:
    """The value of a secret as a caller sent it: `value`, or `rawValue` in base64.

    Raises:
        Refused: It is none, or too long; the text says nothing of it.
    """
    raw, value = said.get("rawValue"), said.get("value")
    if raw:
        if not isinstance(raw, str) or not _BASE64.fullmatch(raw):
            raise Refused(400, "rawValue: expected base64")
        try:
            content = base64.b64decode(raw, validate=True)
        except binascii.Error:
            raise Refused(400, "rawValue: expected base64") from None
    elif isinstance(value, str) and value:
        content = value.encode()
    else:
        raise Refused(400, "value: expected a text, or rawValue in base64")
    if len(content) > LIMIT_BYTES:
        raise Refused(400, f"value: expected at most {LIMIT_BYTES} bytes")
    return content


def _is_key(file: Path) -> bool:
    return file.is_file() and _KEY.fullmatch(file.name) is not None
