"""A project's functions as deployments."""

import pytest

from wherry_build.project import read_project
from wherry_local.deployment import FunctionKey
from wherry_local.platform.declared import Addresses, deployments, unused_here

PLACES = Addresses(gateway="http://127.0.0.1:1", broker="http://127.0.0.1:2")
HANDLER = "def handle(request):\n    return 'hello'\n"


@pytest.fixture
def project_of(tmp_path):
    def read(text="", functions=("hello",)):
        for name in functions:
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "handler.py").write_text(HANDLER)
        if text:
            (tmp_path / "wherry.yaml").write_text(text)
        return read_project(tmp_path)

    return read


def of(project):
    return {each.key.name: each for each in deployments(project, PLACES)}


def test_a_function_without_a_word_of_the_file(project_of, tmp_path):
    hello = of(project_of())["hello"]
    assert hello.key == FunctionKey("hello", "openfaas-fn")
    assert hello.handler == str(tmp_path / "hello")
    assert hello.surroundings == {
        "OPENFAAS_URL": "http://127.0.0.1:1",
        "K_SINK": "http://127.0.0.1:2/default/default",
        "K_CE_OVERRIDES": "",
        "WHERRY_MAX_INFLIGHT": "100",
    }
    assert hello.timeout_s == 30.0


def test_what_the_file_says_is_handed_on(project_of):
    hello = of(
        project_of(
            """\
namespace: shop
brokers: {orders: {}}
registry: {prefix: ghcr.io/acme}
functions:
  hello:
    environment: {GREETING: hi}
    secrets: [key]
    timeout: 5s
    concurrency: 3
    scale: {min: 1, max: 4}
    sink: {broker: orders}
"""
        )
    )["hello"]
    assert hello.key.namespace == "shop"
    assert hello.image == "ghcr.io/acme/hello:latest"
    assert hello.environment["GREETING"] == "hi"
    assert hello.timeout_s == 5.0
    assert hello.surroundings == {
        "OPENFAAS_URL": "http://127.0.0.1:1",
        "K_SINK": "http://127.0.0.1:2/shop/orders",
        "K_CE_OVERRIDES": "",
        "WHERRY_MAX_INFLIGHT": "3",
    }
    assert hello.secrets == ("key",)
    assert hello.concurrency == 3
    assert (hello.scale.least, hello.scale.most) == (1, 4)


def test_a_sink_that_is_an_address_is_the_function_s(project_of):
    hello = of(project_of("functions: {hello: {sink: {url: 'http://elsewhere/in'}}}\n"))["hello"]
    assert hello.surroundings["K_SINK"] == "http://elsewhere/in"


def test_what_means_nothing_here_is_said(project_of):
    project = project_of("functions:\n  hello:\n    revisions: {a: {percent: 100}}\n")
    (told,) = unused_here(project)
    assert told.startswith("functions.hello.revisions: ")


def test_a_scale_that_is_not_measured_here_is_said(project_of):
    project = project_of("functions:\n  hello:\n    scale: {metric: cpu, target: 60}\n")
    (told,) = unused_here(project)
    assert told.startswith("functions.hello: scale.metric: cpu is not measured here")
