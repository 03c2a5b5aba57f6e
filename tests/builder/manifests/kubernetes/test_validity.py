"""What is rendered is what Kubernetes takes, strictly, and our own linter finds nothing in it.

The schemas are those of Kubernetes itself (package kubernetes-validate), with unknown keys refused.
What is ours to be held to is each key of the full project.
"""

import copy
import functools

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils
from tests.builder.manifests.full_project import full_project, small_project

from wherry_build.lint.run import lint
from wherry_build.lint.source import read
from wherry_build.manifests import KubeVersion, RenderOptions, Target, render
from wherry_build.manifests.coverage import MODEL_ALONE, said_keys
from wherry_build.manifests.kubernetes import CARRIED, LOST

VERSIONS = ("1.29", "1.33", "1.36")
PROJECTS = {"small": small_project, "full": full_project}
OF_THE_OPERATOR = "monitoring.coreos.com/v1"


@pytest.fixture(autouse=True)
def _schemas_read_once(monkeypatch):
    monkeypatch.setattr(utils, "schema_contents", _schema_contents)


_schema_contents = functools.lru_cache(maxsize=64)(utils.schema_contents)


def options(**given):
    return RenderOptions(target=Target.KUBERNETES, registry="ghcr.io/acme", tag="1.4.2", **given)


def rendered(project, version="1.33"):
    kube_version = KubeVersion.parse(version)
    given = options(kube_version=kube_version, monitoring=True)
    return list(yaml.safe_load_all(render(project, given).stream()))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("project", PROJECTS)
def test_kubernetes_takes_every_object(project, version):
    checked = 0
    for item in rendered(PROJECTS[project](), version):
        if item["apiVersion"] != OF_THE_OPERATOR:
            assert kubernetes_validate.validate(item, version, strict=True) == version
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_key_is_found(version):
    item = copy.deepcopy(
        next(each for each in rendered(small_project()) if each["kind"] == "Deployment")
    )
    item["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][0]["path"] = "/x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(item, version, strict=True)


@pytest.mark.parametrize("project", PROJECTS)
def test_the_linter_finds_nothing(project, tmp_path):
    for path, text in render(PROJECTS[project](), options(monitoring=True)).files().items():
        (tmp_path / path).write_text(text)
    reading = read([tmp_path])
    assert reading.documents
    told = [f"{each.path}:{each.line} {each.rule} {each.message}" for each in lint(reading)]
    assert told == []


def test_what_is_said_is_carried_or_has_a_reason():
    """Except for what a mesh carries, whose reasons are not this platform's."""
    covered = CARRIED | set(LOST) | MODEL_ALONE | {"functions.*.image"}
    of_a_mesh = {"mutual_tls", "hosts", "routes", "functions.*.traffic_policy"}
    for _, pattern in said_keys(full_project().specification):
        parts = pattern.split(".")
        above = {".".join(parts[: at + 1]) for at in range(len(parts))}
        assert above & (covered | of_a_mesh), pattern
    assert not CARRIED & set(LOST)


def test_files_are_in_the_order_to_apply_them_in():
    files = list(render(full_project(), options(monitoring=True)).files())
    assert files == sorted(files)
    kinds = list(dict.fromkeys(file.rpartition("/")[2][:2] for file in files))
    assert kinds == ["00", "05", "10", "12", "14", "40"]


def test_the_same_project_is_the_same_bytes():
    one, other = (render(full_project(), options()).stream() for _ in range(2))
    assert one == other
