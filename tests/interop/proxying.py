"""What the tests of sidecars share: real proxies on free ports, and backends that keep every byte.

A proxy runs the configuration that is rendered for a pod, placed on loopback: what it dials, where
it listens and where its certificates are is all that differs.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.certs import Order, identity, issue
from wherry_build.manifests import RenderOptions, Target
from wherry_build.manifests.resolution import topology as resolved
from wherry_build.manifests.sidecar.envoy.bootstrap import BOOTSTRAP
from wherry_build.manifests.sidecar.envoy.bootstrap import files as envoy_files
from wherry_build.manifests.sidecar.haproxy.configuration import CONFIGURATION as HAPROXY_CFG
from wherry_build.manifests.sidecar.haproxy.configuration import files as haproxy_files
from wherry_build.manifests.sidecar.nginx.configuration import CONFIGURATION
from wherry_build.manifests.sidecar.nginx.configuration import files as nginx_files
from wherry_build.manifests.sidecar.placement import Address, Placement
from wherry_build.manifests.sidecar.table import RouteTable, route_table
from wherry_build.manifests.topology import Topology

HOST = "fns.example.com"
START_S = 30


@dataclass
class Seen:
    """A request as a backend got it."""

    target: bytes
    method: bytes
    headers: dict[bytes, bytes]
    body: bytes


@dataclass
class Backend:
    """A server that keeps the target of every request byte for byte, and answers with its name.

    `answers` are statuses of the next answers, 200 when there is none; `wait_s` is how long each
    of them is waited for.
    """

    name: str
    answers: list[int] = field(default_factory=list)
    wait_s: float = 0
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._open: list[socket.socket] = []
        self.address = Address(host="127.0.0.1", port=self._listener.getsockname()[1])
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def targets(self) -> list[bytes]:
        return [each.target for each in self.seen]

    def close(self) -> None:
        """End as a process that is killed does: no port, and every connection is gone."""
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                method, target, _ = line.split(b" ", 2)
                headers = {}
                while (field_line := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = field_line.partition(b":")
                    headers[name.strip().lower()] = value.strip()
                body = _body(stream, headers)
                self.seen.append(Seen(target, method, headers, body))
                self._ended.wait(self.wait_s)
                if self._ended.is_set():
                    return
                status = self.answers.pop(0) if self.answers else 200
                said = self.name.encode()
                connection.sendall(
                    b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(said), said)
                )


def _body(stream, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"transfer-encoding") == b"chunked":
        found = b""
        while size := int(stream.readline(), 16):
            found += stream.read(size)
            stream.readline()
        stream.readline()
        return found
    return stream.read(int(headers.get(b"content-length", 0)))


@dataclass(frozen=True)
class Answer:
    """What a caller got."""

    status: int
    headers: dict[str, str]
    text: str
    version: str = ""
    seconds: float = 0


@dataclass
class Front:
    """A proxy that runs."""

    kind: str
    folder: Path
    http_port: int
    https_port: int
    process: subprocess.Popen
    admin_port: int = 0

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def get(self, path: str, *options: str, host: str = HOST, secure: bool = False) -> Answer:
        """Ask with curl, which leaves the path as it is."""
        scheme, port = ("https", self.https_port) if secure else ("http", self.http_port)
        found = self.curl(
            *("--path-as-is", "--connect-to", f"{host}:{port}:127.0.0.1:{port}"),
            *options,
            f"{scheme}://{host}:{port}{path}",
        )
        assert found.returncode == 0, (found.returncode, found.stderr, self.log[-2000:])
        return _answer(found.stdout)

    def curl(self, *options: str) -> subprocess.CompletedProcess[str]:
        trusted = self.folder / "ca/ca.crt"
        return subprocess.run(
            [
                *("curl", "-sS", "-i", "--max-time", "20", "--noproxy", "*"),
                *("-w", "\n%{http_version} %{time_total}", "--cacert", str(trusted)),
                *options,
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    def admin(self, path: str, method: str = "GET") -> str:
        request = Request(f"http://127.0.0.1:{self.admin_port}{path}", method=method)
        with urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def _answer(output: str) -> Answer:
    said, _, last = output.rpartition("\n")
    version, seconds = last.split()
    head, _, text = said.replace("\r\n", "\n").partition("\n\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, text = text.partition("\n\n")
    first, *lines = head.split("\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(first.split()[1]), headers, text, version, float(seconds))


def wait(condition: Callable[[], object], within_s: float = 20) -> None:
    """Until `condition` holds; an error when it does not in time."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, condition
        time.sleep(0.02)


class Site:
    """A project with its certificates, on loopback.

    Args:
        folder: Folder for everything.
        text: Its wherry.yaml.
        backends: The backends of each function or `function_revision`.
        function: What stands in the pod of every proxy.
    """

    def __init__(
        self,
        folder: Path,
        text: str,
        backends: dict[str, Sequence[Backend | Address]],
        function: Backend | Address,
    ) -> None:
        self.folder = folder
        self.topology: Topology = resolved(made(text), RenderOptions(target=Target.KUBERNETES))
        self.table: RouteTable = route_table(self.topology)

        def addresses(name: str, revision: str) -> list[Address]:
            found = backends[f"{name}_{revision}" if revision else name]
            return [each.address if isinstance(each, Backend) else each for each in found]

        own = function.address if isinstance(function, Backend) else function
        self.placement = Placement(
            addresses=addresses,
            listen="127.0.0.1",
            http_port=0,
            https_port=0,
            function=own,
            admin=Address(host="127.0.0.1", port=0),
            tls_folder=str(folder / "tls"),
            configuration_folder=str(folder / "configuration"),
            scratch_folder=str(folder / "scratch"),
        )
        (folder / "configuration").mkdir()
        (folder / "scratch").mkdir()
        for certificate in self.table.certificates:
            self.certify(certificate.secret, certificate.hosts)

    def certify(self, secret: str, hosts: Sequence[str]) -> None:
        """Put a new certificate where kubelet would: a folder anew, swapped in one step."""
        made_folder = Path(tempfile.mkdtemp(dir=self.folder))
        named = (*hosts, "*.fns.svc", "127.0.0.1")
        issue(
            Order(
                identities=(identity("functions", namespace="fns", hosts=named),),
                output=made_folder,
                authority=self.folder / "ca",
            ),
            now=dt.datetime.now(dt.timezone.utc),
        )
        mounted = self.folder / "tls" / secret
        mounted.mkdir(parents=True, exist_ok=True)
        made_folder.chmod(0o755)
        new = mounted / "..data_tmp"
        new.symlink_to(made_folder / "fns/functions")
        os.replace(new, mounted / "..data")
        for name in ("tls.crt", "tls.key"):
            if not (mounted / name).is_symlink():
                (mounted / name).symlink_to(f"..data/{name}")

    def envoy_configuration(self) -> Path:
        for name, text in envoy_files(self.table, self.topology, self.placement).items():
            (self.folder / "configuration" / name).write_text(text)
        return self.folder / "configuration" / BOOTSTRAP

    def nginx_configuration(self) -> Path:
        version = nginx_version()
        for name, text in nginx_files(self.table, self.topology, self.placement, version).items():
            (self.folder / "configuration" / name).write_text(text)
        return self.folder / "configuration" / CONFIGURATION

    def haproxy_configuration(self) -> Path:
        for name, text in haproxy_files(self.table, self.topology, self.placement).items():
            (self.folder / "configuration" / name).write_text(text)
        return self.folder / "configuration" / HAPROXY_CFG

    def configuration(self, kind: str) -> Path:
        """Write the configuration of the proxy of that kind."""
        return {
            "envoy": self.envoy_configuration,
            "nginx": self.nginx_configuration,
            "haproxy": self.haproxy_configuration,
        }[kind]()

    @contextmanager
    def run(self, kind: str) -> Iterator[Front]:
        """Run the proxy of that kind."""
        ways = {"envoy": self._envoy, "nginx": self._nginx, "haproxy": self._haproxy}
        with ways[kind]() as front:
            yield front

    @contextmanager
    def _envoy(self) -> Iterator[Front]:
        path = self.envoy_configuration()
        admin = self.folder / "admin"
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    *(envoy_program(), "-c", str(path), "--concurrency", "1", "-l", "warning"),
                    *("--disable-hot-restart", "--admin-address-path", str(admin)),
                ],
                stdout=log,
                stderr=log,
            )
        try:
            front = Front("envoy", self.folder, 0, 0, process)

            def is_there() -> bool:
                assert process.poll() is None, front.log
                return admin.exists() and bool(admin.read_text())

            wait(is_there, START_S)
            front.admin_port = int(admin.read_text().rpartition(":")[2])
            wait(lambda: front.admin("/ready") == "LIVE\n", START_S)
            told = json.loads(front.admin("/listeners?format=json"))
            ports = {
                each["name"]: each["local_address"]["socket_address"]["port_value"]
                for each in told["listener_statuses"]
            }
            front.http_port, front.https_port = ports["http"], ports.get("https", 0)
            yield front
        finally:
            process.terminate()
            process.wait(20)

    @contextmanager
    def _nginx(self) -> Iterator[Front]:
        """The ports are bound here and handed on, as NGINX does to a new binary of its own."""
        with (
            socket.create_server(("127.0.0.1", 0)) as plain,
            socket.create_server(("127.0.0.1", 0)) as secure,
        ):
            http_port, https_port = plain.getsockname()[1], secure.getsockname()[1]
            self.placement = replace(self.placement, http_port=http_port, https_port=https_port)
            path = self.nginx_configuration()
            given = (plain.fileno(), secure.fileno())
            with (self.folder / "log").open("w") as log:
                process = subprocess.Popen(
                    [nginx_program(), "-c", str(path), "-e", "stderr", "-g", "daemon off;"],
                    env={**os.environ, "NGINX": "".join(f"{each};" for each in given)},
                    pass_fds=given,
                    stdout=log,
                    stderr=log,
                )
        with self._listening("nginx", http_port, https_port, process) as front:
            yield front

    @contextmanager
    def _haproxy(self) -> Iterator[Front]:
        """The ports are bound here, and handed on in place of the addresses."""
        with (
            socket.create_server(("127.0.0.1", 0)) as plain,
            socket.create_server(("127.0.0.1", 0)) as secure,
        ):
            http_port, https_port = plain.getsockname()[1], secure.getsockname()[1]
            self.placement = replace(self.placement, http_port=http_port, https_port=https_port)
            path = self.haproxy_configuration()
            text = path.read_text()
            given = []
            for port, bound in ((http_port, plain), (https_port, secure)):
                if f"bind 127.0.0.1:{port}" in text:
                    given.append(bound.fileno())
                    text = text.replace(f"bind 127.0.0.1:{port}", f"bind fd@{bound.fileno()}")
            path.write_text(text)
            with (self.folder / "log").open("w") as log:
                process = subprocess.Popen(
                    [haproxy_program(), "-db", "-f", str(path)],
                    pass_fds=given,
                    stdout=log,
                    stderr=log,
                )
        with self._listening("haproxy", http_port, https_port, process) as front:
            yield front

    @contextmanager
    def _listening(
        self, kind: str, http_port: int, https_port: int, process: subprocess.Popen
    ) -> Iterator[Front]:
        try:
            front = Front(kind, self.folder, http_port, https_port, process)

            def is_up() -> bool:
                assert process.poll() is None, front.log
                with socket.socket() as caller:
                    return caller.connect_ex(("127.0.0.1", http_port)) == 0

            wait(is_up, START_S)
            yield front
        finally:
            process.terminate()
            process.wait(20)


def envoy_program() -> str | None:
    return shutil.which("envoy")


def nginx_program() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


def haproxy_program() -> str | None:
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/sbin")


PROGRAMS = {"envoy": envoy_program, "nginx": nginx_program, "haproxy": haproxy_program}


def kinds(*names: str) -> pytest.MarkDecorator:
    """A test is run with each of these proxies; with all of them when none is named."""
    return pytest.mark.parametrize(
        "kind",
        [
            pytest.param(
                name,
                marks=pytest.mark.skipif(
                    PROGRAMS[name]() is None, reason=f"{name} is not installed"
                ),
            )
            for name in names or PROGRAMS
        ],
    )


def nginx_version() -> tuple[int, int, int]:
    said = subprocess.run([nginx_program(), "-v"], capture_output=True, text=True, check=True)
    major, minor, patch = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said.stderr).groups()
    return int(major), int(minor), int(patch)
