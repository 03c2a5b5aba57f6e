"""A folder for each function with exactly the secrets that it names, as platforms mount them.

For a process the files are links, so that a changed value is read at the next access; for a
container they are copies, since a link would lead out of what is mounted.
"""

from __future__ import annotations

import shutil
from collections.abc import Container, Sequence
from pathlib import Path

from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.gateway.secret_store import LIMIT_BYTES, SecretStore
from wherry_local.state import StateFolder


class SecretMounts:
    """The folders of one platform: `.wherry/mounts/NAMESPACE/NAME`."""

    def __init__(self, state: StateFolder, store: SecretStore) -> None:
        self._root = state.mounts
        self._store = store

    def folder(self, key: FunctionKey) -> Path:
        """That of a function; it may not be there."""
        return self._root / key.namespace / key.name

    def missing(self, names: Sequence[str], namespace: str) -> list[str]:
        """Those of `names` that are no secret of the namespace."""
        return [name for name in names if not self._store.files(name, namespace)]

    def lay(self, deployment: Deployment) -> None:
        """Make the folder of a function hold what it names and nothing else.

        A secret that is not there is left out: the function says so itself when it reads it.
        """
        folder = self.folder(deployment.key)
        for each in (self._root, folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
        # Whoever a container runs as reads what is mounted; `.wherry` keeps the others out.
        folder.chmod(0o755 if deployment.container else 0o700)
        wanted: dict[str, Path] = {}
        for name in deployment.secrets:
            wanted.update(self._store.files(name, deployment.key.namespace))
        for there in folder.iterdir():
            if there.name not in wanted:
                there.unlink()
        for name, source in wanted.items():
            place = _copy if deployment.container else _link
            place(source, folder / name)

    def clear_others(self, keys: Container[FunctionKey]) -> None:
        """Remove the folders of all functions but some, as of those that went with a platform."""
        for folder in self._root.glob("*/*"):
            if FunctionKey(folder.name, folder.parent.name) not in keys:
                shutil.rmtree(folder, ignore_errors=True)

    def clear(self, key: FunctionKey) -> None:
        """Remove the folder of a function."""
        shutil.rmtree(self.folder(key), ignore_errors=True)


def _link(source: Path, place: Path) -> None:
    target = source.absolute()
    if place.is_symlink() and place.readlink() == target:
        return
    part = _part(place)
    part.symlink_to(target)
    part.replace(place)


def _copy(source: Path, place: Path) -> None:
    with source.open("rb") as file:
        content = file.read(LIMIT_BYTES)
    part = _part(place)
    part.write_bytes(content)
    part.chmod(0o444)
    part.replace(place)


def _part(place: Path) -> Path:
    part = place.with_name(".part")
    part.unlink(missing_ok=True)
    return part
