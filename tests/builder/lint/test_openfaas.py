"""What OpenFaaS's rules find and leave alone, beyond their examples."""

import pytest

from wherry_build.lint.run import lint
from wherry_build.lint.source import read, read_text

STACK = """
version: {version}
provider: {{name: openfaas, gateway: {gateway}}}
configuration: {configuration}
functions: {{cart: {{handler: ./cart, {function}}}}}
"""
FUNCTION = """
apiVersion: openfaas.com/v1
kind: Function
metadata: {{name: cart, namespace: shop}}
spec: {{name: cart, {function}}}
"""


def stack(function="lang: python3-http", **said):
    values = {"version": '"1.0"', "gateway": "http://127.0.0.1:8080", "configuration": "{}"}
    return STACK.format(function=function, **{**values, **said})


def found(text, rule):
    """Lines of the findings of one rule."""
    reading = read_text(text, "stack.yaml")
    assert not reading.unreadable
    return [each.line for each in lint(reading, select=[rule])]


@pytest.mark.parametrize(
    ("function", "count"),
    [
        ("image: cart", 1),
        ("image: cart:1.0", 1),
        ("image: acme/cart:1.0", 0),
        ("image: ghcr.io/acme/cart", 0),
        ("image: '${REGISTRY}cart'", 0),
        ("image: nginx, skip_build: true", 0),
        ("lang: node22", 0),
    ],
)
def test_an_image_says_where_it_is_pushed_to(function, count):
    assert len(found(stack(function), "OFA001")) == count
    assert len(found(FUNCTION.format(function=function), "OFA001")) == count


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"version": "1.0"}, 0),
        ({"version": "'1.0'"}, 0),
        ({"version": "2.0"}, 1),
        ({"version": ""}, 1),
        ({"gateway": "http://localhost:8080"}, 1),
        ({"gateway": "https://LOCALHOST"}, 1),
        ({"gateway": "http://localhost.example.com"}, 0),
        ({"gateway": "''"}, 0),
    ],
)
def test_a_stack_has_its_version_and_a_gateway_of_one_meaning(said, count):
    assert len(found(stack(**said), "OFA002")) == count


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"function": "lang: node"}, 1),
        ({"function": "lang: node", "configuration": "{templates: [{name: node}]}"}, 0),
        ({"function": "lang: \u2013lang"}, 1),
        ({"function": "lang: '${TEMPLATE}'"}, 0),
        ({"function": "lang: our-own"}, 0),
        ({"function": "image: a/b"}, 0),
    ],
)
def test_only_a_template_that_ended_is_unknown(said, count):
    assert len(found(stack(**said), "OFA003")) == count


def test_a_template_among_the_files_is_known(tmp_path):
    own = tmp_path / "template/node/template.yml"
    own.parent.mkdir(parents=True)
    own.write_text("language: node\n")
    (tmp_path / "stack.yaml").write_text(stack("lang: node"))
    assert not lint(read([tmp_path]), select=["OFA003"])


RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: cart, namespace: shop}}
spec: {{host: {host}, subsets: [{{name: a}}]}}
"""


@pytest.mark.parametrize(
    ("host", "count"),
    [
        ("cart.openfaas-fn.svc.cluster.local", 1),
        ("gateway.openfaas.svc.cluster.local", 0),
        ("cart.shop.svc.cluster.local", 0),
    ],
)
def test_subsets_are_asked_of_functions_only(host, count):
    assert len(found(RULE.format(host=host), "OFA004")) == count


def test_a_function_may_be_in_any_namespace():
    text = RULE.format(host="cart") + "---" + FUNCTION.format(function="image: a/b")
    assert found(text, "OFA004")


@pytest.mark.parametrize(
    ("function", "count"),
    [
        ("annotations: {com.openfaas.scale.max: '3', com.openfaas.scale.zero: 'true'}", 2),
        ("labels: {com.openfaas.scale.max: '3'}", 0),
        ("labels: {com.openfaas.health.http.path: /a}", 1),
        ("labels: {com.openfaas.profile: gpu}", 1),
        ("annotations: {com.openfaas.profile: gpu, topic: a}", 0),
        ("labels: {topic: a}", 0),
    ],
)
def test_a_setting_is_where_openfaas_reads_it(function, count):
    assert len(found(stack(function), "OFA005")) == count
    assert len(found(FUNCTION.format(function=function), "OFA005")) == count
