"""Asks the package indexes whether they answer; only when asked to."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.doctor.finding import Finding, State
from wherry_build.errors import BuildError
from wherry_build.image.engine import WheelSources
from wherry_build.image.wheels.connection import Connections
from wherry_build.image.wheels.index_settings import read_index_settings
from wherry_build.image.wheels.locked import without_credentials

AREA = "Network"
_PURPOSE = "wherry build, for wheels that are not in the cache"


def look_at_indexes() -> Iterator[Finding]:
    """Whether each package index answers, with the settings that pip and uv have."""
    try:
        settings = read_index_settings(WheelSources())
    except BuildError as error:
        yield Finding(
            area=AREA, name="index", state=State.FAULT, said=error.message, hint=error.hint
        )
        return
    if not settings.has_index:
        said = "none is asked, as PIP_NO_INDEX or UV_NO_INDEX say"
        yield Finding(area=AREA, name="index", state=State.OK, said=said)
        return
    connections = Connections(settings)
    for url in settings.urls:
        yield _look_at(url, connections)


def _look_at(url: str, connections: Connections) -> Finding:
    shown = without_credentials(url)
    try:
        answer = connections.get(url)
        status = answer.status
        answer.close()  # the list of all packages, which is long
    except BuildError as error:
        return Finding(
            area=AREA,
            name="index",
            state=State.FAULT,
            said=f"{shown}: {error.message}",
            purpose=_PURPOSE,
            hint=error.hint or "set PIP_INDEX_URL, or HTTPS_PROXY",
        )
    is_ok = status < 400
    return Finding(
        area=AREA,
        name="index",
        state=State.OK if is_ok else State.FAULT,
        said=f"{shown} answers {status}",
        purpose=_PURPOSE,
        hint="" if is_ok else "are its credentials right? ~/.netrc, or the index's URL",
    )
