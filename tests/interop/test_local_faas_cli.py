"""Unmodified faas-cli against `wherry up`, command by command, exit codes and all.

What it sends is held to in `tests/local/gateway/test_faas_cli_requests.py` wherever the tool cannot
be had.
"""

import json
import subprocess

import pytest
from tests.interop import faas_cli as tool
from tests.local.gateway.function_server import server
from tests.local.platform.life import eventually, living

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

HANDLER = """\
def handle(request):
    print("handled", request.method, flush=True)
    return {
        "method": request.method,
        "query": dict(request.args),
        "header": request.headers.get("X-Mine"),
        "body": request.get_data(as_text=True),
    }
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    if tool.found() is None:
        pytest.skip(tool.ABSENT)
    root = tmp_path_factory.mktemp("project")
    (root / "hello").mkdir()
    (root / "hello/handler.py").write_text(HANDLER)
    with living(root, "--no-watch", "--allow-private") as life:
        yield life


@pytest.fixture(scope="module")
def faas_cli(platform, tmp_path_factory):
    """Run faas-cli: `faas_cli("list")` is what it prints, its exit code checked."""
    home = tmp_path_factory.mktemp("home")
    environment = tool.environment(home, OPENFAAS_URL=f"http://{platform.gateway}")

    def run(*arguments, given="", code=0):
        done = subprocess.run(
            [tool.found(), *arguments],
            cwd=home,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("ready", "--attempts", "20", "--interval", "1s")
    run("login", "-u", "admin", "--password-stdin", given="wrong", code=1)
    run("login", "-u", "admin", "--password-stdin", given=platform.state.password.read_text())
    return run


def test_version_and_list(faas_cli):
    assert "wherry" in faas_cli("version", "--warn-update=false")
    assert "hello" in faas_cli("list", "--verbose")


def test_a_function_lives_from_deploy_to_remove(faas_cli):
    faas_cli(
        *("deploy", "--name", "mine", "--image", "ghcr.io/acme/hello:1.0"),
        *("--env", "A=b", "--label", "team=a", "--annotation", "note=b"),
    )
    faas_cli("ready", "mine")
    described = faas_cli("describe", "mine")
    assert "ghcr.io/acme/hello:1.0" in described
    faas_cli("deploy", "--name", "mine", "--image", "ghcr.io/acme/hello:1.1")
    assert "1.1" in faas_cli("describe", "mine")
    faas_cli("remove", "mine")
    faas_cli("remove", "mine", code=1)
    faas_cli("describe", "mine", code=1)
    faas_cli("deploy", "--name", "mine", "--image", "nobody/knows-this:1", code=1)


def test_invoke_with_query_header_and_method(faas_cli):
    said = faas_cli(
        *("invoke", "hello", "--query", "a=b", "--header", "X-Mine: 1", "--method", "PUT"),
        given="in",
    )
    assert json.loads(said) == {"method": "PUT", "query": {"a": "b"}, "header": "1", "body": "in"}
    faas_cli("invoke", "nothing", given="", code=1)


def test_invoke_async_is_called_back(faas_cli):
    with server() as receiver:
        header = f"X-Callback-Url: {receiver.url}"
        faas_cli("invoke", "hello", "--async", "--header", header, given="later")
        assert json.loads(receiver.next().body)["body"] == "later"


def test_logs(faas_cli):
    faas_cli("invoke", "hello", given="")

    def logged():
        return "handled POST" in faas_cli("logs", "hello", "--tail=false", "--lines", "20")

    eventually(logged)
    lines = faas_cli("logs", "hello", "--tail=false", "--since", "10m", "--output", "json")
    assert all(json.loads(line)["name"] == "hello" for line in lines.splitlines())
    faas_cli("logs", "nothing", "--tail=false", code=1)


def test_secrets(faas_cli):
    faas_cli("secret", "create", "api-key", "--from-literal", "first")
    assert "api-key" in faas_cli("secret", "list")
    faas_cli("secret", "update", "api-key", "--from-literal", "second")
    faas_cli("deploy", "--name", "kept", "--image", "hello", "--secret", "api-key")
    faas_cli("remove", "kept")
    faas_cli("secret", "remove", "api-key")
    assert "api-key" not in faas_cli("secret", "list")
    faas_cli("deploy", "--name", "kept", "--image", "hello", "--secret", "absent", code=1)


def test_namespaces(faas_cli):
    faas_cli("namespace", "create", "team", "--label", "owner=a")
    assert "team" in faas_cli("namespace", "list")
    assert "owner" in faas_cli("namespace", "get", "team")
    faas_cli("namespace", "update", "team", "--label", "owner=b")
    faas_cli("deploy", "--name", "there", "--image", "hello", "--namespace", "team")
    assert "there" in faas_cli("list", "--namespace", "team")
    faas_cli("remove", "there", "--namespace", "team")
    faas_cli("namespace", "remove", "team")
    assert "team" not in faas_cli("namespace", "list")
