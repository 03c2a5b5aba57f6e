"""The Service of a function: its pod, its probes, and what a proxy beside it changes."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.errors import ManifestError
from wherry_build.manifests import RenderOptions, Target
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.knative.service import services
from wherry_build.manifests.resolution import topology


def pod(service):
    return service["spec"]["template"]["spec"]


def container(service):
    (only,) = pod(service)["containers"]
    return only


def test_the_pod_is_named_by_its_account_its_pull_secrets_and_its_nodes(hello):
    said = "{service_account: till, nodes: {kubernetes.io/arch: amd64}}"
    service = hello(said, "registry: {pull_secrets: [ghcr, quay]}")
    assert pod(service)["serviceAccountName"] == "till"
    assert pod(service)["imagePullSecrets"] == [{"name": "ghcr"}, {"name": "quay"}]
    assert pod(service)["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert pod(service)["automountServiceAccountToken"] is False


def test_nothing_is_written_that_needs_a_flag_and_was_not_asked_for(hello):
    assert set(pod(hello("{}"))) == {
        "automountServiceAccountToken",
        "enableServiceLinks",
        "containerConcurrency",
        "timeoutSeconds",
        "responseStartTimeoutSeconds",
        "containers",
        "volumes",
    }


def test_nodes_are_written_with_a_warning_of_the_flag(told):
    losses, warnings = told("functions: {a: {nodes: {x: y}}, b: {nodes: {x: y}}, c: {}}")
    assert losses == {}
    assert "a, b: nodes: Knative refuses nodeSelector until kubernetes.podspec-nodeselector" in (
        warnings
    )


@pytest.mark.parametrize(("timeout", "starts", "ends"), [(1, 6, 300), (299, 304, 304)])
def test_an_answer_has_its_timeout_to_begin_and_longer_to_end(hello, timeout, starts, ends):
    service = hello(f"{{timeout: {timeout}s, concurrency: 0}}")
    assert pod(service)["responseStartTimeoutSeconds"] == starts
    assert pod(service)["timeoutSeconds"] == ends
    assert pod(service)["containerConcurrency"] == 0


def test_no_time_is_over_what_knative_allows(hello):
    """max-revision-timeout-seconds is 600 unless a cluster says otherwise."""
    service = hello("{timeout: 600s}")
    assert pod(service)["responseStartTimeoutSeconds"] == 600
    assert pod(service)["timeoutSeconds"] == 600


def test_without_a_period_readiness_is_left_to_the_queue_proxy(hello):
    """Knative refuses failureThreshold and timeoutSeconds where there is no period."""
    probe = container(hello("{probes: {readiness: {path: /up, initial_delay: 2s}}}"))[
        "readinessProbe"
    ]
    assert probe == {"httpGet": {"path": "/up"}, "initialDelaySeconds": 2, "successThreshold": 1}


@pytest.mark.parametrize(
    ("said", "period", "timeout", "failures"),
    [
        ("period: 5s", 5, 1, 3),
        ("timeout: 2s", 1, 2, 3),
        ("failures: 7", 1, 1, 7),
        ("period: 4s, timeout: 2s, failures: 1", 4, 2, 1),
    ],
)
def test_a_readiness_with_a_time_has_all_that_knative_asks_for(
    hello, said, period, timeout, failures
):
    probe = container(hello(f"{{probes: {{readiness: {{{said}}}}}}}"))["readinessProbe"]
    assert probe["periodSeconds"] == period
    assert probe["timeoutSeconds"] == timeout
    assert probe["failureThreshold"] == failures


def test_startup_is_asked_only_when_the_file_says_so(hello):
    assert "startupProbe" not in container(hello("{}"))
    probes = container(hello("{probes: {startup: {failures: 30, period: 1s}}}"))
    assert probes["startupProbe"] == {
        "httpGet": {"path": "/health/readiness"},
        "periodSeconds": 1,
        "failureThreshold": 30,
    }


def test_probes_name_no_port_which_is_knatives_to_fill_in(hello):
    said = "{probes: {startup: {path: /a}, readiness: {path: /b}, liveness: {path: /c}}}"
    found = container(hello(said))
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert set(found[name]["httpGet"]) == {"path"}


def with_addition(said, addition):
    resolved = topology(made(f"functions: {{hello: {said}}}"), RenderOptions(target=Target.KNATIVE))
    emission = services(resolved, addition)
    (document,) = emission.documents
    return document.value, emission


PROXY = {"name": "proxy", "image": "p@sha256:0", "ports": [{"containerPort": 8080}]}


def test_behind_a_proxy_the_function_has_no_port_and_no_probe():
    service, emission = with_addition(
        "{probes: {liveness: {period: 3s}}, environment: {WHERRY_HOST: '::1'}}",
        PodAddition(
            containers=(PROXY,),
            volumes=({"name": "proxy", "emptyDir": {}},),
            function_port=8085,
        ),
    )
    function, proxy = pod(service)["containers"]
    assert proxy == PROXY
    assert not {"ports", "readinessProbe", "livenessProbe"} & set(function)
    assert {"name": "PORT", "value": "8085"} in function["env"]
    assert {"name": "WHERRY_HOST", "value": "127.0.0.1"} in function["env"]
    assert {"name": "proxy", "emptyDir": {}} in pod(service)["volumes"]
    assert [each.key for each in emission.losses] == [
        "functions.hello.environment.WHERRY_HOST",
        "functions.hello.probes",
    ]


def test_a_mesh_is_on_the_template_and_the_file_wins():
    service, _ = with_addition(
        "{labels: {sidecar.istio.io/inject: 'false'}}",
        PodAddition(labels={"sidecar.istio.io/inject": "true", "b": "c"}, annotations={"d": "e"}),
    )
    found = service["spec"]["template"]["metadata"]
    assert found["labels"]["sidecar.istio.io/inject"] == "false"
    assert found["labels"]["b"] == "c"
    assert found["annotations"]["d"] == "e"
    assert "b" not in service["metadata"]["labels"]


def test_a_container_that_starts_before_is_written_with_a_warning():
    service, emission = with_addition("{}", PodAddition(init_containers=({"name": "i"},)))
    assert pod(service)["initContainers"] == [{"name": "i"}]
    assert "kubernetes.podspec-init-containers" in "".join(emission.warnings)


@pytest.mark.parametrize("image", ["a:2", "ghcr.io/a", "registry:5000/a:1"])
def test_an_image_that_the_webhook_cannot_read_is_told(hello, image):
    with pytest.raises(ManifestError, match="a repository of 2 characters or more"):
        hello(f"{{image: '{image}'}}")


@pytest.mark.parametrize("image", ["ab", "a/b:1", "localhost/a:1", "ghcr.io/ab", "ghcr.io/a/b:1"])
def test_an_image_that_the_webhook_can_read_is_written(hello, image):
    assert container(hello(f"{{image: '{image}'}}"))["image"] == image
