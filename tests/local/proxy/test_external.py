"""Addresses outside: what may be called, and what comes of it."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.local.front.wire import until

from wherry_local.proxy import address_rules
from wherry_local.proxy.address_rules import AddressRules, destination_of
from wherry_local.proxy.external import External
from wherry_local.proxy.message import CallFailed, Fault
from wherry_local.queue.dispatch import CONCURRENCY, LANE_CONCURRENCY

OK = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi"


@asynccontextmanager
async def answering(raw, *, tls=None):
    """Somebody outside; gives its port and what it was sent."""
    seen, served = [], []

    def serve(reader, writer):
        served.append(asyncio.ensure_future(answer(reader, writer)))

    async def answer(reader, writer):
        try:
            await read_and_answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def read_and_answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        seen.append((head, await reader.readexactly(length)))
        if callable(raw):
            await raw(reader, writer)
        else:
            writer.write(raw)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        if served:
            await asyncio.wait(served, timeout=10)


def posted(raw, *, url="http://127.0.0.1:{port}/x?y=1", timeout_s=5.0, headers=(), **rules):
    async def run():
        external = External(**(rules or {"allow_private": True}))
        try:
            async with answering(raw) as (port, seen):
                sent = external.post(url.format(port=port), headers, b"\x00body", timeout_s)
                return (await asyncio.gather(sent, return_exceptions=True))[0], seen
        finally:
            external.close()

    return asyncio.run(run())


def test_a_body_is_posted_to_where_it_was_said():
    inbound, [(head, body)] = posted(OK, headers=[(b"ce-id", b"1"), (b"X", b"\xff")])
    assert (inbound.status, inbound.body, inbound.header("x-a")) == (200, b"hi", "1")
    assert head.startswith(b"POST /x?y=1 HTTP/1.1\r\n")
    assert b"Host: 127.0.0.1:" in head
    assert b"ce-id: 1\r\n" in head
    assert b"X: \xff\r\n" in head
    assert body == b"\x00body"


def resolving(asked):
    """A resolver that has every name at loopback, and notes which were asked for."""

    def resolve(host, port, *_args, **_named):
        if not host[0].isdigit():
            asked.append(host)
            host = "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

    return resolve


def test_a_redirect_is_not_followed():
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    inbound, seen = posted(raw)
    assert (inbound.status, len(seen)) == (302, 1)


@pytest.mark.parametrize(
    "raw",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"],
)
def test_what_is_no_answer_is_unreachable(raw):
    error, _ = posted(raw)
    assert error.kind is Fault.UNREACHABLE


def test_a_long_answer_is_not_read():
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    error, _ = posted(raw)
    assert error.kind is Fault.TOO_LARGE


async def drip(reader, writer):
    """A field now and then, for as long as the caller is there."""
    gone = asyncio.ensure_future(reader.read())
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not (await asyncio.wait({gone}, timeout=0.02))[0]:
        writer.write(b"X: y\r\n")
    await gone


async def nothing(reader, _writer):
    await reader.read(1)


@pytest.mark.parametrize("raw", [drip, nothing])
def test_the_time_is_that_of_the_whole_call_and_its_thread_is_free_after(raw):
    error, _ = posted(raw, timeout_s=0.2)
    assert error.kind is Fault.TIMEOUT
    for thread in threading.enumerate():
        if thread.name.startswith("external"):
            thread.join(5)
            assert not thread.is_alive()


PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.1/",
    "http://169.254.169.254/latest",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://100.64.0.1/",
    "http://[2002:7f00:1::]/",
    "http://127.0.0.1.:80/",
    "http://[::127.0.0.1]/",
    "http://[fec0::1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://192.0.0.192/",
]
ODD = [
    "ftp://example.com/",
    "file:///etc/passwd",
    "http://user@example.com/",
    "http://user:pass@example.com/",
    "http://@example.com/",
    "http:///x",
    "//example.com/",
    "example.com",
    "http://exa mple.com/",
    "http://example.com\r\nX: y/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://[::1/",
    "http://exämple.com/",
    "http://-x-/",
    "",
]


@pytest.mark.parametrize("url", [url for url in PRIVATE if "[" in url or url.endswith(".192/")])
def test_an_address_that_is_no_public_one_is_refused_before_anybody_is_asked(url):
    with pytest.raises(CallFailed) as told:
        External(["other.example"]).judge(url)
    assert told.value.kind is Fault.REFUSED


@pytest.mark.parametrize("url", [*PRIVATE, *ODD])
def test_what_may_not_be_called_is_refused(url):
    error, seen = posted(OK, url=url, allow=["other.example"])
    assert error.kind is Fault.REFUSED or (url in PRIVATE and error.kind is Fault.UNREACHABLE)
    assert seen == []


def test_an_address_that_is_public_is_called_at_80_and_443_alone():
    rules = AddressRules([], allow_private=False)
    rules.judge_literal(destination_of("http://93.184.216.34/"))
    rules.judge_literal(destination_of("https://[2606:2800:220:1::]/"))
    for url in ("http://93.184.216.34:22/", "https://93.184.216.34:6443/"):
        with pytest.raises(CallFailed):
            rules.judge_literal(destination_of(url))


@pytest.mark.parametrize(
    ("allow", "is_allowed"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.0/8"], True),
        (["10.0.0.0/8"], False),
        (["localhost"], False),
        (["127.0.0.1:1"], False),
    ],
)
def test_a_list_allows_what_it_names(allow, is_allowed):
    outcome, _ = posted(OK, allow=allow)
    assert (getattr(outcome, "status", None) == 200) == is_allowed


def test_a_list_allows_names_with_and_without_ports_and_domains(monkeypatch):
    def resolved(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", port))]

    monkeypatch.setattr(address_rules.socket, "getaddrinfo", resolved)
    rules = AddressRules(["box.lan", "hook.lan:8080", "*.corp"], allow_private=False)
    for url in (
        "http://box.lan:99/",
        "http://BOX.lan./",
        "http://hook.lan:8080/",
        "http://a.b.corp/",
    ):
        assert rules.resolve(destination_of(url)) == ["10.1.2.3"]
    for url in ("http://hook.lan/", "http://xbox.lan/", "http://corp/", "http://xcorp/"):
        with pytest.raises(CallFailed):
            rules.resolve(destination_of(url))


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    """As of one that was made to resolve to two."""

    def resolved(_host, port, **_):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "127.0.0.1")
        ]

    monkeypatch.setattr(address_rules.socket, "getaddrinfo", resolved)
    with pytest.raises(CallFailed) as error:
        AddressRules([], allow_private=False).resolve(destination_of("http://a.example/"))
    assert error.value.kind is Fault.REFUSED


def test_a_name_is_resolved_once_and_that_address_is_called(monkeypatch):
    asked = []
    monkeypatch.setattr(address_rules.socket, "getaddrinfo", resolving(asked))

    inbound, [(head, _)] = posted(OK, url="http://hook.example:{port}/", allow=["hook.example"])
    assert inbound.status == 200
    assert asked == ["hook.example"]
    assert b"Host: hook.example:" in head


def test_tls_asks_for_the_name(monkeypatch):
    """The other end has no certificate that is trusted, and is told which host was meant."""
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _sock, name, _context: names.append(name)

    async def run():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)  # the server's own complaint
        external = External(["hook.example"])
        try:
            async with answering(OK, tls=context) as (port, seen):
                monkeypatch.setattr(address_rules.socket, "getaddrinfo", resolving([]))
                with pytest.raises(CallFailed) as error:
                    await external.post(f"https://hook.example:{port}/", [], b"", 5)
                assert (error.value.kind, seen) == (Fault.UNREACHABLE, [])
        finally:
            external.close()

    asyncio.run(run())
    assert names == ["hook.example"]


@given(st.text(max_size=30))
def test_any_text_is_a_destination_or_is_refused(text):
    for url in (text, "http://" + text, "https://a.example/" + text):
        found = found_or_refused(url)
        if found is not None:
            assert found.target.isascii()
            assert found.target.isprintable()
            assert "@" not in found.authority


def found_or_refused(url):
    try:
        return destination_of(url)
    except CallFailed as error:
        return None if error.kind is Fault.REFUSED else error


FIRST = """
import asyncio
from wherry_local.proxy.external import External

async def run():
    external = External(allow_private=True)
    posts = (external.post("http://127.0.0.1:1/", [], b"", 30.0) for _ in range(16))
    errors = await asyncio.gather(*posts, return_exceptions=True)
    print(*{type(each).__name__ for each in errors})
    external.close()

asyncio.run(run())
"""


def test_the_first_calls_of_a_process_may_come_all_at_once():
    # Which thread meets what of a library that another is importing is chance.
    runs = [
        subprocess.Popen([sys.executable, "-c", FIRST], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert {run.communicate(timeout=60)[0] for run in runs} == {"CallFailed\n"}


def held_until(gate):
    """Whoever is asked answers when the gate is opened."""

    async def late(_reader, writer):
        await gate.wait()
        writer.write(OK)

    return late


def test_a_slow_receiver_leaves_threads_to_the_others():
    """As many calls wait for it as the queue makes to one receiver; a call to another goes on."""

    async def run():
        gate = asyncio.Event()
        external = External(allow_private=True, concurrency=CONCURRENCY)
        async with answering(held_until(gate)) as (slow, seen), answering(OK) as (quick, _):
            url = f"http://127.0.0.1:{slow}/"
            held = [
                asyncio.ensure_future(external.post(url, [], b"", 30.0))
                for _ in range(LANE_CONCURRENCY)
            ]
            await until(lambda: len(seen) == LANE_CONCURRENCY)
            answer = await external.post(f"http://127.0.0.1:{quick}/", [], b"", 10.0)
            assert not any(each.done() for each in held)
            gate.set()
            await asyncio.gather(*held)
            external.close()
            return answer.status

    assert asyncio.run(run()) == 200


def test_a_call_that_had_no_thread_in_time_is_not_made_later():
    async def run():
        gate = asyncio.Event()
        external = External(allow_private=True, concurrency=2)
        async with answering(held_until(gate)) as (port, seen):
            url = f"http://127.0.0.1:{port}/"
            with pytest.raises(CallFailed):  # so that the library is there
                await external.post("http://127.0.0.1:1/", [], b"", 30.0)
            held = [asyncio.ensure_future(external.post(url, [], b"", 30.0)) for _ in range(2)]
            await until(lambda: len(seen) == 2)
            with pytest.raises(CallFailed) as told:
                await external.post(url, [(b"X-Late", b"1")], b"", 0.05)
            gate.set()
            await asyncio.gather(*held)
            await external.post(url, [], b"", 30.0)
            external.close()
            return told.value.kind, [head for head, _ in seen if b"X-Late" in head]

    assert asyncio.run(run()) == (Fault.TIMEOUT, [])
