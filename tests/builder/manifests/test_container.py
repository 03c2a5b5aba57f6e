"""The function's own container, as plain pods and Knative's have it."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.manifests import RenderOptions, Target
from wherry_build.manifests.container import (
    environment,
    function_container,
    mounts,
    probe,
    resources,
    security_context,
    volumes,
)
from wherry_build.manifests.resolution import topology
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.function import Probe


@pytest.fixture
def workload():
    """The function of a project that says `said` of it."""

    def workload(said="{}"):
        project = made(f"functions: {{hello: {said}}}")
        return topology(project, RenderOptions(target=Target.KUBERNETES)).workloads["hello"]

    return workload


def values(variables):
    return {each["name"]: each["value"] for each in variables}


def test_variables_of_the_file_win_over_those_of_the_platform(workload):
    said = workload("{timeout: 7s, environment: {A: x, WHERRY_REVISION: mine}}")
    found = values(environment(said, variables={"WHERRY_REVISION": "v1", "B": "y"}))
    assert found == {"WHERRY_TIMEOUT": "7s", "WHERRY_REVISION": "mine", "B": "y", "A": "x"}


def test_behind_a_proxy_it_listens_on_loopback_whatever_the_file_says(workload):
    found = values(environment(workload("{environment: {WHERRY_HOST: 0.0.0.0}}"), function_port=81))
    assert found["PORT"] == "81"
    assert found["WHERRY_HOST"] == "127.0.0.1"


@pytest.mark.parametrize("value", ["$(A)", "$$(A)", "a$", "$", "$$", "$((A))"])
def test_kubernetes_expands_no_variable(workload, value):
    """`$$` is a `$` that begins nothing (Kubernetes, dependent environment variables)."""
    (found,) = [
        each["value"]
        for each in environment(workload(f"{{environment: {{X: '{value}'}}}}"))
        if each["name"] == "X"
    ]
    assert found.replace("$$", "\0").count("$") == 0, "no `$(` is left to expand"
    assert found.replace("$$", "$") == value


def test_a_probe_is_what_the_file_says_and_usual_else():
    said = Probe(path="/x", initial_delay=Duration(milliseconds=0), failures=9)
    usual = {"periodSeconds": 10, "failureThreshold": 3}
    assert probe(said, path="/y", port="http", usual=usual) == {
        "httpGet": {"path": "/x", "port": "http"},
        "initialDelaySeconds": 0,
        "periodSeconds": 10,
        "failureThreshold": 9,
    }
    assert probe(None, path="/y") == {"httpGet": {"path": "/y"}}


def test_cpu_has_the_limit_that_the_file_says_and_no_other(workload):
    assert resources(workload())["limits"] == {"memory": "256Mi"}
    said = workload("{resources: {limits: {cpu: '2', memory: 1Gi}}}")
    assert resources(said)["limits"] == {"cpu": "2", "memory": "1Gi"}


def test_secrets_are_files_of_the_folder_that_the_runtime_reads(workload):
    said = workload("{secrets: [db, key]}")
    (volume,) = [each for each in volumes(said) if each["name"] == "secrets"]
    assert volume["projected"]["sources"] == [
        {"secret": {"name": "db"}},
        {"secret": {"name": "key"}},
    ]
    (mount,) = [each for each in mounts(said) if each["name"] == "secrets"]
    assert mount == {"name": "secrets", "mountPath": "/var/openfaas/secrets", "readOnly": True}


def test_the_folder_of_secrets_is_the_runtimes_own():
    from wherry.config import Config

    secrets_path = [str(each) for each in Config().secrets_path]
    assert "/var/openfaas/secrets" in secrets_path


def test_each_volume_is_mounted_and_no_other(workload):
    for said in (workload(), workload("{secrets: [db]}")):
        assert {each["name"] for each in mounts(said)} == {each["name"] for each in volumes(said)}


def test_the_root_is_read_only_unless_the_file_says_no(workload):
    def root(said):
        container = function_container(workload(said), image="a", ports=[], probes={})
        assert "ports" not in container
        return container["securityContext"]["readOnlyRootFilesystem"]

    assert root("{}") is True
    assert root("{read_only_root: true}") is True
    assert root("{read_only_root: false}") is False
    assert security_context()["runAsNonRoot"] is True
