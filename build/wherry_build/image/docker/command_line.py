"""The command line of a container engine: which there is, what it can do, and how it is called.

`docker`, `podman` and `nerdctl` take nearly the same words. What differs is said here, once; what
the words are used for is not known here.
"""

from __future__ import annotations

import enum
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from wherry_build.errors import EngineUnavailable
from wherry_build.image.docker.engine_facts import Facts, docker_facts, podman_facts

VARIABLE = "WHERRY_CONTAINER_CLI"
_ASKED_S = 60
_NOT_STARTED = "start it, for one with `sudo systemctl start docker`; or set DOCKER_HOST"
_NOT_ALLOWED = "sudo usermod --append --groups docker $USER, and log in again; or use podman"
_INTEGRATED_BUILDKIT = range(18, 23)
"""Major versions of docker's command that have BuildKit without the plugin `buildx`."""


class Kind(enum.Enum):
    """Whose command line it is."""

    DOCKER = "docker"
    PODMAN = "podman"
    NERDCTL = "nerdctl"


class BuildWay(enum.Enum):
    """How a command line builds."""

    BUILDX = "buildx"
    BUILDKIT = "BuildKit"
    CLASSIC = "the classic builder"
    BUILDAH = "Buildah"

    @property
    def has_mounts(self) -> bool:
        """Whether it takes `RUN --mount`."""
        return self is not BuildWay.CLASSIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a call left."""

    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last line of what it complained of."""
        lines = (self.err or self.out).strip().splitlines()
        return lines[-1][:300] if lines else f"exit code {self.code}"


class CommandLine:
    """One command line; `CommandLine.at` looks what it is."""

    def __init__(
        self, path: str, *, kind: Kind, version: str, environment: Mapping[str, str]
    ) -> None:
        self.path = path
        self.kind = kind
        self.version = version
        self._environment = dict(environment)

    @classmethod
    def at(cls, path: str, environment: Mapping[str, str]) -> CommandLine | None:
        """The command line at `path`; None when it is none of those that are known."""
        try:
            said = _call([path, "--version"], environment)
        except (OSError, subprocess.TimeoutExpired):
            return None
        # Docker's name may be a link to Podman's.
        found = re.search(
            r"\b(docker|podman|nerdctl) version v?([0-9][^\s,]*)", said.out, re.IGNORECASE
        )
        if said.code or found is None:
            return None
        kind = Kind(found[1].lower())
        return cls(path, kind=kind, version=found[2], environment=environment)

    @property
    def name(self) -> str:
        """As a person would call it."""
        return f"{self.kind.value} {self.version}"

    @cached_property
    def build_way(self) -> BuildWay:
        """How it builds images."""
        if self.kind is Kind.PODMAN:
            return BuildWay.BUILDAH
        if self.kind is Kind.NERDCTL:
            return BuildWay.BUILDKIT
        if self._environment.get("DOCKER_BUILDKIT") in {"0", "false"}:
            return BuildWay.CLASSIC
        if self.ask("buildx", "version").code == 0:
            return BuildWay.BUILDX
        major = self.version.partition(".")[0]
        integrated = major.isdecimal() and int(major) in _INTEGRATED_BUILDKIT
        return BuildWay.BUILDKIT if integrated else BuildWay.CLASSIC

    def facts(self) -> Facts:
        """What the engine behind it says of itself.

        Raises:
            EngineUnavailable: None answers.
        """
        said = self.ask("info", "--format", "json" if self.kind is Kind.PODMAN else "{{json .}}")
        try:
            told = json.loads(said.out)
        except ValueError:
            told = {}
        if said.code or not isinstance(told, dict) or told.get("ServerErrors"):
            errors = told.get("ServerErrors") if isinstance(told, dict) else None
            reason = str(errors[0] if errors else said.reason)
            raise EngineUnavailable(
                f"no engine answers {self.path}: {reason}",
                hint=_NOT_ALLOWED if "permission denied" in reason else _NOT_STARTED,
            )
        return podman_facts(told) if self.kind is Kind.PODMAN else docker_facts(told)

    def ask(self, *words: str, timeout_s: float = _ASKED_S) -> Outcome:
        """Call it with `words`, and wait for what it says.

        Raises:
            EngineUnavailable: It does not come to an end.
        """
        try:
            return _call([self.path, *words], self._environment, timeout_s=timeout_s)
        except subprocess.TimeoutExpired:
            raise EngineUnavailable(
                f"{self.path} {words[0]}: no answer in {timeout_s:.0f} s", hint=f"{self.path} info"
            ) from None

    def follow(
        self,
        words: Sequence[str],
        tell: Callable[[str], None],
        *,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        is_apart: bool = False,
    ) -> int:
        """Call it with `words`, tell every line that it prints, and give its exit code.

        Args:
            words: What it is called with.
            tell: Is told each line.
            variables: Variables besides those of the environment.
            folder: Where it runs.
            is_apart: Whether Ctrl-C on the terminal is not for it.
        """
        with subprocess.Popen(  # noqa: S603 - a list of words, and no shell
            [self.path, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self._environment, **(variables or {})},
            cwd=folder,
            start_new_session=is_apart,
            text=True,
            errors="replace",
        ) as called:
            try:
                for line in called.stdout or ():
                    if line.strip():
                        tell(line.rstrip())
            except BaseException:
                called.terminate()
                raise
        return called.returncode


def find_command_lines(environment: Mapping[str, str] | None = None) -> list[CommandLine]:
    """The command lines on this machine in the order that they are asked.

    `WHERRY_CONTAINER_CLI` names the only one that counts.

    Raises:
        EngineUnavailable: It names none.
    """
    environment = os.environ if environment is None else environment
    search = environment.get("PATH")
    wanted = environment.get(VARIABLE, "")
    if wanted:
        path = shutil.which(wanted, path=search)
        found = CommandLine.at(path, environment) if path else None
        if found is None:
            raise EngineUnavailable(
                f"{VARIABLE}: got {wanted!a}, which is "
                f"{'no container engine' if path else 'not found'}, expected "
                f"{', '.join(kind.value for kind in Kind)}, or the path of one",
                hint=f"unset {VARIABLE}",
            )
        return [found]
    paths = [shutil.which(kind.value, path=search) for kind in Kind]
    lines = [CommandLine.at(path, environment) for path in paths if path]
    return [line for line in lines if line is not None]


def _call(
    words: Sequence[str], environment: Mapping[str, str], *, timeout_s: float = _ASKED_S
) -> Outcome:
    done = subprocess.run(  # noqa: S603 - a list of words, and no shell
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=dict(environment),
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )
    return Outcome(code=done.returncode, out=done.stdout, err=done.stderr)
