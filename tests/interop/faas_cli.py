"""The real faas-cli, with a home of its own; what it runs is Docker's command."""

import os
import shutil

VERSION = "c8191b71e7ed"
ABSENT = f"faas-cli not found: go install github.com/openfaas/faas-cli@{VERSION}"


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
