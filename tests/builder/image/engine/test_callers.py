"""What skaffold and Tilt ask for by variables."""

import pytest

from wherry_build.errors import InvalidName
from wherry_build.image.callers import CallerRequest, caller_request
from wherry_build.image.platform import Platform

SKAFFOLD = {
    "IMAGE": "ghcr.io/acme/hello:v1-3-gabc",
    "PUSH_IMAGE": "true",
    "BUILD_CONTEXT": "/src",
    "PLATFORMS": "linux/amd64,linux/arm64",
}


def test_skaffold():
    assert caller_request(SKAFFOLD) == CallerRequest(
        caller="skaffold",
        image="ghcr.io/acme/hello:v1-3-gabc",
        push=True,
        platforms=(Platform(architecture="amd64"), Platform(architecture="arm64")),
    )
    assert caller_request(SKAFFOLD | {"PUSH_IMAGE": "false", "PLATFORMS": ""}) == CallerRequest(
        caller="skaffold", image="ghcr.io/acme/hello:v1-3-gabc", push=False
    )


def test_tilt():
    asked = caller_request({"EXPECTED_REF": "localhost:5000/hello:tilt-build-1"})
    assert asked == CallerRequest(
        caller="Tilt", image="localhost:5000/hello:tilt-build-1", push=False
    )


@pytest.mark.parametrize("environment", [{}, {"IMAGE": "x"}, {"IMAGE": "x", "PUSH_IMAGE": "true"}])
def test_nobody_asks(environment):
    assert caller_request(environment) is None


@pytest.mark.parametrize(
    "changed", [{"PUSH_IMAGE": "yes"}, {"IMAGE": "A B"}, {"PLATFORMS": "arm64"}]
)
def test_what_the_program_would_not_set(changed):
    with pytest.raises(InvalidName):
        caller_request(SKAFFOLD | changed)
