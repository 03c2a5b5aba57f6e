"""How a deployment is said to an engine."""

from pathlib import Path

import pytest

from wherry_local.containers.words import (
    check_image,
    environment_of,
    handed_on,
    run_words,
    variable_lines,
)
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.errors import LocalError

VARIABLES = Path("/state/variables")


def words(*, user="", **said):
    deployment = Deployment(
        key=FunctionKey("hello"), image="ghcr.io/acme/hello:1", container=True, **said
    )
    return run_words(
        deployment,
        container="wherry-hello-abc",
        owner="/project/.wherry",
        user=user,
        secrets=Path("/state/mounts/openfaas-fn/hello"),
        variables=VARIABLES,
    )


def option(found, name):
    return [found[place + 1] for place, word in enumerate(found) if word == name]


def test_production_s_restrictions_are_there():
    found = words()
    assert option(found, "--publish") == ["127.0.0.1::8080"]
    assert option(found, "--user") == ["65532:65532"]
    assert option(found, "--cap-drop") == ["ALL"]
    assert option(found, "--security-opt") == ["no-new-privileges"]
    assert option(found, "--label") == ["io.wherry.local=/project/.wherry"]
    assert option(found, "--memory") == option(found, "--memory-swap") == [str(512 << 20)]
    assert option(found, "--pids-limit") == ["512"]
    assert option(found, "--tmpfs")[0].startswith("/tmp:rw,nosuid,nodev,")
    assert found[-1] == "ghcr.io/acme/hello:1"
    assert "--privileged" not in found
    assert "--mount" not in found


def test_an_image_that_runs_as_somebody_stays_so():
    assert option(words(user="app"), "--user") == ["app"]


def test_root_is_read_only_where_that_is_said():
    assert "--read-only" in words(read_only_root=True)
    assert "--read-only" not in words()


def test_limits_are_those_of_the_deployment():
    found = words(limits={"memory": "128Mi", "cpu": "250m"})
    assert option(found, "--memory") == [str(128 << 20)]
    assert option(found, "--cpus") == ["0.25"]


@pytest.mark.parametrize(
    "limits", [{"memory": "lots"}, {"cpu": "-1"}, {"memory": "1Mi --privileged"}]
)
def test_limits_that_are_none_are_refused(limits):
    with pytest.raises(LocalError, match="limits: "):
        words(limits=limits)


def test_secrets_are_mounted_to_be_read():
    found = words(secrets=("key",))
    source = "/state/mounts/openfaas-fn/hello"
    assert option(found, "--mount") == [
        f"type=bind,source={source},target=/var/openfaas/secrets,readonly"
    ]


def test_values_of_variables_are_not_on_the_command_line():
    environment = {"PASSWORD": "a b=c", "LINES": "1\n2", "DOCKER_HOST": "tcp://elsewhere"}
    found = words(environment=environment)
    assert option(found, "--env-file") == [str(VARIABLES)]
    assert option(found, "--env") == ["LINES"], "a file has no way to say it"
    assert handed_on(environment) == {"LINES": "1\n2"}
    assert variable_lines(environment) == "PASSWORD=a b=c\nDOCKER_HOST=tcp://elsewhere\n"


@pytest.mark.parametrize("reference", ["", "-v", "--privileged", "a b", "a;b", "a\n", "a" * 600])
def test_what_is_no_image_is_refused(reference):
    with pytest.raises(LocalError, match="image: got"):
        check_image(reference)


@pytest.mark.parametrize("reference", ["a", "localhost:5000/a/b:1.2_3", "a@sha256:" + "0" * 64])
def test_what_is_one_is_not(reference):
    check_image(reference)


def test_what_is_said_of_a_function_counts_before_what_the_platform_adds():
    deployment = Deployment(
        key=FunctionKey("hello"),
        environment={"A": "own", "K_SINK": "http://own"},
        surroundings={"A": "ours", "B": "2", "K_SINK": "http://ours"},
    )
    assert environment_of(deployment) == {"A": "own", "B": "2", "K_SINK": "http://own"}
