"""How a deployment is said to a container engine: the words of `run`. No I/O.

The restrictions are those that production has: nobody's user where the image does not say one, no
capability, no new privileges, memory and processes that are held to, a small /tmp, and a root that
is read-only where the deployment says so. Its port is on the loopback alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wherry_build.errors import BuildError
from wherry_build.project.specification.amounts import Cpu, Memory
from wherry_local.deployment import Deployment
from wherry_local.errors import LocalError
from wherry_local.fleet.environment import surroundings_of

PORT = 8080
"""Where every function listens, in its container."""

LABEL = "io.wherry.local"
"""A container's label; its value is the platform that it belongs to."""

_USER = "65532:65532"
_SECRETS_FOLDER = "/var/openfaas/secrets"
_SCRATCH = "/tmp:rw,nosuid,nodev,mode=1777,size=67108864"  # noqa: S108 - in the container
_MEMORY_BYTES = 512 * 1024 * 1024
_PIDS = 512
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")


def check_image(reference: str) -> None:
    """See that a command takes `reference` for an image, and not for an option.

    Raises:
        LocalError: It would not.
    """
    if not _REFERENCE.fullmatch(reference):
        raise LocalError(f"image: got {reference[:80]!a}, expected the name of an image")


def run_words(
    deployment: Deployment,
    *,
    container: str,
    owner: str,
    user: str,
    secrets: Path,
    variables: Path,
) -> list[str]:
    """The words after the engine's command.

    Args:
        deployment: What is run.
        container: The container's name.
        owner: Which platform it belongs to.
        user: Whom the image runs as; empty for root, which it does not become.
        secrets: Folder of the files of its secrets.
        variables: File of its variables, as `variable_lines` gives them.

    Raises:
        LocalError: Memory or CPU are said as they cannot be.
    """
    mount = f"type=bind,source={secrets},target={_SECRETS_FOLDER},readonly"
    return [
        *("run", "--rm", "--pull", "never", "--name", container),
        *("--label", f"{LABEL}={owner}", "--publish", f"127.0.0.1::{PORT}"),
        *("--user", user or _USER, "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--pids-limit", str(_PIDS)),
        *(["--read-only"] if deployment.read_only_root else []),
        *("--tmpfs", _SCRATCH),
        *_limit_words(deployment.limits),
        *("--env-file", str(variables)),
        *_variable_words(handed_on(environment_of(deployment))),
        *(["--mount", mount] if deployment.secrets else []),
        deployment.image,
    ]


def _limit_words(limits: Mapping[str, str]) -> Iterator[str]:
    memory, cpu = limits.get("memory"), limits.get("cpu")
    try:
        memory_bytes = Memory(text=memory).bytes if memory else _MEMORY_BYTES
        millicores = Cpu(text=cpu).millicores if cpu else 0
    except BuildError as error:
        raise LocalError(f"limits: {error}") from None
    yield from ("--memory", str(memory_bytes), "--memory-swap", str(memory_bytes))
    if millicores:
        yield from ("--cpus", f"{millicores / 1000:g}")


def environment_of(deployment: Deployment) -> Mapping[str, str]:
    """Its variables: what is said of it counts before what the platform adds."""
    return {**surroundings_of(deployment), **deployment.environment}


def variable_lines(environment: Mapping[str, str]) -> str:
    """The variables that a file can say."""
    return "".join(f"{name}={text}\n" for name, text in environment.items() if _is_line(text))


def handed_on(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The variables that no file can say: the engine's command has them, and hands them on."""
    return {name: text for name, text in environment.items() if not _is_line(text)}


def _variable_words(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from ("--env", name)  # its value would be there for everybody to read


def _is_line(text: str) -> bool:
    return "\n" not in text and "\r" not in text
