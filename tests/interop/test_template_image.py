"""The template's context, laid out as faas-cli lays it out, builds in a real Docker Engine.

faas-cli copies the template to `build/NAME`, then the handler's folder over `function/`, whose mode
is 0700, and runs `docker build`; this test does the same by hand, so that it needs no faas-cli.
"""

import shutil

import pytest

from wherry_cli.main import run

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["new", "hello"]) == 0
    (tmp_path / "functions/hello/.env").write_text("canary")
    assert run(["render", "--target", "openfaas", "-o", "deploy"]) == 0
    context = tmp_path / "deploy/build/hello"
    (context / "function").mkdir(parents=True)
    (context / "function").chmod(0o700)
    shutil.copytree(tmp_path / "deploy/template/python3-wherry", context, dirs_exist_ok=True)
    (context / "meta.json").write_text("{}")
    shutil.copytree(tmp_path / "functions/hello", context / "function", dirs_exist_ok=True)
    (context / "function").chmod(0o700)
    return context


def test_it_builds_and_answers(context, docker_build, base_image, container):
    image = docker_build(context, base_image, "--build-arg", "ADDITIONAL_PACKAGE=")
    running = container(image, "--user", "12345", "--env", "OPENFAAS_NAME=hello")
    assert running.get("/?name=Ada") == b'{"hello":"Ada"}'
    assert running.get("/_/health")
    assert running.get("/_/ready")
    listed = running.python("import os; print(sorted(os.listdir('/srv/function')))")
    assert ".env" not in listed
    assert "test_" not in listed
