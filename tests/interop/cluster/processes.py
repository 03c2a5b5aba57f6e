"""The two processes of a cluster without nodes: etcd, and the API server of custom resources.

They listen on free ports of loopback and keep their files in a folder of their own, which goes when
they end. A port may be taken between its choice and its use; then both are started again.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .aggregation import aggregator
from .client import Cluster
from .credentials import Credentials, write_credentials, write_kubeconfig
from .definitions import read_definitions

ETCD, API_SERVER = "etcd", "apiextensions-apiserver"
TRIES = 3
READY_S = 60
STOP_S = 20
# Each of these asks for objects that this server does not have: namespaces, webhooks, policies.
ADMISSION = (
    "NamespaceLifecycle,MutatingAdmissionPolicy,MutatingAdmissionWebhook,"
    "ValidatingAdmissionPolicy,ValidatingAdmissionWebhook"
)


class ToolAbsentError(Exception):
    """A program that the cluster is made of is not on this machine."""


class _EndedEarlyError(Exception):
    """A process ended before it was ready."""


@contextmanager
def api_server(definitions: list[dict] | None = None) -> Iterator[Cluster]:
    """A running API server with `definitions` installed, those of the shared bundle by default.

    Raises:
        ToolAbsentError: etcd or the API server is not installed; `tests/interop/tools.sh` does it.
    """
    for program in (ETCD, API_SERVER):
        if shutil.which(program) is None:
            raise ToolAbsentError(f"{program} not found; tests/interop/tools.sh installs it")
    installed = read_definitions() if definitions is None else definitions
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wherry-cluster-")))
        credentials = write_credentials(folder)
        port = stack.enter_context(_started(folder, credentials))
        cluster = Cluster(port, credentials)
        stack.callback(cluster.close)
        cluster.install(installed)
        front = stack.enter_context(aggregator(port, credentials, cluster.groups()))
        cluster.kubeconfig = write_kubeconfig(folder / "kubeconfig", front, credentials)
        yield cluster


@contextmanager
def _started(folder: Path, credentials: Credentials) -> Iterator[int]:
    for left in reversed(range(TRIES)):
        with ExitStack() as stack:
            try:
                port = stack.enter_context(_tried(folder, credentials))
            except _EndedEarlyError:
                if not left:
                    raise
                continue
            yield port
            return


@contextmanager
def _tried(folder: Path, credentials: Credentials) -> Iterator[int]:
    store, port = _free_port(), _free_port()
    kubeconfig = write_kubeconfig(folder / "own-kubeconfig", port, credentials)
    cluster = Cluster(port, credentials)
    with ExitStack() as stack:
        stack.callback(cluster.close)
        processes = [
            stack.enter_context(_process(command, folder))
            for command in (_etcd(folder, store), _api_server(store, port, kubeconfig, credentials))
        ]
        deadline = time.monotonic() + READY_S
        while not cluster.is_ready():
            if any(each.poll() is not None for each in processes):
                raise _EndedEarlyError(_log(folder))
            assert time.monotonic() < deadline, _log(folder)
            time.sleep(0.05)
        yield port


def _etcd(folder: Path, port: int) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    shutil.rmtree(folder / "store", ignore_errors=True)
    return [
        ETCD,
        f"--data-dir={folder / 'store'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",
    ]


def _api_server(store: int, port: int, kubeconfig: Path, credentials: Credentials) -> list[str]:
    # The "core" API server that it wants to know is itself: nobody but `system:masters` calls.
    core = (
        f"--{name}kubeconfig={kubeconfig}" for name in ("", "authentication-", "authorization-")
    )
    return [
        API_SERVER,
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={credentials.server_certificate}",
        f"--tls-private-key-file={credentials.server_key}",
        f"--client-ca-file={credentials.authority}",
        *core,
        "--authentication-skip-lookup",
        f"--disable-admission-plugins={ADMISSION}",
        "--enable-priority-and-fairness=false",
    ]


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[subprocess.Popen]:
    with (folder / f"{command[0]}.log").open("w") as log:
        # Debian's etcd reads its settings from the environment too: a machine's own are left out.
        environment = {name: value for name, value in os.environ.items() if "ETCD" not in name}
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _log(folder: Path) -> str:
    logs = (folder / f"{name}.log" for name in (ETCD, API_SERVER))
    return "\n".join(f"{log.name}: {log.read_text()[-3000:]}" for log in logs if log.is_file())


def _free_port() -> int:
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]
