"""Images built by `wherry build`, run in a real Docker Engine as production would run them."""

import concurrent.futures
import http.client
import json
import time
from pathlib import Path

import pytest

from wherry_cli.main import run

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
EVENT = {
    "Ce-Id": "7",
    "Ce-Specversion": "1.0",
    "Ce-Type": "com.acme.order.placed",
    "Ce-Source": "/shop",
    "Content-Type": "application/json",
}
ORDER = {"id": "A-1042", "items": [{"sku": "oar", "quantity": 2}]}
SLOW = """
import time

def handle(request):
    print("began", flush=True)
    time.sleep(1.5)
    return "finished"
"""


def ask(running, method="GET", path="/", body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, answer.read()
    finally:
        connection.close()


def test_an_http_function(build, container):
    running = container(build(FUNCTIONS / "hello"), "--user", "12345")
    status, _, body = ask(running, path="/?name=Ada")
    assert (status, json.loads(body)) == (200, {"hello": "Ada"})
    for probe in ("/_/health", "/_/ready", "/health/liveness", "/health/readiness"):
        assert ask(running, path=probe)[0] == 200, probe


def test_an_event_function_replies_with_an_event(build, container):
    running = container(build(FUNCTIONS / "orders"), "--user", "12345")
    status, headers, body = ask(running, "POST", "/", json.dumps(ORDER), EVENT)
    assert (status, headers["ce-type"]) == (200, "com.acme.order.accepted")
    assert json.loads(body) == {"id": "A-1042", "pieces": 2}
    attributes = {name[3:].lower(): EVENT[name] for name in EVENT if name.startswith("Ce-")}
    structured = json.dumps({**attributes, "data": ORDER})
    kind = {"Content-Type": "application/cloudevents+json"}
    status, headers, body = ask(running, "POST", "/", structured, kind)
    assert status == 200
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert json.loads(body)["data"] == {"id": "A-1042", "pieces": 2}


def test_sigterm_finishes_what_is_in_flight_and_ends_with_0(build, container, tmp_path):
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow/handler.py").write_text(SLOW)
    running = container(build(tmp_path / "slow"), "--user", "12345")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        calling = pool.submit(ask, running)
        deadline = time.monotonic() + 30
        while "began" not in running.log:
            assert time.monotonic() < deadline, running.log
            time.sleep(0.02)
        running.terminate()
        status, _, body = calling.result(60)
    assert (status, body) == (200, b"finished")
    assert running.wait() == 0, running.log


@pytest.mark.parametrize("user", ["0", "65532", "12345:54321", "2147483647"])
def test_it_runs_as_any_user(build, container, user):
    assert ask(container(build(FUNCTIONS / "hello"), "--user", user))[0] == 200


def test_it_runs_without_a_network(build, container_without_network):
    running = container_without_network(build(FUNCTIONS / "hello"))
    code = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/?name=x').read().decode())"
    assert json.loads(running.python(code)) == {"hello": "x"}


def test_its_own_health_check_passes(build, container):
    running = container(build(FUNCTIONS / "hello"))
    deadline = time.monotonic() + 60
    while running.state["Health"]["Status"] == "starting":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert running.state["Health"]["Status"] == "healthy", running.state["Health"]


def test_what_the_image_says_of_itself(build, inspect):
    said = inspect(build(FUNCTIONS / "hello"))["Config"]
    assert said["User"] == "65532:65532"
    assert said["Entrypoint"] == ["python3", "-m", "wherry"]
    assert said["StopSignal"] == "SIGTERM"
    assert list(said["ExposedPorts"]) == ["8080/tcp"]
    assert said["Labels"]["org.opencontainers.image.title"] == "hello"
    assert not said.get("Cmd")


def test_the_image_holds_the_runtime_and_nothing_of_the_builder(build, container):
    running = container(build(FUNCTIONS / "hello"))
    code = """
import importlib.util as u
names = ["docker", "yaml", "wherry_build", "wherry_local", "wherry_cli", "watchfiles", "pytest"]
print([name for name in names if u.find_spec(name)])
"""
    assert running.python(code) == "[]"


def test_nothing_of_ours_can_be_written_and_all_of_it_read(build, container):
    running = container(build(FUNCTIONS / "hello"), "--user", "12345")
    code = """
import os
found = []
for top in ("/opt/wherry", "/srv/function"):
    for folder, folders, files in os.walk(top):
        for name in [".", *files]:
            status = os.stat(os.path.join(folder, name))
            wanted = 0o555 if name == "." else 0o444
            # The engine makes the top folder itself, and root may write to it.
            never = 0o022 if (folder, name) == (top, ".") else 0o222
            if status.st_uid or status.st_mode & never or status.st_mode & wanted != wanted:
                found.append(os.path.join(folder, name))
print(found)
"""
    assert running.python(code) == "[]"


def test_its_bytecode_is_there_and_never_checked_again(build, container):
    running = container(build(FUNCTIONS / "hello"))
    code = """
import glob
found = glob.glob("/srv/function/__pycache__/*.pyc")
found += glob.glob("/opt/wherry/wherry/__pycache__/*.pyc")
print(len(found) > 10, {open(file, "rb").read(8)[4:].hex() for file in found})
"""
    assert running.python(code) == "True {'01000000'}"


def test_no_secret_and_no_test_of_the_function_is_in_the_image(build, container, tmp_path):
    folder = tmp_path / "leaky"
    folder.mkdir()
    canary = "canary-51f0c"
    (folder / "handler.py").write_text("def handle(request): return 'ok'\n")
    for name in (".env", "id_rsa", "server.pem", ".git/config", "test_leaky.py", ".netrc"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(canary)
    running = container(build(folder))
    assert running.python("import os; print(sorted(os.listdir('/srv/function')))") == (
        "['__pycache__', 'handler.py']"
    )


def test_an_edit_leaves_the_libraries_layer_as_it_is(build, inspect, tmp_path):
    for name, text in (("one", "a"), ("two", "b")):
        folder = tmp_path / name / "edited"
        folder.mkdir(parents=True)
        (folder / "handler.py").write_text(f"def handle(request): return {text!r}\n")
    one, two = (
        inspect(build(tmp_path / name / "edited"))["RootFS"]["Layers"] for name in ("one", "two")
    )
    assert one[:-1] == two[:-1]
    assert one[-1] != two[-1]


def test_a_step_that_fails_is_told(base_image, tmp_path, capfd):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "handler.py").write_text("def handle(request): ...\n")
    (folder / "extra.py").write_text("def f(:\n")
    arguments = ["build", str(folder), "--base", base_image, "--network", "host", "--quiet"]
    assert run([*arguments, "--tag", "wherry-interop/broken:test"]) == 1
    said = capfd.readouterr().err
    assert "compileall" in said
    assert "extra.py" in said
