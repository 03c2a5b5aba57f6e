"""Schedules: a PingSource for each, which sends its function an event at certain times."""

from __future__ import annotations

import json

from wherry_build.errors import ManifestError
from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import Emission
from wherry_build.manifests.knative.cron import check_cron
from wherry_build.manifests.knative.service import reference
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.eventing import Schedule

_JSON = "application/json"


def schedules(topology: Topology) -> Emission:
    """The PingSource of each schedule.

    Raises:
        ManifestError: Knative would refuse when it fires, or what it sends.
    """
    return Emission(
        documents=tuple(
            _ping_source(name, each, topology.namespace)
            for name, each in topology.schedules.items()
        )
    )


def _ping_source(name: str, said: Schedule, namespace: str) -> Document:
    check_cron(name, said.cron)
    _check_data(name, said)
    spec: dict[str, Node] = {"schedule": said.cron}
    if said.time_zone is not None:
        spec["timezone"] = said.time_zone
    if said.content_type is not None:
        spec["contentType"] = said.content_type
    if said.data:
        spec["data"] = said.data
    spec["sink"] = {"ref": reference(said.function, namespace)}
    return Document(
        file=f"20-ping-source-{name}.yaml",
        value={
            "apiVersion": "sources.knative.dev/v1",
            "kind": "PingSource",
            "metadata": metadata(name, namespace=namespace, function=said.function),
            "spec": spec,
        },
    )


def _check_data(name: str, said: Schedule) -> None:
    """Of content of exactly this type Knative takes JSON objects alone."""
    if said.content_type != _JSON or not said.data:
        return
    where = f"schedules.{name}.data"
    try:
        value = json.loads(said.data)
    except (ValueError, RecursionError):
        raise ManifestError(
            f"{where}: got text that is no JSON, expected a JSON object, as content_type is {_JSON}"
        ) from None
    if not isinstance(value, dict):
        raise ManifestError(
            f"{where}: got JSON that is no object, which is all that Knative takes of {_JSON}",
            hint=f"content_type: {_JSON}; charset=utf-8",
        )
