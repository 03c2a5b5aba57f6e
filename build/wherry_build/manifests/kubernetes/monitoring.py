"""ServiceMonitor and PrometheusRule: metrics that Prometheus's operator scrapes, and its alerts.

One of each for all functions of the namespace; each pod is behind one Service that has the port of
metrics, and is scraped once.
"""

from __future__ import annotations

from wherry_build.manifests.document import MANAGED_BY, Document, metadata
from wherry_build.manifests.kubernetes.alerts import ALERTS
from wherry_build.manifests.kubernetes.service import METRICS
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node

API = "monitoring.coreos.com/v1"
_NAME = "functions"


def monitoring_documents(topology: Topology) -> tuple[Document, Document]:
    """The ServiceMonitor and the PrometheusRule."""
    namespace = topology.namespace
    scraping: dict[str, Node] = {
        "selector": {"matchLabels": {"app.kubernetes.io/managed-by": MANAGED_BY}},
        "namespaceSelector": {"matchNames": [namespace]},
        "jobLabel": "app.kubernetes.io/name",
        "endpoints": [
            {"port": METRICS, "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}
        ],
    }
    rules: dict[str, Node] = {
        "groups": [{"name": "wherry", "rules": [each.rule(namespace) for each in ALERTS]}]
    }
    return (
        _document("40-service-monitor-functions.yaml", "ServiceMonitor", namespace, scraping),
        _document("40-prometheus-rule-functions.yaml", "PrometheusRule", namespace, rules),
    )


def _document(file: str, kind: str, namespace: str, spec: dict[str, Node]) -> Document:
    return Document(
        file=file,
        value={
            "apiVersion": API,
            "kind": kind,
            "metadata": metadata(_NAME, namespace=namespace),
            "spec": spec,
        },
    )
