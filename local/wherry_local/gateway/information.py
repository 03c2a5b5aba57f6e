"""`/system/info` and `/system/telemetry`: who serves here, as faas-cli's `version` shows it."""

from __future__ import annotations

import platform

import wherry
from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway.answers import document

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def routes() -> list[Route]:
    """The routes."""
    return [
        Route(methods=("GET",), pattern="/system/info", answer=_info),
        Route(methods=("GET",), pattern="/system/telemetry", answer=_telemetry),
    ]


async def _info(_asked: Asked) -> Reply:
    machine = platform.machine()
    # Clients look into each of these objects without asking whether it is there.
    version = {
        "release": wherry.__version__,
        "sha": wherry.__version__,
        "commit_message": "Wherry on one machine",
    }
    return document(
        200,
        {
            "provider": {"provider": "wherry", "orchestration": "processes", "version": version},
            "version": version,
            "arch": _MACHINES.get(machine, machine),
        },
    )


async def _telemetry(_asked: Asked) -> Reply:
    """Nothing is collected, so there is nothing to tell."""
    return document(200, {})
