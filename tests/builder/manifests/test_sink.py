"""Where a function's own events go, on platforms that have no brokers."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.manifests import RenderOptions, Target, render

TEXT = "functions: {hello: {sink: %s}}"


@pytest.mark.parametrize("target", [Target.KUBERNETES, Target.OPENFAAS])
def test_an_address_is_a_variable_and_a_broker_is_lost(target):
    options = RenderOptions(target=target, registry="r/a")
    given = render(made(TEXT % "{url: 'http://a.b/c'}"), options)
    assert "K_SINK" in given.stream()
    assert "http://a.b/c" in given.stream()
    assert given.losses == ()
    lost = render(made(TEXT % "{broker: default}"), options)
    assert "SINK" not in lost.stream()
    (loss,) = lost.losses
    assert loss.key == "functions.hello.sink.broker"
    assert loss.instead.startswith("sink: {url: ...}")
