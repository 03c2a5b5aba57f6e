"""The stack file: every part of the model that faas-cli has a key for."""

import re

import pytest
import yaml
from tests.builder.manifests.full_project import full_project, small_project

from wherry_build.errors import InvalidName, ManifestError
from wherry_build.manifests import Edition, RenderOptions, Target
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.openfaas import emit
from wherry_build.manifests.resolution import topology

ORDERS = """
namespace: fns
functions:
  orders:
    environment: {LOG_LEVEL: debug}
    secrets: [orders-db, orders-key]
    resources: {requests: {cpu: 250m}, limits: {cpu: "1", memory: 512Mi}}
    concurrency: 80
    timeout: 20s
    labels: {team: shop}
    annotations: {acme.com/owner: shop}
    nodes: {kubernetes.io/arch: amd64, disk: ssd}
    service_account: orders
"""


def test_a_function_has_all_that_the_stack_has_a_key_for(stack):
    function = stack(ORDERS)["orders"]
    assert function["namespace"] == "fns"
    assert function["secrets"] == ["orders-db", "orders-key"]
    assert function["constraints"] == ["kubernetes.io/arch=amd64", "disk=ssd"]
    assert function["requests"] == {"cpu": "250m", "memory": "128Mi"}
    assert function["limits"] == {"cpu": "1", "memory": "512Mi"}
    assert function["readonly_root_filesystem"] is True
    assert function["labels"]["team"] == "shop"
    assert function["annotations"]["acme.com/owner"] == "shop"
    assert function["annotations"]["com.openfaas.serviceaccount"] == "orders"
    assert function["environment"] == {
        "OPENFAAS_NAME": "orders",
        "exec_timeout": "20s",
        "read_timeout": "25s",
        "write_timeout": "25s",
        "max_inflight": "80",
        "LOG_LEVEL": "debug",
    }


def test_what_is_not_said_is_not_written(stack):
    function = stack("functions: {hello: {}}", edition=Edition.CE)["hello"]
    assert not {"secrets", "constraints", "annotations"} & set(function)
    assert "max_inflight" not in function["environment"], "the runtime has a default of its own"
    assert function["namespace"] == "openfaas-fn"


def test_what_the_file_says_wins(stack):
    function = stack(
        """
functions:
  hello:
    environment: {exec_timeout: 1m, max_inflight: "7"}
    concurrency: 5
    labels: {com.openfaas.scale.max: "3"}
    annotations: {topic: mine}
    event_types: [a]
"""
    )["hello"]
    assert function["environment"]["exec_timeout"] == "1m"
    assert function["environment"]["max_inflight"] == "7"
    assert function["labels"]["com.openfaas.scale.max"] == "3"
    assert function["annotations"]["topic"] == "mine"


def test_a_root_that_is_written_to(stack):
    function = stack("functions: {hello: {read_only_root: false}}")["hello"]
    assert function["readonly_root_filesystem"] is False


def test_as_many_calls_as_come_is_lost(lost):
    assert "functions.hello.concurrency" in lost("functions: {hello: {concurrency: 0}}")


def test_named_revisions_are_functions_of_their_own(stack, lost):
    text = """
functions:
  hello:
    revisions: {v1: {percent: 90, image: "ghcr.io/acme/hello:1"}, v2: {percent: 10, tag: next}}
"""
    functions = stack(text)
    assert list(functions) == ["hello-v1", "hello-v2"]
    one, other = functions.values()
    assert (one["image"], other["image"]) == ("ghcr.io/acme/hello:1", "ghcr.io/acme/hello:latest")
    assert one["handler"] == other["handler"]
    assert one["environment"]["OPENFAAS_NAME"] == "hello-v1"
    assert one["environment"]["WHERRY_REVISION"] == "v1"
    losses = lost(text)
    assert set(losses) == {
        "functions.hello.revisions.v1.percent",
        "functions.hello.revisions.v2.percent",
        "functions.hello.revisions.v2.tag",
    }


def test_only_what_is_made_of_the_folder_as_it_is_today_is_built(stack):
    digest = f"ghcr.io/acme/fixed@sha256:{'0' * 64}"
    functions = stack(
        f"""
functions:
  hello: {{revisions: {{v1: {{percent: 90}}, v2: {{percent: 10}}}}}}
  fixed: {{image: "{digest}"}}
  plain: {{}}
"""
    )
    assert {name for name, each in functions.items() if each.get("skip_build")} == {
        "hello-v1",
        "fixed",
    }
    assert all(each.get("skip_build") in {True, None} for each in functions.values())


def test_a_name_that_two_functions_would_have(openfaas):
    with pytest.raises(ManifestError) as caught:
        openfaas(
            """
functions:
  hello: {revisions: {v1: {percent: 100}}}
  hello-v1: {}
"""
        )
    assert "another is called 'hello-v1'" in caught.value.message


def test_a_name_that_is_too_long(openfaas):
    text = "functions: {NAME: {revisions: {v1: {percent: 100}}}}"
    assert openfaas(text.replace("NAME", "a" * 60))
    with pytest.raises(ManifestError) as caught:
        openfaas(text.replace("NAME", "a" * 61))
    assert "has 64 characters, expected at most 63" in caught.value.message


def test_what_a_mesh_asks_of_pods_is_on_every_function():
    options = RenderOptions(target=Target.OPENFAAS)
    addition = PodAddition(labels={"mesh": "in"}, annotations={"mesh/probes": "yes"})
    emitted = emit(topology(small_project(), options), options, addition)
    functions = emitted.documents[0].value["functions"]
    assert list(functions) == ["hello-v1", "hello-v2", "orders"]
    for function in functions.values():
        assert function["labels"]["mesh"] == "in"
        assert function["annotations"]["mesh/probes"] == "yes"


def test_where_the_template_is_from(openfaas):
    assert "configuration" not in yaml.safe_load(openfaas("functions: {hello: {}}").stream())
    source = "https://git.example.com/acme/templates#v1.2"
    read = yaml.safe_load(openfaas("functions: {hello: {}}", template_source=source).stream())
    assert read["configuration"] == {"templates": [{"name": "python3-wherry", "source": source}]}


@pytest.mark.parametrize(
    "options",
    [
        {"template_source": "git@example.com:acme/templates"},
        {"template_source": "https://example.com/x#"},
        {"template_source": "https://example.com/x#a b"},
        {"gateway": "ftp://x"},
    ],
    ids=repr,
)
def test_addresses_are_checked(openfaas, options):
    with pytest.raises(InvalidName):
        openfaas("functions: {hello: {}}", **options)


def test_a_gateway_without_a_scheme_is_plain_http(openfaas):
    read = yaml.safe_load(openfaas("functions: {hello: {}}", gateway="10.0.0.1:8080/").stream())
    assert read["provider"]["gateway"] == "http://10.0.0.1:8080"


def test_values_that_kubernetes_expands_are_warned_of(openfaas):
    text = "functions: {hello: {environment: {A: $(B), C: $$, D: $E, F: '${G}'}}}"
    (told,) = (each for each in openfaas(text).warnings if "expands" in each)
    assert "environment A, C;" in told


def test_nothing_in_the_text_is_substituted(openfaas):
    """faas-cli puts the environment into `${...}` of the whole text before it reads it."""
    rendering = openfaas(full_project(), function_objects=True)
    for text in rendering.files().values():
        assert re.search(r"\$[{$]", text) is None
    read = yaml.safe_load(rendering.files()["stack.yaml"])["functions"]
    tricky = read["orders-stable"]["environment"]["TRICKY"]
    assert tricky == full_project().functions[2].environment["TRICKY"]
    assert "${X} $$" in tricky
