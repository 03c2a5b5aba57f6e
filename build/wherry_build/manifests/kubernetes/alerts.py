"""The alerts of docs/monitoring/alerts.yaml, as a PrometheusRule has them.

Each looks at one namespace, so that two projects in one cluster do not wake each other's people.
What an alert wants of whoever is paged is in docs/observability.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from wherry_build.manifests.yaml import Node

RUNBOOK = "docs/observability.md"
_PAGE = "page"
_TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert.

    Attributes:
        name: Its name.
        expression: In the language of Prometheus; `{` stands before the labels of each series.
        summary: What whoever is paged reads first.
        minutes: Time that it must be so.
        severity: Whether it wakes somebody.
    """

    name: str
    expression: str
    summary: str
    minutes: int = 0
    severity: str = _PAGE

    def rule(self, namespace: str) -> dict[str, Node]:
        """The alert as a rule that looks at `namespace`."""
        made: dict[str, Node] = {"alert": self.name, "expr": self.scoped(namespace)}
        if self.minutes:
            made["for"] = f"{self.minutes}m"
        return {
            **made,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "runbook": f"{RUNBOOK}#{self.name.lower()}",
            },
        }

    def scoped(self, namespace: str) -> str:
        """The expression over the series of `namespace` alone."""
        label = f'namespace="{namespace}"'
        return self.expression.replace("{}", f"{{{label}}}").replace("{code", f"{{{label},code")


ALERTS = (
    Alert(
        name="WherryCallsFail",
        expression='sum by (function) (rate(http_requests_total{code=~"5.."}[5m])) '
        "/ sum by (function) (rate(http_requests_total{}[5m])) > 0.05",
        summary="{{ $value | humanizePercentage }} of the calls of {{ $labels.function }} fail",
        minutes=10,
    ),
    Alert(
        name="WherryCallsLate",
        expression="sum by (function) (rate(wherry_requests_late_total{}[5m])) "
        "/ sum by (function) (rate(http_requests_total{}[5m])) > 0.01",
        summary="{{ $labels.function }} misses its deadline in "
        "{{ $value | humanizePercentage }} of its calls",
        minutes=10,
    ),
    Alert(
        name="WherryCallsRefused",
        expression="sum by (function) (rate(wherry_requests_refused_total{}[5m])) > 0",
        summary="{{ $labels.function }} is full and refuses {{ $value | humanize }} calls a second",
        minutes=10,
    ),
    Alert(
        name="WherryCallsStuck",
        expression="sum by (function, instance) (wherry_requests_stuck{}) > 0",
        summary="{{ $value }} calls of {{ $labels.function }} on {{ $labels.instance }} never end",
        minutes=5,
    ),
    Alert(
        name="WherryEventsLost",
        expression="sum by (function) (increase(wherry_events_lost_total{}[10m])) > 0",
        summary="{{ $labels.function }} emitted events that its sink did not take",
    ),
    Alert(
        name="WherryEventLoopBlocked",
        expression="sum by (function) (increase(wherry_event_loop_blocked_total{}[15m])) > 3",
        summary="{{ $labels.function }} keeps its event loop from turning",
        severity=_TICKET,
    ),
    Alert(
        name="WherryWorkersReplaced",
        expression="sum by (instance) (increase(wherry_worker_recycles_total{}[1h])) > 3",
        summary="Workers on {{ $labels.instance }} are replaced again and again",
        severity=_TICKET,
    ),
    Alert(
        name="WherryDescriptorsLow",
        expression="(process_open_fds{} / process_max_fds{} > 0.85) "
        "and on (instance) wherry_build_info{}",
        summary="{{ $labels.instance }} has {{ $value | humanizePercentage }} of its "
        "descriptors open",
        minutes=5,
    ),
    Alert(
        name="WherryStartsSlowly",
        expression="max by (function) (wherry_start_seconds{}) > 10",
        summary="{{ $labels.function }} took {{ $value | humanizeDuration }} to start",
        severity=_TICKET,
    ),
)
