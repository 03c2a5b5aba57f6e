"""Why a cluster refused an object, from its answer, and what to type next. No I/O.

What the server says is told in its own words, without control characters and without the values of
environment variables, which may come from a file that is nobody's business.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wherry_build.deploy.identity import ObjectKey, at
from wherry_build.deploy.wording import words
from wherry_build.errors import DeployError

_OWNER = re.compile(r'conflict with "([^"]+)"')
_LIMIT_WORDS = 2000
_LEAST_CONCEALED = 4
"""Characters of a value that is concealed; a shorter one stands in words by chance."""
_INSTALLS = {
    "serving.knative.dev": "install Knative Serving, or choose another --target",
    "eventing.knative.dev": "install Knative Eventing",
    "sources.knative.dev": "install Knative Eventing",
    "networking.istio.io": "install Istio, or choose another --mesh",
    "security.istio.io": "install Istio, or choose another --mesh",
    "gateway.networking.k8s.io": "install the CRDs of the Gateway API, or choose another --mesh",
    "monitoring.coreos.com": "install the Prometheus operator, or leave --monitoring out",
}


class Cause(enum.Enum):
    """Why an object was refused, as far as it decides what to do next."""

    UNSERVED = "unserved"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    OTHER = "other"


_FIRST_TO_MEND = (Cause.UNSERVED, Cause.FORBIDDEN, Cause.CONFLICT, Cause.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One object that the cluster refused.

    Attributes:
        message: Why, in the server's words.
        hint: What to type next; empty when only the project can be changed.
    """

    key: ObjectKey
    cause: Cause
    message: str
    hint: str = ""


def unserved(key: ObjectKey) -> Refusal:
    """That the cluster knows no such kind."""
    return Refusal(
        key=key,
        cause=Cause.UNSERVED,
        message=f"the cluster has no {key.kind} of {key.api_version}",
        hint=_INSTALLS.get(key.group, f"is {key.group or 'the core'} served there?"),
    )


def refusal(
    key: ObjectKey,
    *,
    status: int,
    body: bytes,
    value: object,
    verb: str = "patch",
    kubectl: str = "kubectl",
) -> Refusal:
    """Read the answer to an apply of `value`, or to another `verb`, that was not accepted.

    Args:
        key: What was applied.
        status: Status of the answer.
        body: Its body.
        value: What was sent.
        verb: What was asked for, as the cluster calls it.
        kubectl: How kubectl is called for the same cluster.
    """
    said = _status(body)
    cause, hint = Cause.OTHER, ""
    message = str(said.get("message") or f"HTTP {status}")
    if status == 403:
        cause = Cause.FORBIDDEN
        inside = f" -n {key.namespace}" if key.namespace else ""
        hint = f"{kubectl} auth can-i {verb} {key.resource}{inside}"
    elif status == 409 and (fields := list(_conflicts(said))):
        cause = Cause.CONFLICT
        message = "; ".join(fields)
        hint = "--force-conflicts, if these fields are to be wherry's from now on"
    return Refusal(key=key, cause=cause, message=_told(message, _concealed(value)), hint=hint)


def refused(refusals: Sequence[Refusal], *, applied: Sequence[ObjectKey] | None) -> DeployError:
    """The error for `refusals`, at least one.

    Args:
        refusals: What was refused.
        applied: What had been applied by then; None when that was only asked for.
    """
    lines = [f"  {each.key}: {each.message}" for each in refusals]
    number = "1 object" if len(refusals) == 1 else f"{len(refusals)} objects"
    after = "; nothing has been changed" if applied is None else ""
    if applied:
        after = f", after it took {', '.join(map(str, applied))}"
    by_cause = sorted(refusals, key=lambda each: _FIRST_TO_MEND.index(each.cause))
    return DeployError(
        "\n".join([f"the cluster refuses {number}{after}:", *lines]), hint=by_cause[0].hint
    )


def _conflicts(said: Mapping[str, object]) -> Iterator[str]:
    causes = at(said, "details", "causes")
    for cause in causes if isinstance(causes, list) else []:
        owner = _OWNER.search(str(at(cause, "message")))
        if owner is not None:
            yield f"{at(cause, 'field')} belongs to {owner[1]}"


def _status(body: bytes) -> Mapping[str, object]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, Mapping) else {}


def _concealed(value: object) -> Iterator[str]:
    """Values of environment variables anywhere in an object."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == "env" and isinstance(item, (list, tuple)):
                yield from (str(at(each, "value") or "") for each in item)
            else:
                yield from _concealed(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _concealed(item)


def _told(message: str, concealed: Iterable[str]) -> str:
    for text in sorted(set(concealed), key=len, reverse=True):
        if len(text) >= _LEAST_CONCEALED:
            message = message.replace(text, "[a value of env]")
    return words(message, limit=_LIMIT_WORDS)
