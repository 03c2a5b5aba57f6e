"""What is rendered, every way that there is, before the real tools that judge it.

The API server takes every custom resource, strictly; istioctl and kubectl-validate find nothing.
Each has a test beside it that shows that it would find something.
"""

import json
import shutil
import subprocess

import pytest
import yaml
from tests.builder.manifests.matrix import (
    PROJECTS,
    WAYS,
    each_project,
    every_way,
    is_core,
    name,
    options,
)
from tests.interop.cluster import BUNDLE
from tests.interop.cluster.definitions import read_definitions

from wherry_build.manifests.canary import render_canary
from wherry_build.manifests.options import KubeVersion, Mesh, Sidecar, Target
from wherry_build.manifests.render import render

pytestmark = [pytest.mark.interop, pytest.mark.shared]

# Nobody here has a definition of them.
UNKNOWN = {"Function", "ServiceMonitor", "PrometheusRule"}
BUILT_IN = "1.30"  # the newest version whose own types kubectl-validate 0.0.4 knows
ISTIO_WAY = next(way for way in WAYS if way[:2] == (Target.KUBERNETES, Mesh.ISTIO))


def objects(way, project, **more):
    """The objects of Kubernetes by file, as text; the stack file of OpenFaaS is none."""
    files = render(PROJECTS[project](), options(way, **more)).files()
    return {file: text for file, text in files.items() if is_object(text)}


def is_object(text):
    return "\nkind: " in f"\n{text}" and "kustomize.config.k8s.io" not in text


def tool(program):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} not found; tests/interop/tools.sh builds it")
    return found


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return [str(folder / file) for file in files]


@every_way
@each_project
def test_the_api_server_accepts_every_custom_resource(cluster, way, project):
    texts = objects(way, project, namespace=f"{name(way)}-{project}").values()
    items = [(text, yaml.safe_load(text)) for text in texts]
    for text, item in items:
        if cluster.serves(item):
            (stored,) = cluster.apply([text])
            assert stored["metadata"]["name"] == item["metadata"]["name"]
        else:
            assert is_core(item) or item["kind"] in UNKNOWN


CANARIES = [
    way for way in WAYS if way[2] is Sidecar.NONE and way[:2] != (Target.OPENFAAS, Mesh.NONE)
]


@pytest.mark.parametrize("way", CANARIES, ids=name)
@each_project
def test_a_canary_is_accepted_folder_after_folder(cluster, tmp_path, way, project):
    chosen = options(way, namespace=f"c-{name(way)}-{project}")
    folders = {}
    for file, text in sorted(render_canary(PROJECTS[project](), chosen).files.items()):
        if is_object(text):
            folders.setdefault(file.partition("/")[0], {})[file] = text
    assert list(folders) == ["1-deploy", "2-shift-10", "3-promote", "9-abort"]
    for files in folders.values():
        cluster.apply(text for text in files.values() if cluster.serves(yaml.safe_load(text)))
        assert analyzed(*write(tmp_path, files)) == []


def analyzed(*files):
    """Messages of `istioctl analyze`, as JSON."""
    command = [tool("istioctl"), "analyze", "--use-kube=false", "-A", "-o", "json", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("["), done.stderr
    return [f"{each['code']} {each['message']}" for each in json.loads(done.stdout)]


def validated(*files):
    """How `istioctl validate` ends, and what it says."""
    words = [word for file in files for word in ("-f", file)]
    command = [tool("istioctl"), "validate", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@every_way
@each_project
def test_istioctl_finds_nothing(tmp_path, way, project):
    files = write(tmp_path, objects(way, project))
    assert files
    assert analyzed(*files) == []
    code, said = validated(*files)
    assert (code, said.count(" is valid")) == (0, len(files)), said


def test_istioctl_would_find_something(tmp_path):
    files = objects(ISTIO_WAY, "small")
    wrong = {
        file: text.replace("subset: v1", "subset: v9").replace("weight: 90", "weight: -1")
        for file, text in files.items()
    }
    assert wrong != files
    written = write(tmp_path, wrong)
    assert any(each.startswith("IST0101") for each in analyzed(*written))
    code, said = validated(*written)
    assert code != 0, said


@pytest.fixture(scope="module")
def kubectl_validate(tmp_path_factory):
    """What kubectl-validate says of every file of a folder, by its path."""
    program = tool("kubectl-validate")
    if not BUNDLE.is_file():
        pytest.skip(f"{BUNDLE} is absent")
    crds = tmp_path_factory.mktemp("crds")
    for item in read_definitions():
        (crds / f"{item['metadata']['name']}.yaml").write_text(json.dumps(item))

    def kubectl_validate(folder):
        command = [program, str(folder), "--local-crds", str(crds), "--version", BUILT_IN]
        done = subprocess.run(
            [*command, "--output", "json"], capture_output=True, text=True, timeout=100, check=False
        )
        assert done.stdout.startswith("{"), done.stderr
        return {
            file: [each["message"] for each in found if each["status"] != "Success"]
            for file, found in json.loads(done.stdout).items()
        }

    return kubectl_validate


@each_project
def test_kubectl_validate_finds_nothing(kubectl_validate, tmp_path, project):
    written = []
    for way in WAYS:
        files = objects(way, project, kube_version=KubeVersion.parse(BUILT_IN))
        known = {
            file: text
            for file, text in files.items()
            if yaml.safe_load(text)["kind"] not in UNKNOWN
        }
        written += write(tmp_path / name(way), known)
    told = kubectl_validate(tmp_path)
    assert sorted(told) == sorted(written)
    assert {file: found for file, found in told.items() if found} == {}


def test_kubectl_validate_would_find_something(kubectl_validate, tmp_path):
    files = objects(ISTIO_WAY, "small")
    known = {file: text for file, text in files.items() if "monitoring.coreos.com" not in text}
    wrong = {
        file: text.replace("replicas:", "replicaz:").replace("weight: 90", "weight: x")
        for file, text in known.items()
    }
    changed = {str(tmp_path / file) for file in known if wrong[file] != known[file]}
    write(tmp_path, wrong)
    assert changed
    assert {file for file, found in kubectl_validate(tmp_path).items() if found} == changed
