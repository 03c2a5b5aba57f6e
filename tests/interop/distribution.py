"""Debian's docker-registry (distribution 2.8) on loopback, at a port that it picks itself."""

import re
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager

from tests.interop.cluster import ToolAbsentError

_CONFIGURATION = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:0"{tls}}}
"""
_HTPASSWD = """\
auth: {{htpasswd: {{realm: test, path: {file}}}}}
"""
_TOKENS = """\
auth: {{token: {{realm: "{realm}", service: {service}, issuer: {issuer}, rootcertbundle: {file}}}}}
"""
_LISTENS = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")
_START_S = 30


@contextmanager
def distribution(folder, *, users=None, tls=None, tokens=None):
    """A registry with its data in `folder`; the host that images' names begin with.

    Args:
        folder: Where its data is.
        users: Passwords by user name; None lets anybody in.
        tls: Certificate chain and key, two files.
        tokens: What tokens are believed: `realm`, `service`, `issuer` and the CA's `file`.
    """
    if shutil.which("docker-registry") is None:
        raise ToolAbsentError("docker-registry not found")
    folder.mkdir(parents=True, exist_ok=True)
    served = f", tls: {{certificate: {tls[0]}, key: {tls[1]}}}" if tls else ""
    configuration = _CONFIGURATION.format(folder=folder / "data", tls=served)
    if users is not None:
        passwords = folder / "htpasswd"
        passwords.write_text("".join(_line(name, users[name]) for name in users))
        configuration += _HTPASSWD.format(file=passwords)
    if tokens is not None:
        configuration += _TOKENS.format(**tokens)
    file = folder / "config.yml"
    file.write_text(configuration)
    log = folder / "registry.log"
    with log.open("wb") as written:
        running = subprocess.Popen(
            ["docker-registry", "serve", file], stdout=written, stderr=subprocess.STDOUT
        )
    try:
        yield _host(running, log)
    finally:
        running.terminate()
        running.wait(30)


def _host(running, log):
    deadline = time.monotonic() + _START_S
    while not (found := _LISTENS.search(log.read_text())):
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        threading.Event().wait(0.02)
    return found[1]


def _line(name, password):
    """A line of htpasswd, bcrypt, which is all that distribution takes."""
    if shutil.which("htpasswd") is None:
        raise ToolAbsentError("htpasswd not found (apache2-utils)")
    done = subprocess.run(
        ["htpasswd", "-nbB", name, password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() + "\n"
