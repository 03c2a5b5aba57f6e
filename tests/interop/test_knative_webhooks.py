"""Knative's own webhooks take what is rendered for it, whole canaries and odd projects included.

Their code runs in a program of ours, `tests/interop/knative_webhooks`: no cluster is needed.
"""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from tests.builder.manifests.full_project import FULL, SMALL, made
from tests.builder.manifests.matrix import PROJECTS, WAYS, each_project, name, options
from tests.builder.project.test_properties import projects

from wherry_build.errors import ManifestError, ProjectFileInvalid
from wherry_build.manifests.canary import render_canary
from wherry_build.manifests.options import Mesh, RenderOptions, Sidecar, Target
from wherry_build.manifests.render import render
from wherry_build.manifests.yaml import dump

pytestmark = pytest.mark.interop

KNATIVE = [way for way in WAYS if way[0] is Target.KNATIVE]
PLAIN = (Target.KNATIVE, Mesh.NONE, Sidecar.NONE)
TOLD = ("spec.template.spec.nodeSelector",)
"""What our own warnings say that a cluster refuses until it is told to take it."""
ANYWHERE = "".join(line for line in FULL.splitlines(keepends=True) if "nodes: {" not in line)
"""The full project without what they refuse until they are told to take it."""
PROGRAM = "knative-webhooks"


def refused(text):
    """What the webhooks refuse, a line for each object; one that was there before is updated."""
    found = shutil.which(PROGRAM)
    if found is None:
        pytest.skip(f"{PROGRAM} not found; tests/interop/tools.sh builds it")
    done = subprocess.run(
        [found], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.endswith(TOLD)]


@pytest.mark.parametrize("way", KNATIVE, ids=name)
@each_project
def test_what_is_rendered_is_taken(way, project):
    assert refused(render(PROJECTS[project](), options(way)).stream()) == []


@pytest.mark.parametrize("text", [SMALL, ANYWHERE], ids=["small", "full"])
def test_a_canary_is_taken_folder_by_folder(text):
    files = render_canary(made(text), options(PLAIN), (10, 50)).files
    texts = [files[file] for file in sorted(files) if "/10-service-" in file]
    assert len(texts) > 5
    assert refused("\n---\n".join(texts)) == []


REVISION = "functions: {hello: {environment: {A: '%s'}, revisions: {v1: {percent: 100}}}}"


def test_a_changed_template_wants_a_new_name():
    """Guards the test above, and what the page of Knative says."""
    texts = [render(made(REVISION % value), options(PLAIN)).stream() for value in "xy"]
    (line,) = refused("\n---\n".join(texts))
    assert line.startswith("Service hello: Saw the following changes without a name change")


SERVICE = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello%s}\nspec: %s"
POD = "{template: {spec: {containers: [{image: 'ghcr.io/a/b', %s}]}}}"
PING = (
    "apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: {name: p}\n"
    "spec: {sink: {uri: 'http://a'}, %s}"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SERVICE % (", annotations: {autoscaling.knative.dev/target: '1'}", POD % ""), "must be"),
        (SERVICE % ("", POD % "env: [{name: PORT, value: '1'}]"), "reserved environment variable"),
        (SERVICE % ("", POD % "readinessProbe: {failureThreshold: 3}"), "periodSeconds is zero"),
        (SERVICE % ("", POD % "ports: [{containerPort: 80}, {containerPort: 81}]"), "more than"),
        (SERVICE % ("", POD % "prots: []"), "prots"),
        *[
            (SERVICE % ("", POD.replace("ghcr.io/a/b", image) % ""), "parse image reference")
            for image in ("a:2", "ghcr.io/a", "registry:5000/a:1")
        ],
        (PING % "schedule: '* * * * 7'", "schedule"),
        (PING % "schedule: '* * L * *'", "schedule"),
        (PING % "schedule: '* * * * *', contentType: application/json, data: '[1]'", "data"),
    ],
)
def test_the_webhooks_are_strict(text, reason):
    """Guards the tests above: each is what an emitter of ours takes care of."""
    (line,) = refused(text)
    assert reason in line


@pytest.mark.parametrize("image", ["ab", "a/b:1", "localhost/a:1", "ghcr.io/ab", "ghcr.io/a/b:1"])
def test_images_that_are_taken(image):
    assert refused(SERVICE % ("", POD.replace("ghcr.io/a/b", image) % "")) == []


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(projects())
def test_any_project_that_is_rendered_is_taken(said):
    try:
        project = made(dump(said))
        options = RenderOptions(target=Target.KNATIVE, registry="ghcr.io/acme")
        text = render(project, options).stream()
    except (ManifestError, ProjectFileInvalid):
        return
    # Which zones there are, the cluster alone knows. Applied again, it is no change.
    assert [
        line for line in refused(f"{text}\n---\n{text}") if "provided bad location" not in line
    ] == []
