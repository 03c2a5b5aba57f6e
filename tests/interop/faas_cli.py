"""The real faas-cli, with a home of its own; what it runs is Docker's command, and ours."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = "c8191b71e7ed"
ABSENT = f"faas-cli not found: go install github.com/openfaas/faas-cli@{VERSION}"
_START_S = 60


def found():
    """Where faas-cli is; None where it is not."""
    return shutil.which("faas-cli")


def environment(home, **more):
    """That of every call: a home of its own, no gateway, nothing of the CI's."""
    return os.environ | {"HOME": str(home), "CI": "", "OPENFAAS_URL": ""} | more


def docker_with_the_machines_network(folder):
    """A `docker` for the front of PATH whose builds use this machine's network.

    faas-cli runs the `docker` that it finds and has no flag for a network; the base image of these
    tests trusts this machine's certificates, and the index is reached from its network alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shim = folder / "docker"
    real = shutil.which("docker")
    shim.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = build ]; then shift; exec {real} build --network host "$@"; fi\n'
        f'exec {real} "$@"\n'
    )
    shim.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@contextmanager
def remote_builder(folder, *, base):
    """`wherry builder serve` on a free port: its URL and the file of its payload secret."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "payload-secret"
    secret.write_text("a payload secret for the length of a test")
    paths = [str(ROOT / wing) for wing in ("runtime", "build", "local", "cli")]
    command = [sys.executable, "-m", "wherry_cli", "builder", "serve", "--listen", "127.0.0.1:0"]
    command += ["--payload-secret", str(secret), "--base", base]
    out, log = folder / "out", folder / "log"
    with out.open("w") as written, log.open("w") as said:
        running = subprocess.Popen(
            command,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")])},
            stdout=written,
            stderr=said,
        )
    try:
        yield _url(running, out, log), secret
    finally:
        running.terminate()
        running.wait(60)


def _url(running, out, log):
    mark = "export OPENFAAS_REMOTE_BUILDER="
    deadline = time.monotonic() + _START_S
    while not (lines := [line for line in out.read_text().splitlines() if line.startswith(mark)]):
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return lines[0].removeprefix(mark)
