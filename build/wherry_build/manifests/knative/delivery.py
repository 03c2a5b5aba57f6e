"""How events are tried: delivery with its dead letters, and times as Knative reads them.

Knative takes the delivery of a Trigger, where there is one, in place of its Broker's. Here each
key counts by itself: what a trigger does not say is its broker's, and what neither says is usual.
"""

from __future__ import annotations

from wherry_build.errors import ManifestError
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.knative.service import reference
from wherry_build.manifests.yaml import Node
from wherry_build.project.deliveries import together
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.eventing import DeadLetter, Delivery

_TENTH_MS = 100


def delivery(*said: Delivery | None, namespace: str) -> dict[str, Node]:
    """The delivery that `said` makes together, the first that says a key before the others."""
    whole = together(*said)
    made: dict[str, Node] = {}
    if whole.dead_letter is not None:
        made["deadLetterSink"] = _sink(whole.dead_letter, namespace)
    made["retry"] = whole.retry
    if whole.backoff is not None:
        made["backoffPolicy"] = whole.backoff.value
    if whole.delay is not None:
        made["backoffDelay"] = iso_duration(whole.delay)
    if whole.timeout is not None:
        made["timeout"] = iso_duration(whole.timeout)
    return made


def iso_duration(duration: Duration) -> str:
    """`duration` as ISO 8601 has it, rounded up to what Knative reads: tenths of a second.

    Each part stays below 60, for Knative's reader holds none over 3276.
    """
    tenths = -(-duration.milliseconds // _TENTH_MS)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    seconds, tenth = divmod(rest, 10)
    text = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    if tenth:
        text += f"{seconds}.{tenth}S"
    elif seconds or not text:
        text += f"{seconds}S"
    return f"PT{text}"


def rounded(where: str, said: Delivery | None) -> list[Loss]:
    """The times of `said` that Knative does not keep as they are."""
    times = {} if said is None else {"delay": said.delay, "timeout": said.timeout}
    return [
        Loss(
            key=f"{where}.delivery.{key}",
            reason=f"Knative keeps tenths of a second; it becomes {iso_duration(time)[2:].lower()}",
        )
        for key, time in times.items()
        if time is not None and time.milliseconds % _TENTH_MS
    ]


def check_dead_letter(trigger: str, function: str, said: Delivery | None) -> None:
    """An event that a function did not take goes to somebody else.

    Raises:
        ManifestError: It goes to the same function again.
    """
    if said is not None and said.dead_letter is not None and said.dead_letter.function == function:
        raise ManifestError(
            f"triggers.{trigger}.delivery.dead_letter: got {function!r}, which is where the event "
            "was not taken, expected another function",
            hint="a function of its own for dead letters, or a url",
        )


def _sink(letter: DeadLetter, namespace: str) -> dict[str, Node]:
    if letter.function is not None:
        return {"ref": reference(letter.function, namespace)}
    return {"uri": letter.url}
