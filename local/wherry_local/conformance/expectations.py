"""What checks are made of: a request is taken, or it is refused and nothing else happens.

It must not know which requests there are.
"""

from __future__ import annotations

from wherry_local.conformance.case import Check, Unmet
from wherry_local.conformance.subject import ORDINARY, Subject, require_taken, shown
from wherry_local.conformance.wire import Reply, Silence

CLIENT_FAULTS = frozenset(range(400, 500))
_SETTLED_S = 0.2
REFUSALS = CLIENT_FAULTS | {501, 505}
"""What a request that is no valid one may be answered with."""


def taken(template: bytes) -> Check:
    """The request gets what an ordinary one gets, and so does the next on its connection."""

    def check(subject: Subject) -> None:
        with subject.connect() as wire:
            reply = wire.send(subject.fill(template)).answer()
            require_taken(subject, reply)
            if not reply.is_last:
                again = wire.send(subject.fill(ORDINARY, event_id="A-2")).answer()
                require_taken(subject, again, event_id="A-2")

    return check


def taken_in_pieces(*templates: bytes) -> Check:
    """As `taken`, each piece in a segment of its own."""

    def check(subject: Subject) -> None:
        with subject.connect() as wire:
            pieces = [subject.fill(each) for each in templates]
            require_taken(subject, wire.send(*pieces).answer())

    return check


def refused(template: bytes, *statuses: int) -> Check:
    """The request is answered with one of `statuses`, or any refusal; or the connection is closed.

    Whatever follows it on the connection is not taken for a request.
    """

    def check(subject: Subject) -> None:
        # What the function itself answers to events is no refusal of the server's.
        allowed = (frozenset(statuses) or REFUSALS) - {subject.ordinary_status}
        with subject.connect() as wire:
            wire.send(subject.fill(template))
            try:
                reply = wire.answer()
            except Silence as silence:
                if silence.is_closed:
                    return
                raise
            require_status(reply, allowed)
            if wire.rest(within_s=_SETTLED_S).startswith(b"HTTP/1.1 2"):
                raise Unmet(expected="one answer", got="one more, to what follows the refusal")

    return check


def not_failed(template: bytes) -> Check:
    """Any answer but one of a server that failed; or the connection is closed."""

    def check(subject: Subject) -> None:
        try:
            reply = subject.ask(template)
        except Silence as silence:
            if silence.is_closed:
                return
            raise
        if reply.status >= 500 and reply.status not in REFUSALS:
            raise Unmet(expected="any answer but a 5xx", got=shown(reply))

    return check


def require_status(reply: Reply, allowed: frozenset[int]) -> None:
    """Unmet unless the status is one of `allowed`."""
    if reply.status not in allowed:
        exact = len(allowed) < 8
        words = " or ".join(map(str, sorted(allowed))) if exact else "a refusal: 4xx, 501 or 505"
        raise Unmet(expected=f"{words}, or a closed connection", got=shown(reply))
