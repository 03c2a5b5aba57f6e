"""Every object of every way to render is valid where it goes.

Custom resources by the schemas of the shared bundle with their CEL rules, Kubernetes' own types by
its published schemas on the oldest, the usual and the newest version, both strictly; and the linter
finds nothing.
"""

import functools
import os
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils
from tests.builder.manifests.matrix import PROJECTS, each_project, every_way, is_core, options

from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import read_schemas
from wherry_build.lint.source import read
from wherry_build.manifests.options import KubeVersion
from wherry_build.manifests.render import render

SHARED = Path(os.environ.get("WHERRY_SHARED_DATA") or Path(__file__).parents[4] / "shared/data")
VERSIONS = ("1.29", "1.33", "1.36")
# Their definitions are not in the bundle; tests beside their emitters hold them to what is known.
UNKNOWN = tuple(
    f"got {kind}, which has no schema here"
    for kind in (
        "openfaas.com/v1 Function",
        "monitoring.coreos.com/v1 ServiceMonitor",
        "monitoring.coreos.com/v1 PrometheusRule",
    )
)


@pytest.fixture(scope="module")
def faults():
    """What is wrong with an object of Kubernetes' own: `faults(text, version)`."""
    with pytest.MonkeyPatch.context() as patch:
        # It reads two megabytes anew for each object.
        patch.setattr(utils, "schema_contents", functools.cache(utils.schema_contents))

        @functools.cache
        def faults(text, version):
            item = yaml.safe_load(text)
            if not is_core(item):
                return None
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as fault:
                return f"{item['kind']} {item['metadata']['name']}: {fault.message} {[*fault.path]}"
            return None

        yield faults


@pytest.fixture(scope="module")
def schemas():
    bundle = SHARED / "crds/bundle.json"
    if not bundle.is_file():
        pytest.skip(f"{bundle} is absent")
    return read_schemas(bundle)


@every_way
@each_project
@pytest.mark.parametrize("version", VERSIONS)
def test_core_types_are_valid(faults, way, project, version):
    chosen = options(way, kube_version=KubeVersion.parse(version))
    texts = render(PROJECTS[project](), chosen).files().values()
    assert [fault for text in texts if (fault := faults(text, version))] == []


@pytest.mark.shared
@every_way
@each_project
def test_the_linter_and_the_schemas_find_nothing(schemas, tmp_path, way, project):
    for file, text in render(PROJECTS[project](), options(way)).files().items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    findings = lint(read([tmp_path]), schemas=schemas)
    told = [f"{Path(each.path).name}:{each.line} {each.rule} {each.message}" for each in findings]
    assert [each for each in told if not each.endswith(UNKNOWN)] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{selector: {}, ports: [], tipe: NodePort}", "tipe"),
        ("{selector: {}, ports: [{port: http}]}", "integer"),
        ("{ports: [{name: a}]}", "required"),
    ],
)
def test_core_types_are_held_strictly(faults, wrong, said):
    """Guards the tests above."""
    text = f"apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: b}}\nspec: {wrong}"
    assert all(said in faults(text, version) for version in VERSIONS)
    assert faults("apiVersion: example.com/v1\nkind: Service", "1.33") is None
