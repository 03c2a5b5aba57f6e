"""Unmodified faas-cli reads what `wherry render --target openfaas` writes.

The tool is what `go install github.com/openfaas/faas-cli@c8191b71e7ed` makes. Where its source
cannot be had these tests skip; `test_stack_contract.py` holds the same output to faas-cli's own
rules, as read in its source.
"""

import json
import os
import shutil
import subprocess

import pytest
import yaml
from tests.builder.deploy.recording_gateway import recording_gateway
from tests.builder.manifests.full_project import full_project

from wherry_build.deploy.openfaas_deployment import CHECKSUM, deployments
from wherry_build.manifests import Edition, RenderOptions, Target, render
from wherry_build.template import template_files
from wherry_cli.main import run

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def faas_cli(tmp_path_factory):
    """Run faas-cli in a folder, with a home of its own: `faas_cli(folder, "generate")`."""
    found = shutil.which("faas-cli")
    if found is None:
        pytest.skip("faas-cli not found: go install github.com/openfaas/faas-cli@c8191b71e7ed")
    home = tmp_path_factory.mktemp("home")

    def faas_cli(folder, *arguments):
        done = subprocess.run(
            [found, *arguments],
            cwd=folder,
            env={**os.environ, "HOME": str(home), "CI": "", "OPENFAAS_URL": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return faas_cli


@pytest.fixture
def deploy(tmp_path, monkeypatch):
    """A folder with a rendered stack and its template; never the project's own."""
    monkeypatch.chdir(tmp_path)
    for name, style in (("hello", "http"), ("orders", "events")):
        assert run(["new", name, "--template", style]) == 0
    arguments = ["render", "--target", "openfaas", "--registry", "ghcr.io/acme", "-o", "deploy"]
    assert run(arguments) == 0
    return tmp_path / "deploy"


@pytest.mark.parametrize("api", ["openfaas.com/v1", "serving.knative.dev/v1"])
def test_generate(faas_cli, deploy, api):
    made = list(yaml.safe_load_all(faas_cli(deploy, "generate", "--api", api)))
    objects = {item["metadata"]["name"]: item for item in made if item}
    assert sorted(objects) == ["hello", "orders"]
    if api == "openfaas.com/v1":
        spec = objects["orders"]["spec"]
        assert spec["image"] == "ghcr.io/acme/orders:latest"
        assert spec["readOnlyRootFilesystem"] is True
        assert spec["annotations"] == {"topic": "com.example.greeting.asked"}
        assert spec["environment"]["OPENFAAS_NAME"] == "orders"


def test_build_shrinkwrap_makes_a_whole_context_offline(faas_cli, deploy):
    faas_cli(deploy, "build", "--shrinkwrap")
    for name in ("hello", "orders"):
        context = deploy / "build" / name
        assert (context / "Dockerfile").is_file()
        assert len(list((context / "wheels").glob("wherry-*.whl"))) == 1
        ours = deploy.parent / "functions" / name / "handler.py"
        assert (context / "function/handler.py").read_bytes() == ours.read_bytes()


def test_deploy_sends_what_we_send(faas_cli, tmp_path):
    options = RenderOptions(target=Target.OPENFAAS, edition=Edition.PRO, registry="ghcr.io/acme")
    stack = render(full_project(), options).files()["stack.yaml"]
    files = {f"template/{name}": content for name, content in template_files().items()}
    for name, content in {"stack.yaml": stack.encode(), **files}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with recording_gateway() as server:
        faas_cli(tmp_path, "deploy", "-f", "stack.yaml", "--gateway", server.url)
    expected = deployments(yaml.safe_load(stack))
    assert len(server.functions) == len(expected)
    for deployment in expected:
        sent = server.functions[deployment.namespace, deployment.name]
        body = json.loads(json.dumps(deployment.body()))
        del body["annotations"][CHECKSUM]  # which is ours, for `wherry diff`
        for key, value in body.items():
            got = sent.get(key) or type(value)()
            assert (sorted(got) if isinstance(got, list) else got) == (
                sorted(value) if isinstance(value, list) else value
            ), key


def test_the_shrinkwrapped_context_builds_and_answers(
    faas_cli, deploy, base_image, container, docker_build
):
    faas_cli(deploy, "build", "--shrinkwrap")
    running = container(docker_build(deploy / "build/hello", base_image), "--user", "12345")
    assert running.get("/?name=Ada") == b'{"hello":"Ada"}'
