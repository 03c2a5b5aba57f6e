"""Images that no engine built: taken by a real registry, and run in Docker as production would."""

import concurrent.futures
import gzip
import http.client
import io
import json
import os
import shutil
import tarfile
import time
from pathlib import Path

import pytest
from tests.interop.base_index import manifest_of, two_platforms
from tests.interop.cluster import ToolAbsentError
from tests.interop.conftest import docker
from tests.interop.distribution import distribution

from wherry_build.image.content import Descriptor
from wherry_build.image.registry.registries import Registries
from wherry_cli.main import run

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
AARCH64 = 183
DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
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


@pytest.fixture(scope="module")
def registry(base_image, tmp_path_factory):
    """A registry that has the base, for this machine and for another."""
    folder = tmp_path_factory.mktemp("registry")
    try:
        with distribution(folder) as host:
            docker("tag", base_image, f"{host}/base:amd64")
            docker("push", f"{host}/base:amd64", timeout=300)
            docker("rmi", f"{host}/base:amd64")
            two_platforms(host, "base", source="amd64", tag="1")
            yield host
    except ToolAbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Every build of this module keeps what it makes in one place, which is not the user's."""
    before = os.environ.get("WHERRY_CACHE")
    os.environ["WHERRY_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["WHERRY_CACHE"]
    else:
        os.environ["WHERRY_CACHE"] = before


@pytest.fixture
def published(registry, cache, tmp_path):
    """Build and push without an engine, then pull: `published(folder)`; removed at the end.

    A copy of the folder is built: what is published is locked beside it.
    """
    names = []

    def published(folder, *options):
        name = f"{registry}/oci/{Path(folder).name}:{len(names)}"
        copy = tmp_path / str(len(names)) / Path(folder).name
        shutil.copytree(folder, copy)
        arguments = ["build", copy, "--base", f"{registry}/base:1", "--engine", "oci"]
        arguments += ["--image", name, "--push", "--quiet", *options]
        assert run([str(each) for each in arguments]) == 0
        docker("pull", "--quiet", name)
        names.append(name)
        return name

    yield published
    for name in names:
        docker("rmi", "--force", name, check=False)


def ask(running, method="GET", path="/", body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, answer.read()
    finally:
        connection.close()


def test_it_runs_with_nothing_allowed_and_no_network(published, container_without_network):
    running = container_without_network(published(FUNCTIONS / "hello"))
    code = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/?name=x').read().decode())"
    assert json.loads(running.python(code)) == {"hello": "x"}
    assert running.python("import os; print(os.getuid(), os.access('/srv', os.W_OK))") == (
        "12345 False"
    )


def test_an_http_function_and_its_probes(published, container):
    running = container(published(FUNCTIONS / "hello"), "--user", "12345:12345")
    status, _, body = ask(running, path="/?name=Ada")
    assert (status, json.loads(body)) == (200, {"hello": "Ada"})
    for probe in ("/_/health", "/_/ready"):
        assert ask(running, path=probe)[0] == 200, probe


def test_an_event_function_replies_with_an_event(published, container):
    running = container(published(FUNCTIONS / "orders"), "--user", "12345:12345")
    status, headers, body = ask(running, "POST", "/", json.dumps(ORDER), EVENT)
    assert (status, headers["ce-type"]) == (200, "com.acme.order.accepted")
    assert json.loads(body) == {"id": "A-1042", "pieces": 2}


def test_sigterm_finishes_what_is_in_flight_and_ends_with_0(published, container, tmp_path):
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow/handler.py").write_text(SLOW)
    running = container(published(tmp_path / "slow"), "--user", "12345:12345")
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


def test_what_is_in_it_can_be_read_by_all_and_written_by_nobody(published, container):
    running = container(published(FUNCTIONS / "hello"), "--user", "12345:12345")
    code = """
import os
found, seen = [], 0
for top in ("/opt/wherry", "/srv/function"):
    for folder, folders, files in os.walk(top):
        for name in [".", *files]:
            status = os.stat(os.path.join(folder, name))
            seen += 1
            if status.st_uid or status.st_mode & 0o022 or status.st_mode & 0o444 != 0o444:
                found.append(os.path.join(folder, name))
print(seen > 500, found)
"""
    assert running.python(code) == "True []"


def test_its_bytecode_is_there_and_taken(published, container):
    running = container(published(FUNCTIONS / "hello"), "--user", "12345:12345")
    version = running.python("import sys; print('%d%d' % sys.version_info[:2])")
    code = f"""
import glob, marshal
files = glob.glob("/opt/wherry/wherry/**/*.cpython-{version}.pyc", recursive=True)
print(len(files) > 50, {{open(file, "rb").read(8)[4:].hex() for file in files}})
import wherry.serving.worker
print(wherry.serving.worker.__cached__ in files)
"""
    assert running.python(code).splitlines() in (
        ["True {'01000000'}", "True"],
        ["False set()", "False"],  # where the machine that builds has no such Python
    )


def test_both_engines_say_the_same_of_how_it_is_run(published, build, inspect):
    one = inspect(published(FUNCTIONS / "hello"))["Config"]
    other = inspect(build(FUNCTIONS / "hello"))["Config"]
    for key in ("User", "Entrypoint", "Cmd", "WorkingDir", "ExposedPorts", "StopSignal"):
        assert (one.get(key) or None) == (other.get(key) or None), key
    assert one["Healthcheck"] == other["Healthcheck"]
    # A base that says no PATH gets one from Docker's builder, and from whatever runs it.
    assert set(other["Env"]) - set(one["Env"]) <= {DEFAULT_PATH}
    assert set(one["Env"]) <= set(other["Env"])
    own = {name for name in one["Labels"] if not name.startswith("org.opencontainers.image.")}
    assert own <= set(other["Labels"]) | {"io.wherry.runtime.version"}


def test_it_is_loaded_into_the_engine_and_runs(registry, cache, container):
    name = "wherry-interop/loaded:test"
    arguments = ["build", str(FUNCTIONS / "hello"), "--base", f"{registry}/base:1"]
    try:
        assert run([*arguments, "--image", name, "--load", "--quiet"]) == 0
        assert ask(container(name, "--user", "12345:12345"))[0] == 200
    finally:
        docker("rmi", "--force", name, check=False)


def test_another_architecture_gets_nothing_of_this_one(registry, cache, tmp_path):
    folder = tmp_path / "compiled"
    folder.mkdir()
    (folder / "handler.py").write_text("import msgspec\ndef handle(request): ...\n")
    (folder / "requirements.txt").write_text("msgspec\nmarkupsafe\n")
    name = f"{registry}/oci/compiled:1"
    arguments = ["build", str(folder), "--base", f"{registry}/base:1", "--image", name, "--push"]
    assert run([*arguments, "--platform", "linux/amd64,linux/arm64", "--quiet"]) == 0
    index = manifest_of(registry, "oci/compiled", "1")
    found = {
        each["platform"]["architecture"]: machines(registry, each["digest"])
        for each in index["manifests"]
    }
    assert set(found) == {"amd64", "arm64"}
    assert set(found["arm64"].values()) == {AARCH64}, found["arm64"]
    assert len(found["arm64"]) == len(found["amd64"]) > 4
    names = " ".join(found["arm64"])
    for package in ("msgspec", "markupsafe", "orjson", "uvloop", "httptools"):
        assert package in names


def machines(host, digest):
    """The machine of each ELF file in the layers of ours (ELF header, e_machine)."""
    registries = Registries()
    repository = registries.repository(host, "oci/compiled")
    manifest = json.loads(repository.require_manifest(digest).content)
    base = len(manifest_of(host, "base", "amd64")["layers"])
    found = {}
    for layer in manifest["layers"][base:]:
        named = Descriptor(
            media_type=layer["mediaType"], digest=layer["digest"], size_bytes=layer["size"]
        )
        written = io.BytesIO()
        repository.download(named, written)
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(written.getvalue()))) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member).read(20) if member.isreg() else b""
                if content[:4] == b"\x7fELF":
                    found[member.name] = int.from_bytes(content[18:20], "little")
    registries.close()
    return found
