"""What a deployment that a caller sends runs as: a project's function, a command, or a container.

No image is built or unpacked here. One that is named like a function of the project, or is that
function's own image, is served from the project's source; any other needs a command of this machine
or a container engine.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from wherry.deadline import duration_s
from wherry_build.project import Function
from wherry_local.autoscaling.policy import policy_of
from wherry_local.autoscaling.terms import InvalidScale
from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.gateway.answers import Refused
from wherry_local.gateway.function_deployment import FunctionDeployment
from wherry_local.gateway.retries import retry_rules

_TIMEOUTS = ("WHERRY_TIMEOUT", "exec_timeout")
_TIMEOUT_S = 30.0
_MOST_TIMEOUT_S = 24 * 3600.0


class Resolver:
    """Turns what callers want into what runs.

    Args:
        declared: The project's deployments.
        functions: The project's functions, by name.
        surroundings: What the platform adds to the environment of one that is not the project's.
        engine_fault: Why no container engine can be used; None where one can.
    """

    def __init__(
        self,
        declared: Sequence[Deployment],
        functions: Mapping[str, Function],
        *,
        surroundings: Mapping[str, str],
        engine_fault: Callable[[], str | None],
    ) -> None:
        self._declared = {each.key.name: each for each in declared}
        self._images = {repository(each.image): each for each in declared if each.image}
        self._functions = functions
        self._surroundings = surroundings
        self._engine_fault = engine_fault

    def resolve(self, wanted: FunctionDeployment, key: FunctionKey) -> Deployment:
        """What `wanted` runs as.

        Raises:
            Refused: Nothing here can run it, or its labels ask for what cannot be.
        """
        retry_rules(wanted.annotations)
        base = self._of_project(wanted)
        if base is not None:
            return self._on_top_of(base, wanted, key)
        command = self._command(wanted)
        if command is None and not self._has_engine(wanted):
            raise Refused(400, self._why_not(wanted))
        return Deployment(
            key=key,
            image=wanted.image,
            command=command,
            container=command is None,
            environment=wanted.environment,
            surroundings=self._surroundings,
            secrets=wanted.secrets,
            labels=wanted.labels,
            annotations=wanted.annotations,
            limits=wanted.limits,
            requests=wanted.requests,
            read_only_root=wanted.read_only_root,
            timeout_s=_timeout_s(wanted.environment, _TIMEOUT_S),
            scale=_policy(None, wanted.labels, wanted.annotations),
        )

    def _of_project(self, wanted: FunctionDeployment) -> Deployment | None:
        if not wanted.image:
            return None
        named = repository(wanted.image)
        return self._images.get(named) or self._declared.get(named.rpartition("/")[2])

    def _on_top_of(
        self, base: Deployment, wanted: FunctionDeployment, key: FunctionKey
    ) -> Deployment:
        labels = {**base.labels, **wanted.labels}
        annotations = {**base.annotations, **wanted.annotations}
        function = self._functions.get(base.key.name)
        return replace(
            base,
            key=key,
            image=wanted.image,
            environment={**base.environment, **wanted.environment},
            secrets=wanted.secrets or base.secrets,
            labels=labels,
            annotations=annotations,
            limits={**base.limits, **wanted.limits},
            requests={**base.requests, **wanted.requests},
            read_only_root=wanted.read_only_root or base.read_only_root,
            timeout_s=_timeout_s(wanted.environment, base.timeout_s),
            scale=_policy(function, labels, annotations),
        )

    def _command(self, wanted: FunctionDeployment) -> tuple[str, ...] | None:
        if not wanted.process:
            return None
        try:
            words = tuple(shlex.split(wanted.process))
        except ValueError:
            raise Refused(400, "envProcess: a quotation in it does not end") from None
        if not words:
            raise Refused(400, "envProcess: expected a command")
        if shutil.which(words[0]) is not None:
            return words
        if self._has_engine(wanted):
            return None
        raise Refused(400, self._why_not(wanted, program=words[0]))

    def _has_engine(self, wanted: FunctionDeployment) -> bool:
        return bool(wanted.image) and self._engine_fault() is None

    def _why_not(self, wanted: FunctionDeployment, *, program: str = "") -> str:
        there = ", ".join(sorted(self._declared)) or "none"
        command = (
            f"no program {program[:80]!r} is on this machine"
            if program
            else "no command is given (fprocess, envProcess)"
        )
        return (
            f"image {wanted.image!r} cannot be run here: it is the image of no function of the "
            f"project (there are: {there}); {command}; and {self._engine_fault()}. "
            "One of the three would do."
        )


def repository(image: str) -> str:
    """`image` without its tag and digest."""
    named = image.partition("@")[0]
    path, slash, last = named.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"


def _policy(
    function: Function | None, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> ScalePolicy:
    try:
        return policy_of(function, labels, annotations)
    except InvalidScale as invalid:
        raise Refused(400, invalid.message) from None


def _timeout_s(environment: Mapping[str, str], otherwise: float) -> float:
    """The time for an answer, which OpenFaaS's functions are told by a variable; 0 is for none."""
    text = next((environment[name] for name in _TIMEOUTS if name in environment), None)
    if text is None:
        return otherwise
    try:
        seconds = duration_s(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MOST_TIMEOUT_S:
        raise Refused(400, f"exec_timeout: got {text[:40]!a}, expected a time such as 1m30s")
    return seconds or _MOST_TIMEOUT_S
