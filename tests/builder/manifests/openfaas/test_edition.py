"""The Community Edition's limits are told, each by name; the commercial editions have none."""

import pytest
from tests.builder.manifests.full_project import full_project

from wherry_build.manifests import Edition

LIMIT = "OpenFaaS's Community Edition "


@pytest.fixture
def limits(openfaas):
    """The limits that are told."""

    def limits(project, **options):
        options.setdefault("edition", Edition.CE)
        return [
            each.removeprefix(LIMIT)
            for each in openfaas(project, **options).warnings
            if each.startswith(LIMIT)
        ]

    return limits


def functions(count):
    return "functions: {" + ", ".join(f"f{number}: {{}}" for number in range(count)) + "}"


def test_a_plain_project_has_room(limits):
    assert limits(functions(15)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (functions(16), "takes 15 functions at most, and these are 16"),
        (
            "namespace: fns\nfunctions: {a: {}}",
            "has one namespace, openfaas-fn, and this is fns",
        ),
        (
            "registry: {pull_secrets: [ghcr, quay]}\nfunctions: {a: {}}",
            "pulls public images only, and registry.pull_secrets names ghcr, quay",
        ),
        (
            "functions: {a: {scale: {zero: true}}, b: {scale: {zero_after: 1m}}, c: {}}",
            "does not scale to zero: a, b",
        ),
        ("functions: {a: {scale: {min: 0}}}", "does not scale to zero: a"),
        (
            "functions: {a: {scale: {max: 20}}, b: {scale: {min: 6}}, c: {scale: {max: 5}}}",
            "stops at 5 instances: a (20), b (6)",
        ),
        (
            "functions: {a: {labels: {com.openfaas.scale.zero: 'true'}}}",
            "refuses labels of the commercial autoscaler: a (com.openfaas.scale.zero)",
        ),
        (
            "functions: {a: {event_types: [x, y]}, b: {event_types: [x]}}",
            "has connectors of one topic a function: a",
        ),
        (
            """
functions: {a: {event_types: [x]}, b: {}}
schedules: {s: {cron: '@daily', function: b}}
""",
            "has the cron connector or one that brings events, and not both",
        ),
    ],
)
def test_each_limit_by_name(limits, text, told):
    assert limits(text) == [told]
    assert limits(text, edition=Edition.PRO) == []


def test_revisions_are_functions_and_count(limits):
    text = functions(14)[:-1] + ", last: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}}"
    assert limits(text) == ["takes 15 functions at most, and these are 16"]


def test_a_project_that_uses_everything(limits):
    assert len(limits(full_project())) == 5
    assert limits(full_project(), edition=Edition.PRO) == []


def test_what_the_commercial_editions_alone_have_is_lost(lost):
    text = """
functions:
  a:
    service_account: a
    probes: {liveness: {path: /live, failures: 2}, readiness: {period: 5s}}
"""
    keys = {"service_account", "probes.liveness.path", "probes.liveness.failures"}
    keys |= {"probes.readiness.period"}
    assert set(lost(text, edition=Edition.CE)) == {f"functions.a.{key}" for key in keys}
    assert lost(text) == {}


def test_probes_are_annotations(stack):
    text = """
functions:
  a:
    probes:
      startup: {path: /started}
      liveness: {path: /live, initial_delay: 5s, period: 20s, timeout: 3s, failures: 4}
      readiness: {period: 2s}
"""
    assert stack(text)["a"]["annotations"] == {
        "com.openfaas.health.http.path": "/live",
        "com.openfaas.health.http.initialDelaySeconds": "5",
        "com.openfaas.health.http.periodSeconds": "20",
        "com.openfaas.health.http.timeoutSeconds": "3",
        "com.openfaas.health.http.failureThreshold": "4",
        "com.openfaas.ready.http.path": "/_/ready",
        "com.openfaas.ready.http.periodSeconds": "2",
    }
    assert "annotations" not in stack(text, edition=Edition.CE)["a"]


def test_readiness_has_a_path_of_its_own(stack):
    """Otherwise it is asked by the path of liveness, which is well while all places are taken."""
    annotations = stack("functions: {a: {}}")["a"]["annotations"]
    assert annotations == {"com.openfaas.ready.http.path": "/_/ready"}
