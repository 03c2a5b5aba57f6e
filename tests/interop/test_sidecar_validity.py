"""What is rendered is valid for the proxies themselves, without a warning, whatever is said."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builder.manifests.full_project import FULL, SMALL
from tests.interop.proxying import (
    Backend,
    Site,
    envoy_program,
    haproxy_program,
    kinds,
    nginx_program,
    wait,
)

from wherry_build.manifests.sidecar.placement import Address, in_pod
from wherry_build.manifests.sidecar.table import function_table

HOSTILE = r"""
functions: {hello: {}, function: {}, own: {revisions: {function: {percent: 100}}}}
hosts: {fns.example.com: {}, "*.example.org": {tls: {secret: s}}, 1.a: {tls: {secret: "0"}}}
routes:
  default: {path: {prefix: "/a$b/$c(d)*+.e"}, function: hello, rewrite: {path: "/$x/$1/'y'"}}
  quoted:
    path: {prefix: /q}
    headers:
      x-a: {exact: 'a"b\\c$d; } { # default ~^x ${e} %REQ(:path)% \\z'}
      x-b: {prefix: '~*.'}
      "x!odd": {present: true}
    function: hello
  exact: {path: {exact: "/e$%41&'()*+,;=:@-"}, function: hello, rewrite: {path: "/%7e$"}}
  long: {path: {prefix: "LONG"}, function: function, rewrite: {path: /x}}
  own: {path: {prefix: /own}, function: own}
  every:
    function: function
    fault: {abort: {status: 200, percent: 0}}
    mirror: {function: own, percent: 0}
""".replace("LONG", "/" + "a.b" * 340)
MANY = (
    "functions:\n"
    + "".join(f"  fn-{number:03}: {{}}\n" for number in range(200))
    + ("hosts: {fns.example.com: {tls: {secret: fns-tls}}}\n")
)
NOTHING = "functions: {hello: {}}\n"
PROJECTS = {"small": SMALL, "full": FULL, "hostile": HOSTILE, "many": MANY, "nothing": NOTHING}

pytestmark = pytest.mark.interop


class Everywhere(dict):
    """Every function is at one address."""

    def __missing__(self, name: str) -> list[Address]:
        return [Address(host="127.0.0.1", port=9)]


def site(folder: Path, text: str) -> Site:
    made_site = Site(folder, text, Everywhere(), Address(host="127.0.0.1", port=9))
    # Nothing is listened on: these are looked at and no more.
    made_site.placement = replace(made_site.placement, http_port=8080, https_port=8443)
    return made_site


def validated(program: str, path: Path) -> None:
    done = subprocess.run(
        {
            "envoy": [envoy_program(), "--mode", "validate", "-l", "warning", "-c", str(path)],
            "nginx": [nginx_program(), "-t", "-e", "stderr", "-c", str(path)],
            "haproxy": [haproxy_program(), "-c", "-q", "-f", str(path)],
        }[program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
    assert "Deprecated" not in done.stderr, done.stderr


@kinds()
@pytest.mark.parametrize("name", PROJECTS)
def test_it_is_taken_without_a_warning(tmp_path, kind, name):
    validated(kind, site(tmp_path, PROJECTS[name]).configuration(kind))


@kinds()
def test_with_the_names_of_a_cluster(tmp_path, kind):
    """As in a pod but for the folders, and the resolver, whose name is looked up at once."""
    made_site = site(tmp_path, FULL)
    inside = in_pod(made_site.topology)
    made_site.placement = replace(
        made_site.placement, addresses=inside.addresses, resolver="127.0.0.1:53"
    )
    validated(kind, made_site.configuration(kind))


@kinds()
def test_behind_a_mesh_nothing_is_routed(tmp_path, kind):
    own = Backend("own")
    made_site = Site(tmp_path, SMALL, Everywhere(), own)
    made_site.table = function_table(made_site.topology)
    with made_site.run(kind) as front:
        assert front.get("/hello//a%2Fb").text == "own"
        assert front.https_port == 0 or not listens(front.https_port)
    assert own.targets == [b"/hello//a%2Fb"]
    own.close()


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@kinds()
def test_odd_values_mean_what_they_say(tmp_path, kind):
    backend = Backend("any")
    backends = {name: [backend] for name in ("hello", "function", "own", "own_function")}
    value = 'a"b\\c$d; } { # default ~^x ${e} %REQ(:path)% \\z'
    with Site(tmp_path, HOSTILE, backends, backend).run(kind) as front:

        def sent(path: str, *options: str) -> bytes:
            answer = front.get(path, *options)
            assert answer.status == 200, front.log
            return backend.seen[-1].target

        assert sent("/a$b/$c(d)*+.e/x?y") == b"/$x/$1/'y'/x?y"
        assert sent("/a$b/$c(d)*+Xe/x") == b"/a$b/$c(d)*+Xe/x"  # the last route's
        headers = ("-H", f"X-A: {value}", "-H", "X-B: ~*.z")
        before = len(backend.seen)
        assert sent("/q/%24", *headers) == b"/q/%24"
        assert len(backend.seen) == before + 1
    backend.close()


@contextmanager
def name_server(answers: dict[str, list[str]]) -> Iterator[int]:
    """A name server on loopback that knows addresses of IPv4."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.2)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    question, caller = server.recvfrom(4096)
                except TimeoutError:
                    continue
                server.sendto(answered(question, answers), caller)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def answered(question: bytes, answers: dict[str, list[str]]) -> bytes:
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += question[at] + 1
    asked = question[12 : at + 5]
    addresses = answers.get(".".join(labels), [])
    head = struct.pack(
        "!2sHHHHH", question[:2], 0x8180 if addresses else 0x8183, 1, len(addresses), 0, 0
    )
    records = [
        struct.pack("!HHHIH4s", 0xC00C, 1, 1, 1, 4, socket.inet_aton(each)) for each in addresses
    ]
    return head + asked + b"".join(records)


@kinds("nginx", "haproxy")
def test_names_are_looked_up_again_and_again(tmp_path, kind):
    """Pods come and go behind a name: it starts without one, and goes on without one of two."""
    backend = Backend("orders")
    port = backend.address.port
    name = "orders-pods.fns.svc.cluster.local"
    text = """
namespace: fns
functions: {orders: {}}
hosts: {fns.example.com: {}}
routes: {all: {path: {prefix: /o}, function: orders, rewrite: {path: /}}}
"""
    answers: dict[str, list[str]] = {}
    made_site = Site(tmp_path, text, Everywhere(), backend)

    def by_name(function: str, revision: str) -> list[Address]:
        return [Address(host=name, port=port)]

    with name_server(answers) as resolver:
        made_site.placement = replace(
            made_site.placement, addresses=by_name, resolver=f"127.0.0.1:{resolver}"
        )
        with made_site.run(kind) as front:
            assert front.get("/o/a").status == (502 if kind == "nginx" else 503)
            # Nothing listens at the second address: every call finds the first one.
            answers[name] = ["127.0.0.1", "127.0.0.2"]
            wait(lambda: front.get("/o/a").status == 200)
            statuses = Counter(front.get("/o/a%2Fb").status for _ in range(20))
            assert statuses == {200: 20}
            assert backend.targets[-1] == b"/a%2Fb"
    backend.close()
