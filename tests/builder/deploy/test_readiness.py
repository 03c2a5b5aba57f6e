"""What Ready means, kind by kind."""

import pytest

from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.readiness import State, is_waited_for, readiness


def judged(api_version, kind, *, generation=2, spec=None, status=None):
    value = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "hello", "namespace": "fns", "generation": generation},
        "spec": spec or {},
    }
    if status is not None:
        value["status"] = status
    return readiness(ObjectKey.of(value), value)


def condition(kind, status, **more):
    return {"type": kind, "status": status, **more}


BY_READY = [
    ("serving.knative.dev/v1", "Service"),
    ("serving.knative.dev/v1beta1", "DomainMapping"),
    ("eventing.knative.dev/v1", "Broker"),
    ("eventing.knative.dev/v1", "Trigger"),
    ("sources.knative.dev/v1", "PingSource"),
    ("sources.knative.dev/v1", "SinkBinding"),
]


@pytest.mark.parametrize(("api_version", "kind"), BY_READY)
def test_knative_is_as_its_condition_ready_says(api_version, kind):
    for status, state in (
        ("True", State.READY),
        ("False", State.FAILING),
        ("Unknown", State.WAITING),
    ):
        told = {
            "observedGeneration": 2,
            "conditions": [
                condition("Other", "False"),
                condition("Ready", status, reason="Why", message="so it is"),
            ],
        }
        found = judged(api_version, kind, status=told)
        assert found.state is state
        assert found.message == ("" if state is State.READY else "Why: so it is")


@pytest.mark.parametrize(("api_version", "kind"), BY_READY)
@pytest.mark.parametrize("status", [None, {}, {"conditions": None}, {"conditions": ["odd"]}])
def test_silence_is_waited_for(api_version, kind, status):
    assert judged(api_version, kind, status=status).state is State.WAITING


def test_what_was_said_of_the_generation_before_does_not_count():
    told = {"observedGeneration": 1, "conditions": [condition("Ready", "True")]}
    found = judged("serving.knative.dev/v1", "Service", status=told)
    assert found.state is State.WAITING
    assert "not seen the change" in found.message


def test_a_service_that_is_ready_tells_its_address():
    told = {"conditions": [condition("Ready", "True")], "url": "http://hello.fns.example.com"}
    found = judged("serving.knative.dev/v1", "Service", status=told)
    assert found.message == "http://hello.fns.example.com"


@pytest.mark.parametrize(
    ("counts", "state", "message"),
    [
        ((3, 3, 3), State.READY, ""),
        ((2, 1, 2), State.WAITING, "1 of 3 replicas are new"),
        ((4, 3, 3), State.WAITING, "1 old replicas are to end"),
        ((3, 3, 2), State.WAITING, "2 of 3 replicas are available"),
        ((None, None, None), State.WAITING, "0 of 3 replicas are new"),
    ],
)
def test_a_deployment_is_as_rollout_status_has_it(counts, state, message):
    names = ("replicas", "updatedReplicas", "availableReplicas")
    counted = {name: count for name, count in zip(names, counts, strict=True) if count is not None}
    found = judged(
        "apps/v1",
        "Deployment",
        spec={"replicas": 3},
        status={"observedGeneration": 2, **counted},
    )
    assert (found.state, found.message) == (state, message)


def test_a_deployment_without_a_count_is_of_one():
    counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    told = {"observedGeneration": 2, **counts}
    assert judged("apps/v1", "Deployment", status=told).state is State.READY


def test_a_deployment_that_nobody_has_looked_at_is_waited_for():
    assert judged("apps/v1", "Deployment", spec={"replicas": 0}).state is State.WAITING


@pytest.mark.parametrize(
    "failing",
    [
        condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="too long"),
        condition("ReplicaFailure", "True", reason="FailedCreate", message="exceeded quota"),
    ],
)
def test_a_deployment_fails(failing):
    told = {"observedGeneration": 2, "conditions": [failing]}
    found = judged("apps/v1", "Deployment", spec={"replicas": 1}, status=told)
    assert found.state is State.FAILING
    assert failing["message"] in found.message


def test_a_gateway_is_accepted_and_need_not_have_an_address():
    told = {"conditions": [condition("Accepted", "True"), condition("Programmed", "False")]}
    found = judged("gateway.networking.k8s.io/v1", "Gateway", status=told)
    assert found.state is State.READY


def test_a_gateway_that_nobody_takes_is_waited_for():
    pending = condition("Accepted", "Unknown", reason="Pending", message="Waiting for controller")
    found = judged("gateway.networking.k8s.io/v1", "Gateway", status={"conditions": [pending]})
    assert found.state is State.WAITING
    assert "Waiting for controller" in found.message


def route(parents, taken):
    refs = {"parentRefs": parents}
    told = {"parents": [{"conditions": each} for each in taken]}
    return judged("gateway.networking.k8s.io/v1", "HTTPRoute", spec=refs, status=told)


def test_a_route_is_accepted_by_each_of_its_gateways():
    both = [condition("Accepted", "True"), condition("ResolvedRefs", "True")]
    assert route([{"name": "a"}, {"name": "b"}], [both]).state is State.WAITING
    assert route([{"name": "a"}, {"name": "b"}], [both, both]).state is State.READY


def test_a_route_that_one_gateway_refuses_fails():
    refused = [
        condition("Accepted", "True"),
        condition("ResolvedRefs", "False", reason="BackendNotFound", message="no hello-v2"),
    ]
    found = route([{"name": "a"}], [refused])
    assert (found.state, found.message) == (State.FAILING, "BackendNotFound: no hello-v2")


def test_a_route_that_was_refused_in_the_generation_before_is_waited_for():
    old = condition("Accepted", "False", observedGeneration=1)
    assert route([{"name": "a"}], [[old]]).state is State.WAITING


def test_a_service_that_is_a_parent_of_a_route_need_not_answer():
    assert route([{"kind": "Service", "name": "hello"}], []).state is State.READY


@pytest.mark.parametrize(
    ("replicas", "available", "state"),
    [(1, 1, State.READY), (0, 0, State.READY), (2, 0, State.WAITING)],
)
def test_a_function_of_openfaas_takes_calls_or_sleeps(replicas, available, state):
    told = {"replicas": replicas, "availableReplicas": available}
    assert judged("openfaas.com/v1", "Function", status=told).state is state


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "Service"),
        ("networking.istio.io/v1", "VirtualService"),
        ("networking.istio.io/v1", "Gateway"),
        ("policy/v1", "PodDisruptionBudget"),
    ],
)
def test_other_kinds_are_ready_when_they_are_there(api_version, kind):
    key = ObjectKey(api_version=api_version, kind=kind, namespace="fns", name="hello")
    assert not is_waited_for(key)
    assert judged(api_version, kind).state is State.READY
