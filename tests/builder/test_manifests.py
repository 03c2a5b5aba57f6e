"""What is rendered: the objects of each target, as a reader of the output gets them."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_build.errors import InvalidName, ManifestError
from wherry_build.manifests import Mesh, RenderOptions, Target, render
from wherry_build.project import Declarations, Function, Project, Resources, Scale
from wherry_build.project.image_name import image_reference


def rendered(project, **options):
    options.setdefault("registry", "ghcr.io/acme")
    return render(project, RenderOptions(**options))


def objects(project, **options):
    return list(yaml.safe_load_all(rendered(project, **options).stream()))


def by_kind(project, kind, **options):
    return {
        item["metadata"]["name"]: item
        for item in objects(project, **options)
        if item.get("kind") == kind
    }


def test_the_stack_file(project):
    (stack,) = objects(project, target=Target.OPENFAAS, working_directory=Path("/src/deploy"))
    assert stack["version"] == "1.0"
    assert stack["provider"] == {"name": "openfaas", "gateway": "http://127.0.0.1:8080"}
    hello, orders = stack["functions"].values()
    assert hello["lang"] == "python3-wherry"
    assert hello["handler"] == "../functions/hello"
    assert hello["image"] == "ghcr.io/acme/hello:latest"
    assert hello["readonly_root_filesystem"] is True
    assert "annotations" not in hello
    assert orders["annotations"] == {"topic": "com.acme.order.placed"}
    for function in (hello, orders):
        for values in ("labels", "environment", "requests", "limits"):
            assert all(isinstance(value, str) for value in function[values].values())


def test_the_stack_file_is_read_as_faas_cli_reads_it(project, make_function):
    """faas-cli puts the environment into `${...}` before it reads the YAML."""
    function = make_function(environment={"A": "${HOME}", "B": "$$", "C": "$HOME"})
    text = rendered(Project(root=Path(), functions=(function,)), target=Target.OPENFAAS).stream()
    assert re.search(r"\$[{$]", text) is None
    (stack,) = yaml.safe_load_all(text)
    assert stack["functions"]["hello"]["environment"].items() >= function.environment.items()


def test_a_handler_of_another_name_is_named_to_the_template(make_function):
    project = Project(root=Path(), functions=(make_function(handler="main.py"),))
    (stack,) = objects(project, target=Target.OPENFAAS)
    environment = stack["functions"]["hello"]["environment"]
    assert environment["WHERRY_HANDLER"] == "/srv/function/main.py"


def test_a_knative_service(project):
    service = by_kind(project, "Service", target=Target.KNATIVE)["hello"]
    assert service["apiVersion"] == "serving.knative.dev/v1"
    assert service["metadata"]["namespace"] == "default"
    assert "annotations" not in service["metadata"], "autoscaling counts on the template alone"
    template = service["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    assert annotations["autoscaling.knative.dev/min-scale"] == "0"
    assert all(isinstance(value, str) for value in annotations.values())
    (container,) = template["spec"]["containers"]
    assert container["image"] == "ghcr.io/acme/hello:latest"
    assert container["ports"] == [{"name": "http1", "containerPort": 8080}]
    assert container["readinessProbe"] == {
        "httpGet": {"path": "/health/readiness"},
        "successThreshold": 1,
    }
    assert container["livenessProbe"]["httpGet"] == {"path": "/health/liveness"}
    assert template["spec"]["responseStartTimeoutSeconds"] == 35
    assert template["spec"]["timeoutSeconds"] >= template["spec"]["responseStartTimeoutSeconds"]


def test_every_pod_passes_the_restricted_standard(project):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, restricted."""
    for service in by_kind(project, "Service", target=Target.KNATIVE).values():
        pod = service["spec"]["template"]["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert all(set(volume) - {"name"} <= {"emptyDir"} for volume in pod["volumes"])
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["runAsNonRoot"] is True
            assert context["runAsUser"] > 0
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            assert context["readOnlyRootFilesystem"] is True
            assert "hostPort" not in container["ports"][0]


def test_a_trigger_for_each_function_with_event_types(project):
    (trigger,) = by_kind(project, "Trigger", target=Target.KNATIVE, namespace="fns").values()
    assert trigger["apiVersion"] == "eventing.knative.dev/v1"
    assert trigger["metadata"]["namespace"] == "fns"
    assert trigger["spec"]["broker"] == "default"
    assert trigger["spec"]["filters"] == [{"exact": {"type": "com.acme.order.placed"}}]
    assert trigger["spec"]["subscriber"]["ref"] == {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "name": "orders",
        "namespace": "fns",
    }


def test_several_event_types_are_one_trigger(make_function):
    project = Project(root=Path(), functions=(make_function(event_types=("a", "b")),))
    (trigger,) = by_kind(project, "Trigger", target=Target.KNATIVE).values()
    assert trigger["spec"]["filters"] == [
        {"any": [{"exact": {"type": "a"}}, {"exact": {"type": "b"}}]}
    ]


def test_events_of_any_type_get_no_trigger_and_a_warning(make_function):
    project = Project(root=Path(), functions=(make_function(http=False),))
    rendering = rendered(project, target=Target.KNATIVE)
    assert len(rendering.documents) == 1
    assert "hello: takes events of any type; it gets no Trigger" in rendering.warnings


def rewritten(route, path):
    """The path that Envoy's regex rewrite makes of `path`, or None when no match takes it."""
    for match in route["match"]:
        uri = match["uri"]
        if path == uri.get("exact") or ("prefix" in uri and path.startswith(uri["prefix"])):
            rule = route["rewrite"]["uriRegexRewrite"]
            return re.sub(rule["match"], rule["rewrite"], path)
    return None


@pytest.mark.parametrize(
    ("path", "knative", "openfaas"),
    [
        ("/hello", "/", "/function/hello/"),
        ("/hello/", "/", "/function/hello/"),
        ("/hello/a/b", "/a/b", "/function/hello/a/b"),
        ("/hello/a%2Fb", "/a%2Fb", "/function/hello/a%2Fb"),
        ("/hello2", None, None),
        ("/hello-2/x", None, None),
        ("/", None, None),
    ],
)
def test_paths_through_the_mesh(project, path, knative, openfaas):
    for target, expected in ((Target.KNATIVE, knative), (Target.OPENFAAS, openfaas)):
        routes = by_kind(
            project, "VirtualService", target=target, mesh=Mesh.ISTIO, host="fns.example.com"
        )["functions"]["spec"]["http"]
        assert rewritten(routes[0], path) == expected


def test_a_knative_service_is_reached_in_two_hops(project):
    options = {"target": Target.KNATIVE, "mesh": Mesh.ISTIO, "host": "fns.example.com"}
    virtual = by_kind(project, "VirtualService", namespace="fns", **options)["functions"]
    assert virtual["apiVersion"] == "networking.istio.io/v1"
    assert virtual["spec"]["gateways"] == ["fns/functions"]
    assert virtual["spec"]["hosts"] == ["fns.example.com"]
    for route, name in zip(virtual["spec"]["http"], ("hello", "orders"), strict=True):
        assert route["rewrite"]["authority"] == f"{name}.fns.svc.cluster.local"
        (destination,) = route["route"]
        assert destination["destination"] == {
            "host": "knative-local-gateway.istio-system.svc.cluster.local",
            "port": {"number": 80},
        }
        assert route["retries"] == {"attempts": 0}
    service = by_kind(project, "Service", **options)["hello"]
    labels = service["spec"]["template"]["metadata"]["labels"]
    assert labels["sidecar.istio.io/inject"] == "true"


def test_openfaas_is_reached_through_its_gateway(project):
    options = {"target": Target.OPENFAAS, "mesh": Mesh.ISTIO, "host": "fns.example.com"}
    stack, gateway, virtual = objects(project, **options)
    assert "functions" in stack
    assert gateway["metadata"]["namespace"] == "openfaas-fn"
    for route in virtual["spec"]["http"]:
        assert route["route"][0]["destination"] == {
            "host": "gateway.openfaas.svc.cluster.local",
            "port": {"number": 8080},
        }
        assert "authority" not in route["rewrite"]


def test_the_gateway_redirects_to_https_where_it_has_a_certificate(project):
    options = {"target": Target.KNATIVE, "mesh": Mesh.ISTIO, "host": "fns.example.com"}
    plain = by_kind(project, "Gateway", **options)["functions"]["spec"]["servers"]
    assert [server["port"]["number"] for server in plain] == [80]
    http, https = by_kind(project, "Gateway", tls_secret="fns", **options)["functions"]["spec"][
        "servers"
    ]
    assert http["tls"] == {"httpsRedirect": True}
    assert https["tls"]["credentialName"] == "fns"
    assert "the gateway is plain HTTP" in "".join(rendered(project, **options).warnings)


def test_files_sort_in_apply_order_and_hold_one_object_each(project):
    rendering = rendered(project, target=Target.KNATIVE, mesh=Mesh.ISTIO, host="fns.example.com")
    files = rendering.files()
    assert list(files) == sorted(files)
    assert [yaml.safe_load(text)["kind"] for text in files.values()] == [
        "Service",
        "Service",
        "Trigger",
        "Gateway",
        "VirtualService",
    ]
    assert [yaml.safe_load(text) for text in files.values()] == list(
        yaml.safe_load_all(rendering.stream())
    )


def test_the_same_project_is_the_same_bytes(project):
    for target in Target:
        one, other = (rendered(project, target=target).stream() for _ in range(2))
        assert one == other


@pytest.mark.parametrize(
    "options",
    [
        {"namespace": "Not_One"},
        {"registry": "ghcr.io/Acme"},
        {"registry": "a\nkind: Evil"},
        {"tag": "a b"},
        {"host": "a b", "mesh": Mesh.ISTIO},
        {"tls_secret": "../x", "mesh": Mesh.ISTIO, "host": "a.b"},
        {"gateway": "http://u:p@h", "target": Target.OPENFAAS},
    ],
    ids=repr,
)
def test_options_are_checked(project, options):
    with pytest.raises(InvalidName):
        rendered(project, **{"target": Target.KNATIVE, **options})


def test_a_mesh_needs_a_host(project):
    with pytest.raises(ManifestError) as caught:
        rendered(project, target=Target.KNATIVE, mesh=Mesh.ISTIO)
    assert caught.value.hint == "--host fns.example.com"


def test_the_registry_that_nobody_can_pull_from_is_warned_of(project):
    rendering = render(project, RenderOptions(target=Target.KNATIVE))
    assert "no cluster can pull from" in rendering.warnings[0]


def test_image_references():
    assert image_reference("hello", registry="ghcr.io/acme", tag="1.0") == "ghcr.io/acme/hello:1.0"
    assert image_reference("hello", registry="", tag="1.0") == "hello:1.0"


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@st.composite
def functions(draw):
    name = draw(labels)
    least = draw(st.integers(0, 5))
    return Function(
        name=name,
        folder=Path("/src") / name,
        declarations=Declarations(
            http=draw(st.booleans()),
            event_types=tuple(
                draw(
                    st.lists(st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True), max_size=3)
                )
            ),
        ),
        environment=draw(
            st.dictionaries(st.from_regex(r"WH_[A-Z]{1,9}", fullmatch=True), words, max_size=3)
        ),
        labels=draw(st.dictionaries(labels, words, max_size=2)),
        annotations=draw(st.dictionaries(labels, words, max_size=2)),
        resources=Resources(memory_limit="1Gi"),
        scale=Scale(least=least, most=draw(st.integers(max(1, least), 9))),
        timeout_s=draw(st.integers(1, 600)),
        concurrency=draw(st.integers(0, 1000)),
    )


@settings(deadline=None)
@given(st.lists(functions(), min_size=1, max_size=4, unique_by=lambda item: item.name))
def test_hostile_values_add_no_document_and_no_key(items):
    project = Project(root=Path("/src"), functions=tuple(items))
    for target in Target:
        rendering = rendered(project, target=target, mesh=Mesh.ISTIO, host="fns.example.com")
        read = list(yaml.safe_load_all(rendering.stream()))
        assert read == [document.value for document in rendering.documents]
