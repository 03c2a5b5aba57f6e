"""NGINX and Envoy as plain proxies of one replica's socket; absent ones are skipped by name."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.servers import Launch, Running, clean_environment, free_ports, serving

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A program, its configuration, and the words that start it."""

    name: str
    configuration: str
    words: tuple[str, ...]

    @property
    def program(self) -> str | None:
        """Where it is; None where it is not."""
        return shutil.which(self.name)


PROXIES = (
    Proxy(name="nginx", configuration="nginx.conf", words=("-p", "{folder}", "-c", "{file}")),
    Proxy(
        name="envoy",
        configuration="envoy.yaml",
        words=("-c", "{file}", "--concurrency", "1", "-l", "critical", "--disable-hot-restart"),
    ),
)


@contextlib.contextmanager
def proxying(proxy: Proxy, replica: Path, *, core: int) -> Iterator[Running]:
    """Serve the replica behind the socket `replica` through a proxy that is there.

    Raises:
        ServerError: It does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        filled = {
            "folder": folder,
            "file": f"{folder}/{proxy.configuration}",
            "port": free_ports(1)[0],
            "replica": replica,
            # The socket is its owner's alone, and NGINX's worker would be somebody else.
            "user": "user root;" if os.geteuid() == 0 else "",
        }
        text = (_HERE / proxy.configuration).read_text().format(**filled)
        Path(folder, proxy.configuration).write_text(text)
        launch = Launch(
            words=(str(proxy.program), *(word.format(**filled) for word in proxy.words)),
            environment=clean_environment(),
            port=int(filled["port"]),
        )
        with serving(launch, f"{proxy.name} does not start", core=core) as server:
            yield server
