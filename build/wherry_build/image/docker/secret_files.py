"""The secrets of a function on this machine, laid out as platforms mount them.

A secret NAME is a file, or a folder with a file for each key, as it is in a Secret of Kubernetes.
It is looked for in the folders of `WHERRY_SECRETS_PATH` and then in `.secrets` beside wherry.yaml,
where faas-cli keeps them. All files go to one folder, as every platform has it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from wherry_build.errors import ProjectError

FOLDER = ".secrets"
_LIMIT_BYTES = 1 << 20


def read_secrets(names: Iterable[str], *, root: Path, search: str = "") -> dict[str, bytes]:
    """The files of the secrets called `names`, by the name that a function reads them by.

    Args:
        names: Names of secrets.
        root: The folder of the project.
        search: Folders to look in first, divided by `:`.

    Raises:
        ProjectError: One is not there, is too large, or two have one key.
    """
    folders = [*(Path(part) for part in search.split(os.pathsep) if part), root / FOLDER]
    found: dict[str, bytes] = {}
    for name in names:
        for key, file in _files(name, folders).items():
            if key in found:
                raise ProjectError(f"secret {name!r}: {file}: there is another {key!r} already")
            with file.open("rb") as opened:
                found[key] = opened.read(_LIMIT_BYTES + 1)
            if len(found[key]) > _LIMIT_BYTES:
                raise ProjectError(f"secret {name!r}: {file}: over {_LIMIT_BYTES} bytes")
    return found


def write_secrets(secrets: Mapping[str, bytes], folder: Path) -> None:
    """Write `secrets` into `folder` so that any user of a container can read them.

    The folder above is what keeps the other users of this machine out: a mount is entered without
    passing through it.
    """
    folder.chmod(0o755)
    for key, content in secrets.items():
        file = folder / key
        file.touch(mode=0o600)
        file.write_bytes(content)
        file.chmod(0o444)


def _files(name: str, folders: list[Path]) -> dict[str, Path]:
    for folder in folders:
        place = folder / name
        if place.is_file():
            return {name: place}
        if place.is_dir():
            inside = sorted(place.iterdir())
            return {file.name: file for file in inside if file.is_file() and file.name[0] != "."}
    looked = ", ".join(map(str, folders))
    raise ProjectError(
        f"secret {name!r}: no such file in {looked}",
        hint=f"printf %s VALUE > {folders[-1] / name}",
    )
