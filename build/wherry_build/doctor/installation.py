"""Looks at Python and at what is installed beside the command: the extras, one by one."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from wherry._version import __version__
from wherry_build.doctor.finding import Finding, State

AREA_PYTHON = "Python"
AREA_EXTRAS = "Extras"
OLDEST = (3, 10)
PURPOSES: Mapping[str, str] = {
    "build": "wherry.yaml, wherry build, wherry builder serve",
    "certs": "wherry certs",
    "deploy": "wherry deploy, wherry diff",
    "h2c": "HTTP/2 without TLS, WHERRY_H2C",
    "lint": "wherry lint",
    "local": "wherry up, wherry run --watch",
    "nats": "wherry up --queue",
    "otel": "OpenTelemetry",
    "seal": "sealed build secrets of faas-cli, wherry builder keygen",
    "schemas": "wherry lint with schemas of a cluster",
    "typed": "parameters of msgspec and pydantic",
    "websocket": "ASGI applications with websockets",
}
"""The extras of the distribution, and what needs each."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([a-z0-9-]+)["']""")


def look_at_python(version: Sequence[int] | None = None) -> Iterator[Finding]:
    """Whether this Python is new enough, and which Wherry it runs."""
    numbers = tuple(sys.version_info[:3] if version is None else version)
    shown = ".".join(map(str, numbers))
    is_new_enough = numbers >= OLDEST
    yield Finding(
        area=AREA_PYTHON,
        name="python",
        state=State.OK if is_new_enough else State.FAULT,
        said=f"{platform.python_implementation()} {shown}, {sys.executable}",
        hint="" if is_new_enough else f"install Python {'.'.join(map(str, OLDEST))} or newer",
    )
    yield Finding(area=AREA_PYTHON, name="wherry", state=State.OK, said=__version__)


def look_at_extras(
    requirements: Sequence[str] | None = None,
) -> Iterator[Finding]:
    """Which extras are whole, and which packages the others miss.

    Args:
        requirements: The distribution's requirements, as its metadata has them.
    """
    packages = _packages(_declared() if requirements is None else requirements)
    for extra, purpose in PURPOSES.items():
        if extra not in packages:
            continue
        versions = {name: _version(name) for name in packages[extra]}
        missing = [name for name, version in versions.items() if not version]
        there = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        yield Finding(
            area=AREA_EXTRAS,
            name=extra,
            state=State.ABSENT if missing else State.OK,
            said=f"without {', '.join(missing)}" if missing else there,
            purpose=purpose,
            hint=f"pip install 'wherry[{extra}]'" if missing else "",
        )


def _declared() -> Sequence[str]:
    try:
        return importlib.metadata.requires("wherry") or ()
    except importlib.metadata.PackageNotFoundError:
        return ()


def _packages(requirements: Sequence[str]) -> dict[str, list[str]]:
    """The packages that each extra needs on this Python, those of another extra left out."""
    found: dict[str, list[str]] = {}
    for requirement in requirements:
        package, extra = _REQUIREMENT.match(requirement), _EXTRA.search(requirement)
        if package is None or extra is None or package[1].lower() == "wherry":
            continue
        if _applies(requirement, extra[1]):
            found.setdefault(extra[1], []).append(package[1])
    return found


def _applies(requirement: str, extra: str) -> bool:
    """Whether its marker is true of this Python and platform."""
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        return True  # it is of the extra `build`, which is then told to be without it
    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate({"extra": extra})


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
