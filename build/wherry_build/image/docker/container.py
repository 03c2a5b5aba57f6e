"""A function's container as production runs it, said once for every engine. Values only.

The restrictions are those of the manifests (`wherry_build.manifests.container`): nobody's user, a
root that is read-only, no capability, memory that is held to, a small /tmp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherry.deadline import duration_s
from wherry_build.image.conventions import PORT, USER
from wherry_build.project.model import Function
from wherry_build.project.specification import FunctionSpecification
from wherry_build.project.specification.amounts import Cpu, Memory

LABEL = "io.wherry.run"
SECRETS_FOLDER = "/var/openfaas/secrets"
_SCRATCH_FOLDER = "/tmp"  # noqa: S108 - in the container
_SCRATCH = "rw,nosuid,nodev,mode=1777,size=67108864"
_PIDS = 512
_SHARES_A_CORE = 1024
_LEAST_SHARES = 2
_REST_S = 10
"""From the end of the last call to the end of the process, and for an engine to notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container that is to run.

    Attributes:
        name: Name of its function.
        image: Image that it runs.
        host: Address on this machine that it is reached by.
        port: Port there.
        environment: Its variables.
        secrets: Folder with the files of its secrets; None without any.
        memory_bytes: Memory that it is held to.
        cpu_millicores: CPU that it is held to; 0 for as much as there is.
        cpu_shares: Its share of the CPU when there is not enough for all.
        is_read_only: Whether its root is read-only.
        grace_s: Time from SIGTERM until it is killed.
    """

    name: str
    image: str
    host: str
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Path | None = None
    memory_bytes: int
    cpu_millicores: int = 0
    cpu_shares: int = _SHARES_A_CORE
    is_read_only: bool = True
    grace_s: int = 30

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def function_container(
    function: Function, *, image: str, host: str, port: int, secrets: Path | None = None
) -> Container:
    """The container of `function`, with what wherry.yaml says of its resources and variables."""
    said = function.said or FunctionSpecification()
    limits = said.resources.limits if said.resources is not None else None
    return Container(
        name=function.name,
        image=image,
        host=host,
        port=port,
        environment=dict(_environment(function, said)),
        secrets=secrets,
        memory_bytes=Memory(text=function.resources.memory_limit).bytes,
        cpu_millicores=limits.cpu.millicores if limits is not None and limits.cpu else 0,
        cpu_shares=max(
            _LEAST_SHARES,
            Cpu(text=function.resources.cpu_request).millicores * _SHARES_A_CORE // 1000,
        ),
        is_read_only=said.read_only_root is not False,
        grace_s=_grace_s(function),
    )


def _environment(function: Function, said: FunctionSpecification) -> Iterator[tuple[str, str]]:
    """Its variables; the file's own win."""
    yield "WHERRY_TIMEOUT", f"{function.timeout_s}s"
    if said.concurrency:
        yield "WHERRY_MAX_INFLIGHT", str(function.concurrency)
    yield from function.environment.items()


def _grace_s(function: Function) -> int:
    """Time that its last calls may take, as its own variables say it where they do."""
    drain_s = _seconds(function, "WHERRY_DRAIN_TIMEOUT", function.timeout_s + 1)
    return int(drain_s + _seconds(function, "WHERRY_LAME_DUCK", 0)) + _REST_S


def _seconds(function: Function, variable: str, usual: float) -> float:
    said = function.environment.get(variable, "")
    try:
        return duration_s(said) if said else usual
    except ValueError:
        return usual  # the runtime says so itself, and does not start


def run_words(container: Container, *, mount_options: str = "") -> list[str]:
    """The words that every command line takes, from `--detach` to the image.

    Args:
        container: What is to run.
        mount_options: What one of them says of a mount besides, beginning with a comma.
    """
    host = f"[{container.host}]" if ":" in container.host else container.host
    return [
        *("--detach", "--label", f"{LABEL}={container.name}"),
        *("--publish", f"{host}:{container.port}:{PORT}"),
        *("--user", USER, "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *(["--read-only"] if container.is_read_only else []),
        *("--tmpfs", f"{_SCRATCH_FOLDER}:{_SCRATCH}"),
        *("--memory", str(container.memory_bytes), "--memory-swap", str(container.memory_bytes)),
        *("--cpu-shares", str(container.cpu_shares), "--pids-limit", str(_PIDS)),
        *(["--cpus", f"{container.cpu_millicores / 1000:g}"] if container.cpu_millicores else []),
        *(word for item in container.environment.items() for word in ("--env", "=".join(item))),
        *(_mount_words(container.secrets, mount_options) if container.secrets is not None else ()),
        container.image,
    ]


def _mount_words(folder: Path, options: str) -> tuple[str, str]:
    return "--mount", f"type=bind,source={folder},target={SECRETS_FOLDER},readonly{options}"


def host_options(container: Container) -> dict[str, Any]:
    """The same for the Docker SDK, as `create_host_config` takes it."""
    binds = {}
    if container.secrets is not None:
        binds = {str(container.secrets): {"bind": SECRETS_FOLDER, "mode": "ro"}}
    return {
        "port_bindings": {PORT: (container.host, container.port)},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": container.is_read_only,
        "tmpfs": {_SCRATCH_FOLDER: _SCRATCH},
        "mem_limit": container.memory_bytes,
        "memswap_limit": container.memory_bytes,
        "nano_cpus": container.cpu_millicores * 1_000_000 or None,
        "cpu_shares": container.cpu_shares,
        "pids_limit": _PIDS,
        "binds": binds,
    }
