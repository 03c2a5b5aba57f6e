"""The registries that one command talks with, and what they share: connections and credentials.

Making it costs nothing: HTTP is imported when the first registry is asked.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wherry_build.image.registry.patience import Patience

if TYPE_CHECKING:
    from wherry_build.image.registry.connections import Connections
    from wherry_build.image.registry.credentials import Credentials
    from wherry_build.image.registry.registry import Registry
    from wherry_build.image.registry.repository import Repository


class Registries:
    """All registries; safe to use from several threads.

    Args:
        credentials: Has the credentials; what docker and podman have saved when not given.
        is_insecure: Whether plain HTTP, or a certificate of anybody's, will do.
        patience: How often a registry is asked again.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        is_insecure: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._credentials = credentials
        self._is_insecure = is_insecure
        self._patience = patience or Patience()
        self._connections: Connections | None = None
        self._registries: dict[str, Registry] = {}
        self._turn = threading.Lock()

    def registry(self, host: str) -> Registry:
        """The registry of a host."""
        from wherry_build.image.registry.connections import Connections
        from wherry_build.image.registry.credentials import SavedCredentials
        from wherry_build.image.registry.registry import Registry
        from wherry_build.image.registry.wire import Wire

        with self._turn:
            if self._credentials is None:
                self._credentials = SavedCredentials()
            if self._connections is None:
                self._connections = Connections(verifies=not self._is_insecure)
            if host not in self._registries:
                self._registries[host] = Registry(
                    host,
                    wire=Wire(self._connections),
                    credentials=self._credentials,
                    is_insecure=self._is_insecure,
                    patience=self._patience,
                )
            return self._registries[host]

    def repository(
        self, host: str, name: str, *, push: bool = False, sources: tuple[str, ...] = ()
    ) -> Repository:
        """A repository of a registry; see `Repository`."""
        from wherry_build.image.registry.repository import Repository

        return Repository(self.registry(host), name, push=push, sources=sources)

    def close(self) -> None:
        """Close the connections."""
        if self._connections is not None:
            self._connections.close()
