"""Which triggers of a project get an event, and which do not and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wherry_build.project.cesql import Attributes
from wherry_build.project.specification.eventing import Trigger
from wherry_local.broker.filters import Verdict, compiled

DEFAULT_BROKER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a trigger does with an event.

    Attributes:
        name: The trigger's name.
        trigger: The trigger.
        verdict: Whether the event passes, and why not.
    """

    name: str
    trigger: Trigger
    verdict: Verdict


def matches(triggers: Mapping[str, Trigger], attributes: Attributes) -> Iterator[Match]:
    """What each of `triggers` does with an event that its broker has.

    Args:
        triggers: The triggers, by name.
        attributes: The event's attributes, by name.
    """
    for name, trigger in triggers.items():
        condition = compiled(trigger.filters, clause=f"triggers.{name}.filters")
        yield Match(name=name, trigger=trigger, verdict=condition(attributes))


def of_broker(triggers: Mapping[str, Trigger], broker: str) -> dict[str, Trigger]:
    """Those of `triggers` that are of `broker`."""
    return {
        name: each for name, each in triggers.items() if (each.broker or DEFAULT_BROKER) == broker
    }
