"""Answers each event with the same event: the function that is served where none is given."""
# ruff: noqa: INP001 - a function's folder, and no package, so that serving it imports nothing else

from __future__ import annotations

from wherry import CloudEvent, cloud_event


@cloud_event
def handle(event: CloudEvent) -> CloudEvent:
    """Answer with `event`."""
    return event
