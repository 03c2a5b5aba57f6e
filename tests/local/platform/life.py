"""A platform as a process of its own, as `wherry up` starts it, and callers of it."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from wherry_local.state import StateFolder

READY_S = 60.0
END_S = 60.0


class Life:
    """One run of a platform.

    Attributes:
        gateway, broker: Host and port of each door.
    """

    def __init__(self, project, *arguments):
        self.state = StateFolder.of(project)
        self.state.make()
        self.log = project / "platform.out"
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "wherry_cli", "up", str(project)),
                    *("--port", "0", "--broker-port", "0", *arguments),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=environment,
            )
        self._endpoint = self._when_ready()

    def _when_ready(self):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                endpoint = json.loads(self.state.endpoint.read_bytes())
            except (FileNotFoundError, ValueError):
                endpoint = {}
            if endpoint.get("pid") == self.process.pid:
                return endpoint
            time.sleep(0.01)
        raise AssertionError(self.log.read_text())

    @property
    def gateway(self):
        return urlsplit(self._endpoint["gateway"]).netloc

    @property
    def broker(self):
        return urlsplit(self._endpoint["broker"]).netloc

    def ask(self, method, path, *, door=None, body=None, headers=None):
        """One call on a connection of its own: status and body."""
        connection = http.client.HTTPConnection(door or self.gateway, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def admin(self, method, path, **more):
        """The same, as the administrator; JSON."""
        password = self.state.password.read_text().strip()
        shown = base64.b64encode(f"admin:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {shown}", "Content-Type": "application/json"}
        status, body = self.ask(method, path, headers=headers, **more)
        assert status < 300, (status, body)
        return json.loads(body) if body else None

    def end(self):
        """Let it finish; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_S)

    def kill_all(self):
        """`kill -9` of it and of everything that it has started, at one moment."""
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(END_S)


@contextmanager
def living(project, *arguments):
    """A platform that is ended with the block."""
    life = Life(project, *arguments)
    try:
        yield life
    finally:
        if life.process.poll() is None:
            life.kill_all()


def descendants(pid):
    """Processes that `pid` has started, and those that they have."""
    children = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, seen = [pid], []
    while found:
        seen += (below := children.get(found.pop(), []))
        found += below
    return seen


def eventually(holds, *, within_s=30.0):
    """Wait until `holds()`; what it gives."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s: {holds.__doc__ or holds}")


class Callers(threading.Thread):
    """One caller that asks again and again on a kept connection, until it is told or refused.

    Attributes:
        answered: How many of its calls were answered with 200.
        failed: What else happened to a call that was sent.
    """

    def __init__(self, door, path):
        super().__init__(daemon=True)
        self._door = door
        self._path = path
        self.answered = 0
        self.failed = []
        self.over = threading.Event()

    def run(self):
        connection, used = None, False
        while not self.over.is_set():
            if connection is None:
                connection, used = http.client.HTTPConnection(self._door, timeout=30), False
                try:
                    connection.connect()
                except OSError:
                    return  # it takes no more callers
            try:
                connection.request("GET", self._path)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                connection = None
                if used and isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
                    continue  # an idle connection may end at any time (RFC 9112 section 9.5)
                self.failed.append(repr(error))
                return
            used = True
            if answer.status == 200:
                self.answered += 1
            else:
                self.failed.append(f"{answer.status} {body[:100]}")
            if answer.will_close:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()
