"""Which keys of wherry.yaml OpenFaaS carries, and why it has no form for the others.

What depends on a value or on the edition is not here: `edition`, `scaling` and `events` tell it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.manifests.coverage import Reason

CARRIED: frozenset[str] = frozenset(
    {
        "namespace",
        "functions.*.environment", "functions.*.secrets", "functions.*.resources",
        "functions.*.scale.min", "functions.*.scale.max", "functions.*.scale.target",
        "functions.*.scale.metric", "functions.*.scale.utilization", "functions.*.scale.zero",
        "functions.*.scale.zero_after", "functions.*.scale.down_delay",
        "functions.*.concurrency", "functions.*.timeout",
        "functions.*.probes.readiness", "functions.*.probes.liveness",
        "functions.*.labels", "functions.*.annotations", "functions.*.service_account",
        "functions.*.nodes", "functions.*.read_only_root", "functions.*.event_types",
        "functions.*.sink.url", "triggers.*.function", "triggers.*.filters",
        "schedules.*.cron", "schedules.*.function",
    }
)  # fmt: skip

_ONE_INSTANCE_RULE = Reason(
    reason="the autoscaler begins with `min`, at every revision and out of sleep",
    instead="scale.min",
)
_NO_BROKER = Reason(
    reason="events come from the topics that a connector listens to, and there is no broker",
    instead="settings of the connector",
)
_EMPTY_CALL = Reason(reason="the cron connector calls with an empty body")

LOST: Mapping[str, Reason] = {
    "registry.pull_secrets": Reason(
        reason="OpenFaaS pulls with the secrets of its namespace's default account",
        instead="name them in imagePullSecrets of that account",
    ),
    "functions.*.scale.window": Reason(reason="the autoscaler averages over a time of its own"),
    "functions.*.scale.initial": _ONE_INSTANCE_RULE,
    "functions.*.scale.wake": _ONE_INSTANCE_RULE,
    "functions.*.probes.startup": Reason(
        reason="OpenFaaS asks for health and readiness alone",
        instead="initial_delay of probes.liveness",
    ),
    "functions.*.methods": Reason(
        reason="the gateway hands on every method",
        instead="@http(methods=...) in the handler answers the others with 405",
    ),
    "functions.*.revisions.*.percent": Reason(
        reason="each revision is a function of its own, NAME-REVISION, and nothing here shares "
        "calls out between them",
        instead="choose a --mesh",
    ),
    "functions.*.revisions.*.tag": Reason(
        reason="each revision is a function of its own", instead="call it by NAME-REVISION"
    ),
    "functions.*.sink.broker": Reason(
        reason="there is no broker, so K_SINK is not set and what it emits fails",
        instead="sink: {url: ...}",
    ),
    "brokers": _NO_BROKER,
    "triggers.*.broker": _NO_BROKER,
    "triggers.*.path": Reason(reason="connectors call a function at its root"),
    "triggers.*.delivery": Reason(
        reason="how often a message is tried is the connector's and the queue's to say",
        instead="annotations com.openfaas.retry.*, where the connector calls asynchronously",
    ),
    "schedules.*.time_zone": Reason(
        reason="the cron connector's own clock counts, which is UTC", instead="a cron in UTC"
    ),
    "schedules.*.data": _EMPTY_CALL,
    "schedules.*.content_type": _EMPTY_CALL,
}
