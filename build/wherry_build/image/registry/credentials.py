"""Which credential a registry is shown, of those that docker and podman have saved.

In order: the file that REGISTRY_AUTH_FILE names; `config.json` of DOCKER_CONFIG, else of
`~/.docker`; `containers/auth.json` of XDG_RUNTIME_DIR. In each file the program for the registry
goes before the program for all, and that before the file's own entries, of which the one for the
longest beginning of the image's name counts. The first that has a credential ends the search.
Nothing is read before a registry wants a credential.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from wherry_build.image.registry.credential import FoundCredential
from wherry_build.image.registry.credential_file import read_credential_file, server_name


class Credentials(Protocol):
    """Has credentials of registries."""

    def find(self, name: str) -> FoundCredential:
        """The credential for an image's name, `ghcr.io/acme/hello`.

        Raises:
            CredentialsUnreadable: There is a file that cannot be read.
        """
        ...


class SavedCredentials:
    """What docker and podman have saved; each name is looked for once."""

    def __init__(self) -> None:
        self._found: dict[str, FoundCredential] = {}
        self._kept: dict[tuple[str, str], FoundCredential] = {}
        self._turn = threading.Lock()

    def find(self, name: str) -> FoundCredential:
        """The credential for an image's name.

        Raises:
            CredentialsUnreadable: There is a file that cannot be read.
        """
        with self._turn:
            if name not in self._found:
                self._found[name] = self._search(name)
            return self._found[name]

    def _search(self, name: str) -> FoundCredential:
        server = server_name(name.partition("/")[0])
        note = ""
        for path in credential_paths():
            file = read_credential_file(path)
            if file is None:
                continue
            for program in dict.fromkeys(filter(None, (file.program(name), file.store))):
                found = self._ask(program, server)
                if found.credential is not None:
                    return found
                note = note or found.note
            credential = file.credential(name)
            if credential is not None:
                return FoundCredential(credential=credential)
        return FoundCredential(note=note)

    def _ask(self, program: str, server: str) -> FoundCredential:
        from wherry_build.image.registry.credential_program import ask_program

        if (program, server) not in self._kept:
            self._kept[program, server] = ask_program(program, server)
        return self._kept[program, server]


def credential_paths() -> Iterator[Path]:
    """The files that are looked into, in order; not each need be there."""
    if named := os.environ.get("REGISTRY_AUTH_FILE"):
        yield Path(named).expanduser()
    docker = os.environ.get("DOCKER_CONFIG")
    yield (Path(docker) if docker else Path("~/.docker").expanduser()) / "config.json"
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
