"""`wherry deploy` and `wherry diff` against a real API server, which has the real definitions.

The tests do the controllers' part: they write the status that those would write.
"""

import json
import threading
from contextlib import contextmanager, suppress

import pytest
import yaml
from tests.cli.deployable import write_project
from tests.interop.cluster import RefusedError

from wherry_build.deploy.api_server import ApiServer
from wherry_build.deploy.deployment import plan
from wherry_build.deploy.kubeconfig import connect
from wherry_build.errors import DeployError
from wherry_build.manifests.document import Document
from wherry_cli.main import run

pytestmark = [pytest.mark.interop, pytest.mark.shared]

READY = {"conditions": [{"type": "Ready", "status": "True"}]}
WITH_STATUS = {"Service", "Broker", "Trigger"}
MESH = ("--mesh", "istio", "--host", "fns.example.com")
HELLO = ("Service", "hello")


@pytest.fixture
def namespace(request):
    """One for each test: the cluster is shared."""
    return request.node.originalname.replace("_", "-")[:60].rstrip("-")


@pytest.fixture
def wherry(cluster, capfd, tmp_path, monkeypatch, namespace):
    """Run the command there: `wherry("deploy", ...)`; code, output and errors."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def wherry(command, *arguments):
        where = () if command == "render" else ("--kubeconfig", str(cluster.kubeconfig))
        yes = ("--yes",) if command == "deploy" else ()
        capfd.readouterr()
        code = run([command, "--target", "knative", "-n", namespace, *where, *yes, *arguments])
        return code, *capfd.readouterr()

    return wherry


@pytest.fixture
def rendered(wherry):
    """The objects that the project is rendered to, by kind and name."""

    def rendered(*arguments):
        code, out, err = wherry("render", *arguments)
        assert code == 0, err
        objects = yaml.safe_load_all(out)
        return {(each["kind"], each["metadata"]["name"]): each for each in objects}

    return rendered


@pytest.fixture
def controllers(cluster):
    """Have objects ready as soon as they are there: `with controllers(objects):`."""

    @contextmanager
    def controllers(objects):
        ended = threading.Event()
        waited = [each for each in objects if each["kind"] in WITH_STATUS]

        def control():
            while not ended.wait(0.05):
                for each in waited:
                    with suppress(RefusedError):  # it is not there yet
                        generation = cluster.get(each)["metadata"]["generation"]
                        cluster.set_status(each, READY | {"observedGeneration": generation})

        thread = threading.Thread(target=control)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(30)

    return controllers


@pytest.fixture
def deployed(wherry, rendered, controllers):
    """Deploy, with controllers that do their part; the objects."""

    def deployed(*arguments):
        objects = rendered(*(each for each in arguments if each != "--force-conflicts"))
        with controllers(objects.values()):
            code, out, err = wherry("deploy", "--timeout", "30s", *arguments)
        assert code == 0, err
        return objects, out

    return deployed


def covers(there, sent):
    """Whether all that was sent is there, whatever the server has added to it."""
    if isinstance(sent, dict):
        return all(name in there and covers(there[name], each) for name, each in sent.items())
    if isinstance(sent, list):
        return len(there) == len(sent) and all(map(covers, there, sent))
    return there == sent


@pytest.mark.parametrize("mesh", [(), MESH], ids=["knative", "istio"])
def test_what_is_deployed_is_there_and_again_nothing_changes(
    wherry, deployed, cluster, mesh, namespace
):
    objects, out = deployed(*mesh)
    assert len(out.splitlines()) == len(objects)
    there = {key: cluster.get(each) for key, each in objects.items()}
    for key, each in there.items():
        assert covers(each["spec"], objects[key]["spec"]), key
        assert "wherry" in {owner["manager"] for owner in each["metadata"]["managedFields"]}
    code, out, err = wherry("diff", *mesh)
    assert (code, out) == (0, ""), err
    _, out = deployed(*mesh)
    assert {line.split()[1] for line in out.splitlines()} == {"unchanged"}
    for key, each in objects.items():
        generation = there[key]["metadata"]["generation"]
        assert cluster.get(each)["metadata"]["generation"] == generation


def test_a_difference_is_shown_and_not_made(wherry, rendered, deployed, cluster):
    code, out, _ = wherry("diff", "--json")
    assert code == 1
    assert {each["change"] for each in map(json.loads, out.splitlines())} == {"created"}
    with pytest.raises(RefusedError, match="404"):
        cluster.get(rendered()[HELLO])
    objects, _ = deployed()
    code, out, _ = wherry("diff", "--tag", "2", "--function", "hello")
    changed = [line for line in out.splitlines() if line.startswith(("+ ", "- "))]
    assert (code, changed) == (
        1,
        [
            '-          image: "ghcr.io/acme/hello:latest"',
            '+          image: "ghcr.io/acme/hello:2"',
        ],
    )
    stored = cluster.get(objects[HELLO])
    assert stored["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":latest")


def test_what_the_project_no_longer_says_goes(deployed, cluster, tmp_path):
    objects, _ = deployed()
    file = tmp_path / "wherry.yaml"
    file.write_text(file.read_text().replace("{environment: {GREETING: on-the-quiet}}", "{}"))
    deployed()
    container = cluster.get(objects[HELLO])["spec"]["template"]["spec"]["containers"][0]
    assert "GREETING" not in {each["name"] for each in container["env"]}


def test_a_field_of_somebody_else_is_left_to_them(wherry, deployed, cluster, namespace):
    objects, _ = deployed()
    theirs = {
        **{name: objects[HELLO][name] for name in ("apiVersion", "kind")},
        "metadata": {"name": "hello", "namespace": namespace},
        "spec": {"template": {"spec": {"timeoutSeconds": 7}}},
    }
    cluster.apply([theirs])
    for command in ("diff", "deploy"):
        code, _, err = wherry(command)
        assert code == (2 if command == "diff" else 1)
        assert ".spec.template.spec.timeoutSeconds belongs to wherry-test" in err
        assert "hint: --force-conflicts" in err
    code, out, _ = wherry("diff", "--force-conflicts")
    assert (code, "-      timeoutSeconds: 7" in out) == (1, True)
    deployed("--force-conflicts")
    assert covers(cluster.get(objects[HELLO])["spec"], objects[HELLO]["spec"])


def test_what_the_definitions_refuse_is_told_in_the_servers_words(cluster, rendered):
    server = ApiServer(connect(cluster.kubeconfig))
    service, broker = rendered()[HELLO], rendered()[("Broker", "default")]
    container = service["spec"]["template"]["spec"]["containers"][0]
    assert "on-the-quiet" in json.dumps(container["env"])
    container["env"][0]["valeu"] = "on-the-quiet"
    broker["spec"] = {"delivery": {"retry": "three"}}
    wrong = [Document(file=f"{at}.yaml", value=each) for at, each in enumerate((service, broker))]
    with pytest.raises(DeployError) as caught:
        plan(server, wrong, force=False)
    assert "refuses 2 objects; nothing has been changed" in caught.value.message
    assert "valeu: field not declared in schema" in caught.value.message
    assert "expected numeric" in caught.value.message
    assert "on-the-quiet" not in caught.value.message
    with pytest.raises(RefusedError, match="404"):
        cluster.get(service)


def test_a_kind_that_is_not_installed_says_what_to_do(wherry, cluster):
    code, out, err = wherry("deploy", "--monitoring", "--target", "kubernetes")
    assert (code, out) == (1, "")
    assert "the cluster has no Deployment of apps/v1" in err


def test_it_waits_for_the_controllers(wherry, rendered, controllers, cluster):
    code, _, err = wherry("deploy", "--timeout", "500ms", *MESH)
    assert code == 1
    assert "not ready after 0.5 s" in err
    objects = rendered(*MESH)
    assert cluster.get(objects[HELLO])["metadata"]["generation"] == 1
    route = next(each for (kind, _), each in objects.items() if kind == "VirtualService")
    with pytest.raises(RefusedError, match="404"):
        cluster.get(route)  # nobody is led to what is not ready
    with controllers(objects.values()):
        assert wherry("deploy", "--timeout", "30s", *MESH)[0] == 0
    assert cluster.get(route)


def test_what_the_project_has_no_more_is_deleted_and_nothing_else(
    wherry, deployed, cluster, tmp_path
):
    name = ("--part-of", "shop")
    nameless, _ = deployed()
    objects, _ = deployed(*name)
    text = (tmp_path / "wherry.yaml").read_text()
    (tmp_path / "wherry.yaml").write_text(text.replace("  orders: {event_types", "  #"))
    code, out, err = wherry("deploy", "--timeout", "0s", "--part-of", "till", "--prune")
    assert code == 0, err
    assert "deleted" not in out
    gone = {("Service", "orders"), ("Trigger", "orders")}
    for key in gone:
        assert cluster.get(objects[key])["metadata"]["labels"] == (
            nameless[key]["metadata"]["labels"] | {"app.kubernetes.io/part-of": "shop"}
        )
    code, out, err = wherry("deploy", "--timeout", "0s", *name, "--prune")
    assert code == 0, err
    assert out.splitlines()[-2:] == [
        "trigger.eventing.knative.dev/orders deleted",
        "service.serving.knative.dev/orders deleted",
    ]
    for key, each in objects.items():
        if key in gone:
            with pytest.raises(RefusedError, match="404"):
                cluster.get(each)
        else:
            assert cluster.get(each)
