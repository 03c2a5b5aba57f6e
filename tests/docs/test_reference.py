"""The reference is the code's, both ways: nothing is missing from it, and nothing is made up."""

import ast
import functools
import os
import re
import runpy
import socket
import urllib.request
from contextlib import closing
from pathlib import Path

import click
import pytest

from wherry.errors import WherryError
from wherry.serving.fields import _MEANINGS, _PLATFORM_NAMES
from wherry.setting import FORWARDED_FIELDS
from wherry.testing import running
from wherry.variables import VARIABLES
from wherry_build.errors import BuildError
from wherry_build.image import cache_folder
from wherry_build.image.docker import command_line
from wherry_cli.main import COMMANDS
from wherry_cli.main import wherry as command
from wherry_local.conformance import cases
from wherry_local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for folder in ("docs/**", ".", "functions/**", "templates/**")
    for page in ROOT.glob(f"{folder}/*.md")
]
RUNTIME = ROOT / "runtime/wherry"
REFERENCE = (ROOT / "docs/reference.md").read_text()
HEADER = re.compile(r"(?:x|content|sec|webhook|retry|cache|transfer|proxy)-[a-z-]*[a-z]")
HEADER_WORDS = {
    *("accept", "allow", "baggage", "connection", "date", "expect", "forwarded", "host"),
    *("traceparent", "tracestate", "upgrade"),
}


def section(title, page=REFERENCE):
    return re.split(r"^##+ ", page.partition(f"## {title}\n")[2], flags=re.MULTILINE)[0]


def first_cells(text):
    """What stands between backticks in the first cell of each row."""
    rows = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


REQUEST = {name.lower() for name in first_cells(section("Request headers"))}
RESPONSE = {name.lower() for name in first_cells(section("Response headers"))}


@functools.cache
def headers_in_the_source():
    """Every literal of the runtime that is the name of a header."""
    found = set()
    for module in RUNTIME.rglob("*.py"):
        if "testing" in module.parts:
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, (bytes, str)):
                raw = node.value
                text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
                found.add(text.lower())
                if isinstance(raw, bytes):  # lines that are kept ready
                    found |= set(re.findall(r"(?:^|\r\n)([a-z-]+): ", text))
    return {name for name in found if HEADER.fullmatch(name) or name in HEADER_WORDS}


def test_every_header_in_the_source_is_in_the_reference():
    assert headers_in_the_source() - REQUEST - RESPONSE == set()


def test_every_header_in_the_reference_is_in_the_source():
    assert (REQUEST | RESPONSE) - headers_in_the_source() == {"ce-*"}


def test_every_header_that_means_something_to_the_server_is_among_those_of_requests():
    meant = {name.decode() for name in set(_MEANINGS) | _PLATFORM_NAMES}
    beside = {"ce-*", "accept", "content-encoding"}
    beside |= {name for name in REQUEST if name.startswith("sec-websocket-")}
    assert meant | FORWARDED_FIELDS | {"forwarded"} | beside == REQUEST


FUNCTIONS = """
import threading
from wherry import CloudEvent, Retry, cloud_event, http, sse

RELEASED = threading.Event()


@http(methods=["GET"])
def text(request):
    return "here"


@http
def stream(request):
    yield "one"


@http
def ticks(request):
    yield sse("tick")


@http
def later(request):
    return Retry(after_s=5)


@http(timeout_s=0.2)
def late(request):
    RELEASED.wait(20)


@http(max_inflight=1, max_queue=0)
def full(request):
    yield "held"
    RELEASED.wait(20)


@http
def release(request):
    RELEASED.set()
    return "open"


@cloud_event(type="com.acme.placed")
def placed(event: CloudEvent) -> CloudEvent:
    return CloudEvent(type="com.acme.accepted", source="/shop", data={})
"""
CHAT = """
async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        await send({"type": "websocket.close"})
"""
EVENT = "Ce-Specversion: 1.0\r\nCe-Id: 1\r\nCe-Source: /till\r\nCe-Type: com.acme.placed\r\n"
HANDSHAKE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {}\r\n".format(
    "AAAAAAAAAAAAAAAAAAAAAA=="
)


def read_until(connection, mark):
    """What has come when `mark` has."""
    got = b""
    while mark not in got:
        chunk = connection.recv(4096)
        assert chunk, f"closed before {mark!r}; got {got!r}"
        got += chunk
    return got


class Caller:
    """Sends requests as they are written, and keeps what the heads of the answers say."""

    def __init__(self, port):
        self.port = port
        self.heads = []

    def send(self, line, fields="", *, version="1.1", connection=None):
        if connection is not None:
            return self._send(connection, line, fields, version)
        with closing(socket.create_connection(("127.0.0.1", self.port), 10)) as connection:
            return self._send(connection, line, fields, version)

    def _send(self, connection, line, fields, version):
        connection.sendall(f"{line} HTTP/{version}\r\nHost: x\r\n{fields}\r\n".encode())
        head = read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")[0].decode("latin-1")
        self.heads.append(head)
        return int(head.split()[1])

    @property
    def names(self):
        lines = [line for head in self.heads for line in head.split("\r\n")[1:]]
        names = {line.partition(":")[0].lower() for line in lines}
        return {"ce-*" if name.startswith("ce-") else name for name in names}


@pytest.fixture(scope="module")
def openfaas(tmp_path_factory):
    """A caller of several functions on OpenFaaS, and what was to be scraped afterwards."""
    folder = tmp_path_factory.mktemp("openfaas")
    (folder / "handler.py").write_text(FUNCTIONS)
    settings = {
        "OPENFAAS_NAME": "shop",
        "WHERRY_WEBHOOK_ORIGINS": "*",
        "WHERRY_LAME_DUCK": "0s",
        "WHERRY_LOCK_FILE": str(folder / "lock"),
    }
    with running(folder, **settings) as server:
        caller = Caller(server.port)
        assert caller.send("GET /text") == 200
        assert caller.send("GET /text", version="1.0", fields="Connection: keep-alive\r\n") == 200
        assert caller.send("POST /text") == 405
        assert caller.send("GET /_/ready") == 200
        assert caller.send("GET /stream") == 200
        assert caller.send("GET /ticks", "Accept: text/event-stream\r\n") == 200
        assert caller.send("GET /later") == 503
        assert caller.send("GET /late") == 504
        assert caller.send("POST /placed", EVENT) == 200
        assert caller.send("OPTIONS /placed", "WebHook-Request-Origin: shop.example\r\n") == 200
        assert caller.send("GET /nowhere") == 404
        with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as first:
            first.sendall(b"GET /full HTTP/1.1\r\nHost: x\r\n\r\n")
            read_until(first, b"held")
            assert caller.send("GET /full") == 429
        assert caller.send("GET /release") == 200
        with urllib.request.urlopen(server.metrics_url, timeout=10) as answer:
            yield caller, answer.read().decode()


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    pytest.importorskip("wsproto")
    folder = tmp_path_factory.mktemp("chat")
    (folder / "app.py").write_text(CHAT)
    with running(folder) as server:
        caller = Caller(server.port)
        chosen = HANDSHAKE + "Sec-WebSocket-Protocol: chat\r\n"
        assert caller.send("GET /", chosen + "Sec-WebSocket-Version: 13\r\n") == 101
        assert caller.send("GET /", chosen + "Sec-WebSocket-Version: 7\r\n") == 426
        yield caller


def test_the_headers_of_answers_are_those_of_the_reference(openfaas, chat):
    assert openfaas[0].names | chat.names == RESPONSE


def test_the_metrics_that_are_scraped_are_those_of_the_reference(openfaas):
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", openfaas[1], re.MULTILINE))
    ours = {name for name in kinds if not name.startswith(("process_", "python_"))}
    assert ours == set(re.findall(r"^\| `(\w+)`", section("Metrics"), re.MULTILINE))


def test_the_labels_that_are_scraped_are_those_of_the_reference(openfaas):
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| (.+?) \|", section("Metrics"), re.MULTILINE)
    for name, cell in rows:
        sample = re.search(rf"^{name}(?:_count)?\{{(.+)\}}", openfaas[1], re.MULTILINE)
        if sample is not None:
            assert set(re.findall(r"(\w+)=", sample[1])) == set(re.findall(r"\w+", cell)), name


def test_the_statuses_that_are_explained_are_those_that_the_server_gives():
    page = (ROOT / "docs/errors.md").read_text()
    rows = re.findall(r"^\| ([\d, ]+) \|", section("What callers get", page), re.MULTILINE)
    explained = {int(status) for row in rows for status in row.split(", ")}
    refused = runpy.run_path(str(ROOT / "docs/generate.py"))["refused"]()
    assert explained == {status for status, _ in refused}


def test_every_exit_code_of_an_error_is_in_the_reference():
    codes = set(map(int, re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)))
    errors = [WherryError, BuildError, LocalError]
    for error in errors:
        errors += error.__subclasses__()
    assert {error.exit_code for error in errors} <= codes


def test_every_variable_on_a_page_is_a_setting():
    known = {name for variable in VARIABLES for name in variable.names}
    known |= {cache_folder.VARIABLE, command_line.VARIABLE}  # of the command, not of a function
    for page in PAGES:
        named = set(re.findall(r"\bWHERRY_[A-Z_]+\b", page.read_text()))
        assert named <= known, page.name


def test_every_folder_of_the_cache_is_on_the_page_of_images():
    modules = (ROOT / "build").rglob("*.py")
    called = (re.findall(r'\bcache_folder\("([a-z-]+)"\)', each.read_text()) for each in modules)
    kinds = {kind for each in called for kind in each}
    page = (ROOT / "docs/images.md").read_text()
    named = page.partition("## Where things are kept\n")[2].partition("\n## ")[0]
    assert kinds == set(re.findall(r"`([a-z-]+)`", named))


def test_every_flag_on_a_page_is_one_of_its_command():
    said = []
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        said += re.findall(r"^\$ wherry (.+)$", text, re.MULTILINE)
        said += re.findall(r"`wherry ([^`]+)`", text)
    for line in said:
        name, *words = line.partition("|")[0].split()
        if name in COMMANDS:
            parsed = command.get_command(None, name)
            if isinstance(parsed, click.Group) and words:
                parsed = parsed.commands.get(words[0], parsed)
            # A command keeps the option for help that it is first asked for.
            context = click.Context(parsed, help_option_names=["-h", "--help"])
            params = parsed.get_params(context)
            options = {name for each in params for name in (*each.opts, *each.secondary_opts)}
            assert {word for word in words if word.startswith("-")} <= options | {"--help"}, line
    assert len(said) > 20


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_server_writes_the_files_of_the_reference(tmp_path, workers):
    temporary, noted = tmp_path / "tmp", tmp_path / "noted"
    temporary.mkdir()
    hook = (
        "import os, sys\n"
        f"noted = os.open({str(noted)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        "def note(event, given):\n"
        "    if event == 'open' and given[2] and given[2] & (os.O_WRONLY | os.O_RDWR):\n"
        "        os.write(noted, f'{given[0]}\\n'.encode())\n"
        "sys.addaudithook(note)\n"
    )
    (tmp_path / "sitecustomize.py").write_text(hook)
    (tmp_path / "handler.py").write_text("def handle(request): return 'here'")
    settings = {
        "OPENFAAS_NAME": "shop",
        "WHERRY_WORKERS": workers,
        "WHERRY_LAME_DUCK": "0s",
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(RUNTIME.parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with running(tmp_path / "handler.py", **settings) as server:
        assert server.invoke().text == "here"
        assert os.listdir(temporary) == [".lock"]
        assert server.terminate() == 0
    assert os.listdir(temporary) == []
    written = {Path(line) for line in noted.read_text().splitlines() if "/" in line}
    assert temporary / ".lock" in written
    assert {path for path in written if path.parent != temporary} == set()


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_as_many_cases_as_the_pages_say(page):
    counted = re.search(r"(\d+)(?: public)? cases", (ROOT / page).read_text())
    assert int(counted[1]) == len(cases())
