"""Containers through the Docker SDK, where there is no command line."""

from __future__ import annotations

from collections.abc import Callable

from wherry_build.errors import ContainerFailed
from wherry_build.image.conventions import PORT, USER
from wherry_build.image.docker.container import LABEL, Container, host_options
from wherry_build.image.docker.containers import Ending, start_failed
from wherry_build.image.docker.sdk_engine import SdkEngine

_SLACK_S = 30


class SdkContainers:
    """Containers of the engine that the SDK reaches."""

    def __init__(self, engine: SdkEngine) -> None:
        self._engine = engine
        self._client = engine.client

    @property
    def name(self) -> str:
        """The engine, as a person would say."""
        return self._engine.name

    def start(self, container: Container) -> str:
        """Start `container`; its id.

        Raises:
            ContainerFailed: The engine refused.
        """
        from docker.errors import APIError

        made = ""
        try:
            created = self._client.create_container(
                container.image,
                user=USER,
                environment=dict(container.environment),
                labels={LABEL: container.name},
                ports=[PORT],
                host_config=self._client.create_host_config(**host_options(container)),
            )
            made = str(created["Id"])
            self._client.start(made)
        except APIError as error:
            if made:
                self.remove(made)
            raise start_failed(container, str(error.explanation or error)) from None
        return made

    def follow(self, container_id: str, tell: Callable[[str], None]) -> None:
        """Tell each line that it prints, until it ends."""
        rest = b""
        for chunk in self._client.logs(container_id, stream=True, follow=True):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                tell(line.decode(errors="replace"))
        if rest:
            tell(rest.decode(errors="replace"))

    def wait(self, container_id: str) -> Ending:
        """Wait until it ends."""
        from docker.errors import APIError

        try:
            self._client.wait(container_id, timeout=None)
            state = self._client.inspect_container(container_id)["State"]
        except APIError:
            return Ending(code=1)  # it was removed by somebody else
        return Ending(code=int(state["ExitCode"]), is_out_of_memory=bool(state["OOMKilled"]))

    def stop(self, container_id: str, grace_s: int) -> None:
        """Send it SIGTERM, and end it after `grace_s`."""
        from docker.errors import APIError

        try:
            self._client.stop(container_id, timeout=grace_s)
        except APIError as error:
            raise ContainerFailed(f"{container_id}: {error.explanation or error}") from None

    def remove(self, container_id: str) -> None:
        """Remove it, whether it runs or not."""
        from docker.errors import NotFound

        try:
            self._client.remove_container(container_id, force=True, v=True)
        except NotFound:
            return
