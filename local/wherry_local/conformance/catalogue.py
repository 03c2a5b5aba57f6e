"""All cases, in the order in which they are run.

It must not know what any of them checks.
"""

from __future__ import annotations

from collections.abc import Iterable

from wherry_local.conformance import (
    addressing,
    drain,
    events,
    exposition,
    framing,
    headers,
    limits,
    malformed,
    probes,
    webhook,
)
from wherry_local.conformance.case import Case

GROUPS = {
    "http": "messages, targets, Host and limits of HTTP/1.1",
    "health": "the probes of OpenFaaS and Knative",
    "headers": "header fields, in and out",
    "events": "CloudEvents over HTTP in every mode, and the WebHook handshake",
    "metrics": "metrics, where their address is known",
    "drain": "SIGTERM, where the server is started here",
}
"""Each group with what it is about, in order."""

_ALL: tuple[Case, ...] = (
    *framing.CASES,
    *malformed.CASES,
    *addressing.CASES,
    *limits.CASES,
    *probes.CASES,
    *headers.CASES,
    *events.CASES,
    *webhook.CASES,
    *exposition.CASES,
    *drain.CASES,
)


def cases(only: Iterable[str] = ()) -> tuple[Case, ...]:
    """The cases of the groups, or with the ids or beginnings of ids, in `only`; all when empty."""
    wanted = tuple(only)
    return tuple(case for case in _ALL if not wanted or any(map(case.is_in, wanted)))
