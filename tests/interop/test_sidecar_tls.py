"""HTTPS of the sidecars with certificates of `wherry certs`: versions, names, rotation."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.interop.proxying import HOST, Backend, Front, Site, kinds, wait

PROJECT = """
namespace: fns
functions: {hello: {}}
hosts:
  fns.example.com: {tls: {secret: fns-tls}}
  "*.wild.example.com": {tls: {secret: wild-tls}}
  plain.example.com: {}
routes:
  hello: {path: {prefix: /hello}, function: hello, rewrite: {path: /}}
"""

pytestmark = pytest.mark.interop


@contextmanager
def behind(kind: str, folder: Path) -> Iterator[tuple[Front, Site]]:
    hello, own = Backend("hello"), Backend("own")
    try:
        site = Site(folder, PROJECT, {"hello": [hello]}, own)
        with site.run(kind) as front:
            yield front, site
    finally:
        hello.close()
        own.close()


@pytest.fixture
def front(kind: str, tmp_path: Path) -> Iterator[Front]:
    with behind(kind, tmp_path) as (front, _):
        yield front


@kinds()
@pytest.mark.parametrize(
    ("options", "version"),
    [
        (("--http1.1", "--tls-max", "1.2"), "1.1"),
        (("--http1.1", "--tlsv1.3"), "1.1"),
        (("--http2", "--tls-max", "1.2"), "2"),
        (("--http2", "--tlsv1.3"), "2"),
    ],
)
def test_tls_1_2_and_1_3_with_http_1_and_2(front: Front, options, version):
    answer = front.get("/hello/a%2Fb", *options, secure=True)
    assert (answer.status, answer.text, answer.version) == (200, "hello", version)


@kinds()
def test_what_is_weak_or_unknown_is_refused(front: Front):
    url = f"https://{HOST}:{front.https_port}/hello"
    to = ("--connect-to", f"{HOST}:{front.https_port}:127.0.0.1:{front.https_port}")
    weak = (
        ("--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0"),
        ("--tls-max", "1.2", "--ciphers", "AES128-SHA"),
        ("--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA"),
    )
    for options in weak:
        done = front.curl(*to, *options, url)
        assert done.returncode == 35, (options, done.stderr)
        assert "alert" in done.stderr
    # Nobody takes the certificate of another authority for ours.
    assert front.curl(*to, "--cacert", "/etc/ssl/certs/ca-certificates.crt", url).returncode == 60


@kinds()
def test_each_host_is_shown_its_own_certificate(front: Front):
    assert front.get("/hello", host="a.wild.example.com", secure=True).text == "hello"
    assert front.get("/x", host="hello.fns.svc", secure=True).text == "own"
    assert front.get("/x", host="127.0.0.1", secure=True).text == "own"
    assert names(front, "a.wild.example.com") > {"*.wild.example.com"}
    assert "*.wild.example.com" not in names(front, HOST)


@kinds("envoy")
def test_a_new_certificate_is_shown_without_a_restart(kind: str, tmp_path: Path):
    with behind(kind, tmp_path) as (front, site):
        before = serial(front)
        other = serial(front, "a.wild.example.com")
        site.certify("fns-tls", (HOST,))
        wait(lambda: serial(front) != before)
        assert serial(front, "a.wild.example.com") == other
        assert front.get("/hello", secure=True).text == "hello"
        assert front.log.count("[warning]") == 0, front.log


@kinds("nginx")
def test_a_new_certificate_is_shown_after_a_reload(kind: str, tmp_path: Path):
    with behind(kind, tmp_path) as (front, site):
        before = serial(front)
        site.certify("fns-tls", (HOST,))
        assert serial(front) == before
        front.process.send_signal(1)
        wait(lambda: serial(front) != before)


def presented(front: Front, host: str) -> dict:
    context = ssl.create_default_context(cafile=front.folder / "ca/ca.crt")
    with (
        socket.create_connection(("127.0.0.1", front.https_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as caller,
    ):
        return caller.getpeercert()


def serial(front: Front, host: str = HOST) -> str:
    return presented(front, host)["serialNumber"]


def names(front: Front, host: str) -> set[str]:
    return {name for _, name in presented(front, host)["subjectAltName"]}
