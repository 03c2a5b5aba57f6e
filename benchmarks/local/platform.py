"""`wherry up` for the length of a `with`, and what its admin API says."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.serving.servers import Launch, ServerError, clean_environment, free_ports, serving

_PROJECT = Path(__file__).parent / "project"
_PATIENCE_S = 60.0
_LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform that serves the project.

    Attributes:
        pid: Its process; replicas are below it.
        port: The gateway's.
        broker_port: The broker's.
        folder: The project.
    """

    pid: int
    port: int
    broker_port: int
    folder: Path

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the admin API; what it says, as JSON where it is some."""
        password = (self.folder / ".wherry" / "basic-auth-password").read_text()
        token = base64.b64encode(f"admin:{password.strip()}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
            said = None if body is None else json.dumps(body)
            connection.request(method, path, said, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ServerError(f"{method} {path}: got {answer.status} {content[:200]!r}")
        return json.loads(content) if content.startswith((b"{", b"[")) else None

    def function(self, name: str) -> dict[str, Any]:
        """What the overview says of a function."""
        found = self.ask("GET", "/system/overview")["functions"]
        return next(each for each in found if each["name"] == name)

    def queue(self) -> dict[str, int]:
        """How many deliveries there are, by state."""
        counts: dict[str, int] = self.ask("GET", "/system/overview")["queue"]
        return counts

    def replica(self, name: str) -> Path:
        """The socket of a function's replica."""
        return next((self.folder / ".wherry" / "run").glob(f"{name}-*.sock"))

    def scale(self, name: str, replicas: int) -> None:
        """Have so many replicas of a function, and wait for them."""
        body = {"serviceName": name, "replicas": replicas}
        self.ask("POST", f"/system/scale-function/{name}", body)
        until(lambda: self.function(name)["availableReplicas"] == replicas)

    def take_core(self, core: int) -> None:
        """Have the platform's own process, without its replicas, run on `core`."""
        with contextlib.suppress(OSError, AttributeError):  # not on every system
            for thread in Path(f"/proc/{self.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})


def until(condition: Callable[[], object], patience_s: float = _PATIENCE_S) -> None:
    """Wait for a condition.

    Raises:
        ServerError: It did not come about in time.
    """
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise ServerError("the platform did not get ready in time")
        time.sleep(_LOOK_S)


@contextlib.contextmanager
def up(*, core: int, replicas_core: int) -> Iterator[Platform]:
    """Serve a copy of the project; the platform's process on one core, its replicas on another.

    Raises:
        ServerError: It does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        shutil.copytree(_PROJECT, project, ignore=shutil.ignore_patterns("__pycache__", ".wherry"))
        port, broker_port = free_ports(2)
        launch = Launch(
            words=(
                *(str(Path(sys.executable).with_name("wherry")), "up", str(project)),
                *("--no-watch", "--no-logs"),
                *("--port", str(port), "--broker-port", str(broker_port)),
            ),
            environment=clean_environment(),
            port=port,
        )
        with serving(launch, "wherry up does not serve", core=replicas_core) as server:
            platform = Platform(pid=server.pid, port=port, broker_port=broker_port, folder=project)
            until((project / ".wherry" / "platform.json").exists)
            for name in ("greet", "quiet", "order"):
                until(lambda name=name: platform.function(name)["availableReplicas"])  # type: ignore[misc]
            platform.take_core(core)
            yield platform
