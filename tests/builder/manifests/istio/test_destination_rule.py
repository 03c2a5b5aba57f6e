"""How callers connect, and the subsets of a Service."""

from wherry_build.manifests import Target

POLICY = """
functions:
  hello:
    revisions: {v1: {percent: 100}, v2: {percent: 0}}
    traffic_policy:
      connection_pool:
        {max_connections: 100, max_pending: 50, max_requests_per_connection: 9,
         connect_timeout: 2s}
      outlier_detection:
        {consecutive_5xx: 5, interval: 10s, ejection_time: 500ms, max_ejected: 0}
      load_balancing: round_robin
      mutual_tls: strict
  plain: {traffic_policy: {mutual_tls: strict}}
  some: {traffic_policy: {connection_pool: {connect_timeout: 1s}}}
hosts: {a.b: {}}
"""
TRAFFIC_POLICY = {
    "loadBalancer": {"simple": "ROUND_ROBIN"},
    "connectionPool": {
        "tcp": {"maxConnections": 100, "connectTimeout": "2s"},
        "http": {"http1MaxPendingRequests": 50, "maxRequestsPerConnection": 9},
    },
    "outlierDetection": {
        "consecutive5xxErrors": 5,
        "interval": "10s",
        "baseEjectionTime": "500ms",
        "maxEjectionPercent": 0,
    },
}


def rules(objects, target):
    found = objects(POLICY, target)
    return {name: each["spec"] for (kind, name), each in found.items() if kind == "DestinationRule"}


def test_every_part_of_a_policy_and_a_subset_for_each_revision(objects):
    found = rules(objects, Target.KUBERNETES)
    assert found == {
        "hello": {
            "host": "hello.default.svc.cluster.local",
            "trafficPolicy": TRAFFIC_POLICY,
            "subsets": [
                {"name": "v1", "labels": {"version": "v1"}},
                {"name": "v2", "labels": {"version": "v2"}},
            ],
        },
        "some": {
            "host": "some.default.svc.cluster.local",
            "trafficPolicy": {"connectionPool": {"tcp": {"connectTimeout": "1s"}}},
        },
    }


def test_every_subset_has_pods(objects):
    found = objects(POLICY)
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for (kind, _), each in found.items()
        if kind == "Deployment"
    ]
    for subset in found["DestinationRule", "hello"]["spec"]["subsets"]:
        assert any(subset["labels"].items() <= each.items() for each in labels)


def test_openfaas_has_one_for_each_revision(objects):
    found = rules(objects, Target.OPENFAAS)
    assert list(found) == ["hello-v1", "hello-v2", "some"]
    assert found["hello-v2"] == {
        "host": "hello-v2.openfaas-fn.svc.cluster.local",
        "trafficPolicy": TRAFFIC_POLICY,
    }


def test_knative_has_none_and_that_is_told(objects, losses):
    assert rules(objects, Target.KNATIVE) == {}
    prefix = "functions.hello.traffic_policy."
    told = {key.removeprefix(prefix) for key in losses(POLICY, Target.KNATIVE) if prefix in key}
    assert told == {"connection_pool", "outlier_detection", "load_balancing"}
