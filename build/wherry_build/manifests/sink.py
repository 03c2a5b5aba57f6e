"""Where a function's own events go, as every platform tells it: in a variable. No platform.

A broker's address is its platform's to know; here is only what a project says as an address.
"""

from __future__ import annotations

from wherry_build.manifests.topology import Workload

SINK = "K_SINK"
"""The variable; Knative's bindings set the same one."""


def sink_variables(workload: Workload) -> dict[str, str]:
    """The variable of a sink that is an address; none for a broker or where nothing is said."""
    said = workload.said.sink
    return {SINK: said.url} if said is not None and said.url is not None else {}
