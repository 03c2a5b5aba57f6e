"""One build in a process of its own: an order on standard input, lines of JSON on the output.

A process can be ended, and has an environment of its own: what a stranger's requirements may read
there, and where this build's wheels come from. `python -m wherry_build.remote.child` is for
`wherry_build.remote.workshop` alone. When standard input ends, so does the process with all that it
has started: then the builder is gone.

    {"say": "a line"}                    while it goes on
    {"built": "a reference"}             done
    {"refused": "why", "hint": "..."}    cannot be done
    {"broken": "where"}                  a fault of ours
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from wherry_build.errors import BuildError
from wherry_build.image.docker.request import ContainerEngine
from wherry_build.image.engine import Builder, BuiltImage, Publisher
from wherry_build.remote.build import Order
from wherry_build.remote.configuration import read_configuration
from wherry_build.remote.execution import Engines, carry_out
from wherry_build.remote.reporting import Reporter
from wherry_build.remote.shrinkwrap import House


def main() -> int:
    """Do what standard input says; 0 once the outcome has been told."""
    # What a library or a program prints is no line of ours.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)
    said = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_builder, daemon=True).start()
    reporter = Reporter(lambda line: _tell(lines, {"say": line}))
    try:
        built = carry_out(_order(said), _engines(said), reporter, _house(said))
        _tell(lines, {"built": built})
    except BuildError as error:
        _tell(lines, {"refused": error.message, "hint": error.hint})
    except Exception as error:  # noqa: BLE001 - the process's end: somebody waits for an outcome
        # Without its text, in which there may be what is secret.
        where = "".join(traceback.format_tb(error.__traceback__))
        _tell(lines, {"broken": f"{type(error).__name__}\n{where}"})
    return 0


def _end_with_the_builder() -> None:
    while os.read(0, 1):  # not `sys.stdin`, whose lock a thread must not hold at the end
        pass
    os.killpg(0, signal.SIGKILL)


def _order(said: Mapping[str, Any]) -> Order:
    document = said["configuration"].encode()
    return Order(
        configuration=read_configuration(document),
        context=Path(said["context"]),
        secrets={name: Path(file) for name, file in said["secrets"].items()},
        document=document,
    )


def _house(said: Mapping[str, Any]) -> House:
    return House(base=said["base"], builds_sources=said["builds_sources"])


def _engines(said: Mapping[str, Any]) -> Engines:
    from wherry_build.image.registry.registries import Registries

    # One, so that connections and tokens are shared.
    registries = Registries(is_insecure=said["is_insecure"])

    def functions(environment: Mapping[str, str]) -> Builder:
        from wherry_build.image.oci_engine import OciBuilder

        os.environ.update(environment)
        return OciBuilder(registries)

    def publisher(_image: BuiltImage) -> Publisher:
        from wherry_build.image.registry.publishing import RegistryPublisher

        return RegistryPublisher(registries)

    return Engines(
        functions=functions,
        publisher=publisher,
        containers=_containers if said["has_docker"] else None,
    )


def _containers() -> ContainerEngine:
    from wherry_build.image.docker import container_engine

    return container_engine()


def _tell(lines: TextIO, said: Mapping[str, str]) -> None:
    lines.write(json.dumps(said) + "\n")
    lines.flush()


if __name__ == "__main__":
    sys.exit(main())
