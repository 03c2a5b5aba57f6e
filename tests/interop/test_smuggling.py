"""Through a real NGINX and a real Envoy: what they say they passed on is what the function saw.

Each case is sent raw, on one connection; then a bystander asks over the connections to the function
that the proxy keeps. A request that only the function saw has been smuggled, and a bystander who
gets another's answer has been robbed.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from wherry.testing import Running, running

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
QUIET_S = 1.0
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format said "$upstream_status $request_method $request_uri";
  access_log {log} said;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream function {{ server 127.0.0.1:{port}; keepalive 1; }}
  server {{
    listen unix:{front};
    location / {{
      proxy_pass http://function; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Connection $http_upgrade; proxy_set_header Upgrade $http_upgrade;
      proxy_request_buffering off; proxy_buffering off; proxy_next_upstream off;
    }}
  }}
}}
"""
EXTENSIONS = "type.googleapis.com/envoy.extensions"
ENVOY = {
    "access_log": [
        {
            "name": "said",
            "typed_config": {
                "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
                "path": "{log}",
                "log_format": {
                    "text_format_source": {
                        "inline_string": "%RESPONSE_CODE_DETAILS% %RESPONSE_CODE% "
                        "%REQ(:METHOD)% %REQ(:PATH)%\n"
                    }
                },
            },
        }
    ],
    "stat_prefix": "front",
    "codec_type": "HTTP1",
    "upgrade_configs": [{"upgrade_type": "websocket"}, {"upgrade_type": "h2c"}],
    "route_config": {
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "function"}}],
            }
        ]
    },
    "http_filters": [
        {
            "name": "router",
            "typed_config": {"@type": f"{EXTENSIONS}.filters.http.router.v3.Router"},
        }
    ],
}
MANAGER = f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager"

# The second is how it says that a request to change the protocol was answered by an ordinary 200.
_PASSED_ON_BY_ENVOY = re.compile(
    r"^(?:via_upstream|websocket_handshake_unsuccessful) 200 (\S+ \S+)$", re.MULTILINE
)

pytestmark = pytest.mark.interop


def cases() -> list[tuple[int, str, bytes]]:
    """The module beside this one: the folder is no package."""
    spec = importlib.util.spec_from_file_location(
        "smuggling", Path(__file__).with_name("smuggling.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.cases())


class Front:
    """A proxy in front of a function.

    Attributes:
        socket: Where it listens.
        said: Method and path of each request that it passed on and got an answer of 200 to.
    """

    def __init__(self, socket_path: Path, log: Path, passed_on: re.Pattern[str]) -> None:
        self.socket = socket_path
        self._log = log
        self._passed_on = passed_on

    @property
    def said(self) -> list[str]:
        text = self._log.read_text("latin-1") if self._log.exists() else ""
        return [match[1] for match in self._passed_on.finditer(text)]


def listens(front: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(front)) == 0


@contextmanager
def started(command: list[str], front: Path) -> Iterator[None]:
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 30
        while not listens(front):
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < until, "the proxy did not come up"
            time.sleep(0.01)
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def nginx(port: int, folder: Path) -> Iterator[Front]:
    front, log, configuration = folder / "front.sock", folder / "said.log", folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, log=log, front=front, port=port))
    with started(["nginx", "-c", str(configuration)], front):
        yield Front(front, log, re.compile(r"^200 (\S+ \S+)$", re.MULTILINE))


@contextmanager
def envoy(port: int, folder: Path) -> Iterator[Front]:
    front, log, configuration = folder / "front.sock", folder / "said.log", folder / "envoy.json"
    manager = json.loads(json.dumps(ENVOY).replace("{log}", str(log)))
    listener = {
        "address": {"pipe": {"path": str(front)}},
        "filter_chains": [
            {"filters": [{"name": "http", "typed_config": {"@type": MANAGER, **manager}}]}
        ],
    }
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    cluster = {
        "name": "function",
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": "function",
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
    }
    resources = {"listeners": [listener], "clusters": [cluster]}
    configuration.write_text(json.dumps({"static_resources": resources}))
    command = ["envoy", "-c", str(configuration), "--concurrency", "1", "--log-level", "error"]
    with started([*command, "--disable-hot-restart", "--file-flush-interval-msec", "10"], front):
        yield Front(front, log, _PASSED_ON_BY_ENVOY)


def ask(front: Path, data: bytes) -> bytes:
    """All that comes back until the proxy closes, or is quiet for a while."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(QUIET_S)
        client.connect(str(front))
        answer = b""
        try:
            client.sendall(data)
            while chunk := client.recv(65536):
                answer += chunk
        except OSError:
            pass  # it has closed, or waits for more
        return answer


def seen(function: Running) -> list[str]:
    with urlopen(f"{function.url}/-/seen", timeout=20) as answer:
        return [line.rpartition(" ")[0] for line in json.load(answer)]


def eventually(condition: Callable[[], object]) -> bool:
    until = time.monotonic() + 20
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.timeout(600)
@pytest.mark.parametrize("proxy", [nginx, envoy])
def test_nothing_is_smuggled(proxy: Callable[[int, Path], object], tmp_path: Path):
    if shutil.which(proxy.__name__) is None:
        pytest.skip(f"{proxy.__name__} is not installed")
    times = {"WHERRY_HEAD_TIMEOUT": "2s", "WHERRY_BODY_TIMEOUT": "2s"}
    robbed = []
    every = cases()
    assert len(every) >= 60
    with running(FUNCTIONS / "witness.py", **times) as function:
        with proxy(function.port, tmp_path) as front:
            for number, name, data in every:
                answers = ask(front.socket, data)
                path = f"/bystander-{number:03}"
                request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                own = ask(front.socket, request.encode())
                if not own.endswith(f"GET {path} 0".encode()) or b"/bystander" in answers:
                    robbed.append((name, own[-80:]))
            assert robbed == []
            same = eventually(lambda: sorted(front.said) == sorted(seen(function)))
            said, saw = front.said, seen(function)
            assert same, {
                "only the function": sorted(set(saw) - set(said)),
                "only the proxy": sorted(set(said) - set(saw)),
            }
        assert len(saw) > len(every)  # bystanders and what was good of the cases
        assert "Traceback" not in function.log
