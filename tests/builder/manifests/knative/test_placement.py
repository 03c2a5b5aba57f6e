"""Labels and annotations: on the Service, on its template, or nowhere."""


def test_labels_and_annotations_are_those_of_pods(hello):
    service = hello("{labels: {team: shop}, annotations: {acme.com/owner: me}}")
    template = service["spec"]["template"]["metadata"]
    assert template["labels"]["team"] == "shop"
    assert template["annotations"]["acme.com/owner"] == "me"
    assert "team" not in service["metadata"]["labels"]
    assert "annotations" not in service["metadata"]


def test_what_is_said_of_the_network_is_read_on_the_service(hello):
    service = hello(
        "{labels: {networking.knative.dev/visibility: cluster-local}, annotations: "
        "{networking.knative.dev/http-protocol: redirected, "
        "serving.knative.dev/rollout-duration: 120s, "
        "serving.knative.dev/progress-deadline: 60s}}"
    )
    assert service["metadata"]["labels"]["networking.knative.dev/visibility"] == "cluster-local"
    assert service["metadata"]["annotations"] == {
        "networking.knative.dev/http-protocol": "redirected",
        "serving.knative.dev/rollout-duration": "120s",
    }
    template = service["spec"]["template"]["metadata"]
    assert template["annotations"]["serving.knative.dev/progress-deadline"] == "60s"
    assert not any(key.startswith("networking") for key in template["annotations"])
    assert not any(key.startswith("networking") for key in template["labels"])


def test_what_is_knatives_own_is_lost(hello, told):
    said = (
        "{labels: {serving.knative.dev/service: x}, annotations: {serving.knative.dev/creator: me}}"
    )
    assert "serving.knative.dev" not in str(hello(said)["spec"]["template"]["metadata"]).replace(
        "autoscaling.knative.dev", ""
    )
    losses, _ = told(f"functions: {{hello: {said}}}")
    assert set(losses) == {
        "functions.hello.labels.serving.knative.dev/service",
        "functions.hello.annotations.serving.knative.dev/creator",
    }
