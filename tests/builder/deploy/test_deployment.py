"""In which order a cluster is asked, what for, and for how long."""

import pytest

from wherry_build.deploy.comparison import Change
from wherry_build.deploy.deployment import Deployment, Patience, plan
from wherry_build.deploy.readiness import State
from wherry_build.errors import DeployError, PlatformUnavailable
from wherry_build.manifests.document import Document

READY = {"conditions": [{"type": "Ready", "status": "True"}]}
NOT_READY = {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Deploying"}]}
FAILED = {
    "conditions": [
        {"type": "Ready", "status": "False", "reason": "RevisionFailed", "message": "no image"}
    ]
}


class Clock:
    """Time that passes while somebody sleeps, and what happens in it."""

    def __init__(self):
        self.now_s = 0.0
        self.events = {}

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        assert seconds > 0
        self.now_s += seconds
        for at in sorted(at for at in self.events if at <= self.now_s):
            self.events.pop(at)()


class Told:
    """An observer that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def applied(self, key, change):
        self.lines.append(f"{change.value} {key.name}")

    def observed(self, key, readiness):
        self.lines.append(f"{readiness.state.value} {key.name} {readiness.message}".strip())

    def waiting(self, rollout, waited_s):
        pass


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def documents(service):
    """A function, its route, a trigger, and a stack file that is no object."""

    def of(api_version, kind, name):
        metadata = {"name": name, "namespace": "fns"}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {}}

    return (
        Document(file="stack.yaml", value={"version": "1.0"}),
        Document(file="10-service-hello.yaml", value=service()),
        Document(
            file="20-trigger-placed.yaml", value=of("eventing.knative.dev/v1", "Trigger", "placed")
        ),
        Document(file="30-gateway.yaml", value=of("networking.istio.io/v1", "Gateway", "fns")),
        Document(
            file="31-virtual-service.yaml",
            value=of("networking.istio.io/v1", "VirtualService", "fns"),
        ),
    )


@pytest.fixture
def deploy(server, clock):
    """Plan and run; what was told."""

    def deploy(documents, *, timeout_s=60, force=False):
        told = Told()
        made = plan(server, documents, force=force)
        deployment = Deployment(server, made, observer=told, force=force)
        deploy.last, deploy.told = deployment, told.lines
        deployment.run(Patience(timeout_s=timeout_s, clock=clock, sleep=clock.sleep))
        return told.lines

    return deploy


def test_a_plan_changes_nothing_and_says_what_would_be(api, server, documents, service):
    server.apply(service(), force=False)
    api.asked.clear()
    made = plan(server, documents, force=False)
    assert [(each.key.name, each.change) for each in made.differences] == [
        ("hello", Change.UNCHANGED),
        ("placed", Change.CREATED),
        ("fns", Change.CREATED),
        ("fns", Change.CREATED),
    ]
    assert made.is_changing
    assert api.applied() == []


def test_a_plan_tells_every_refusal(api, server, documents):
    api.refuse("PATCH", "/services/", 422, "spec.template: unknown field")
    api.refuse("PATCH", "/gateways/", 403, "not you")
    with pytest.raises(DeployError) as caught:
        plan(server, documents, force=False)
    assert "refuses 2 objects; nothing has been changed" in caught.value.message
    assert "unknown field" in caught.value.message
    assert "not you" in caught.value.message


def test_what_goes_into_a_new_namespace_is_not_asked_about(api, server, service):
    document = Document(file="10-a.yaml", value=service(namespace="new"))
    made = plan(server, [document], force=False, new_namespaces=["new"])
    assert [each.change for each in made.differences] == [Change.CREATED]
    assert not any(each.method == "PATCH" for each in api.asked)


def test_all_is_applied_in_order_and_ready(api, deploy, documents):
    assert deploy(documents) == [
        "created hello",
        "created placed",
        "ready hello",
        "ready placed",
        "created fns",
        "created fns",
    ]
    assert api.applied() == [
        ("Service", "hello"),
        ("Trigger", "placed"),
        ("Gateway", "fns"),
        ("VirtualService", "fns"),
    ]


def test_what_has_not_changed_is_applied_too_so_that_its_fields_are_ours(api, deploy, documents):
    deploy(documents)
    assert deploy(documents)[:2] == ["unchanged hello", "unchanged placed"]
    assert len(api.applied()) == 8


def test_routes_wait_until_the_function_is_ready(api, deploy, documents, clock):
    state = {"hello": NOT_READY}
    api.status = lambda value: state.get(value["metadata"]["name"], READY)
    clock.events[30] = state.clear
    seen = {}
    clock.events[29] = lambda: seen.update(applied=api.applied())
    deploy(documents)
    assert seen["applied"] == [("Service", "hello"), ("Trigger", "placed")]
    assert len(api.applied()) == 4


def test_a_function_that_fails_leaves_the_routes_as_they_were(api, deploy, documents, clock):
    api.status = lambda _: FAILED
    with pytest.raises(DeployError) as caught:
        deploy(documents)
    assert caught.value.message == (
        "failed:\n"
        "  service.serving.knative.dev/hello: RevisionFailed: no image\n"
        "  trigger.eventing.knative.dev/placed: RevisionFailed: no image"
    )
    assert caught.value.hint.endswith("-n fns describe service.serving.knative.dev hello")
    assert caught.value.exit_code == 1
    assert [kind for kind, _ in api.applied()] == ["Service", "Trigger"]
    assert 10 <= clock.now_s < 13
    key = deploy.last.applied[0]
    assert deploy.last.readiness[key].state is State.FAILING


def test_time_is_up(api, deploy, documents, clock):
    api.status = lambda _: NOT_READY
    with pytest.raises(DeployError, match=r"not ready after 7.5 s:\n  service.*hello: Deploying"):
        deploy(documents, timeout_s=7.5)
    assert clock.now_s == pytest.approx(7.5)


def test_no_time_is_no_waiting(api, deploy, documents, clock):
    api.status = lambda _: NOT_READY
    assert deploy(documents, timeout_s=0)[-1] == "created fns"
    assert clock.now_s == 0


def test_a_server_that_is_away_for_a_moment_is_no_failure(api, deploy, documents, clock):
    api.status = lambda _: NOT_READY
    clock.events[5] = lambda: api.refuse("GET", "/services/hello", 401)
    clock.events[9] = api.answers.clear
    clock.events[11] = lambda: setattr(api, "status", lambda _: READY)
    assert deploy(documents)[-1] == "created fns"


def test_a_server_that_stays_away_is(api, deploy, documents, clock):
    api.status = lambda _: NOT_READY
    clock.events[5] = lambda: api.refuse("GET", "/services/hello", 401)
    with pytest.raises(PlatformUnavailable):
        deploy(documents)
    assert clock.now_s == pytest.approx(60)


def test_what_somebody_deletes_meanwhile_has_failed(api, deploy, documents, clock):
    api.status = lambda _: NOT_READY
    clock.events[5] = api.objects.clear
    with pytest.raises(DeployError, match="somebody has deleted it"):
        deploy(documents)


def test_a_refusal_on_the_way_says_what_was_applied(api, deploy, documents):
    api.refuse("PATCH", "/gateways/", 409, "being deleted", dry_run=False)
    with pytest.raises(DeployError) as caught:
        deploy(documents)
    assert caught.value.message.startswith(
        "the cluster refuses 1 object, after it took service.serving.knative.dev/hello, "
        "trigger.eventing.knative.dev/placed:"
    )


def test_force_is_passed_on(api, deploy, documents):
    deploy(documents, force=True)
    assert {each.words["force"] for each in api.asked if each.method == "PATCH"} == {"true"}


def test_many_objects_are_asked_for_less_often(api, deploy, service, clock):
    api.status = lambda _: NOT_READY
    several = [
        Document(file=f"10-service-{number:03}.yaml", value=service(f"f{number}"))
        for number in range(60)
    ]
    with pytest.raises(DeployError):
        deploy(several, timeout_s=3.5)
    assert sum(each.method == "GET" and "/services/" in each.path for each in api.asked) == 300
