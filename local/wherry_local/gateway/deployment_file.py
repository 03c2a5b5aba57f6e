"""What callers deployed, as `.wherry/deployments.json` keeps it: just as they sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from wherry_local.deployment import FunctionKey
from wherry_local.errors import LocalError
from wherry_local.gateway import storage
from wherry_local.gateway.answers import Refused
from wherry_local.gateway.function_deployment import FunctionDeployment, read_deployment
from wherry_local.state import StateFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One function that a caller deployed.

    Attributes:
        wanted: What the caller sent, its namespace said.
        created_at: Seconds since the epoch.
        revision: How often it was deployed.
    """

    wanted: FunctionDeployment
    created_at: float
    revision: int


def read_kept(state: StateFolder) -> dict[FunctionKey, Kept]:
    """What is kept; nothing where there is no file.

    Raises:
        LocalError: The file is not as `write_kept` writes it.
    """
    entries: list[Any] = storage.read(state.deployments).get("functions", [])
    try:
        kept = [
            Kept(
                wanted=read_deployment(each["deployment"]),
                created_at=float(each["createdAt"]),
                revision=int(each["revision"]),
            )
            for each in entries
        ]
    except (Refused, AttributeError, KeyError, TypeError, ValueError) as error:
        file = state.deployments
        raise LocalError(
            f"{file}: expected it as the platform writes it: {error}", hint=f"rm {file}"
        ) from None
    return {FunctionKey(each.wanted.service, each.wanted.namespace): each for each in kept}


def write_kept(state: StateFolder, kept: Mapping[FunctionKey, Kept]) -> None:
    """Keep this and nothing else.

    Raises:
        Refused: It cannot be stored (507).
    """
    entries = [
        {
            "deployment": each.wanted.document(),
            "createdAt": each.created_at,
            "revision": each.revision,
        }
        for each in kept.values()
    ]
    content = orjson.dumps({"functions": entries}, option=orjson.OPT_INDENT_2)
    storage.write(state, state.deployments, content)
