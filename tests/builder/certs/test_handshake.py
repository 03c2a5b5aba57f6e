"""The files themselves, in real handshakes over loopback."""

import contextlib
import datetime as dt
import socket
import ssl
import threading

import pytest

DAY = dt.timedelta(days=1)
VERSIONS = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])


@contextlib.contextmanager
def serving(folder):
    """A server with the certificate in `folder`, that answers each handshake with its version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def answer():
            connection, _ = listener.accept()
            connection.settimeout(10)
            with connection, contextlib.suppress(OSError):  # a client that refuses us leaves
                wrapped = context.wrap_socket(connection, server_side=True)
                with wrapped:
                    wrapped.sendall(wrapped.version().encode())

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            thread.join(20)
            assert not thread.is_alive()


def shake_hands(address, root, name, version=None):
    """Dial `address` as one who trusts `root` alone; what the server says, and its certificate."""
    context = ssl.create_default_context(cafile=root)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if version is not None:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with (
        socket.create_connection(address, timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=name) as wrapped,
    ):
        return wrapped.recv(16).decode(), wrapped.getpeercert()


def test_a_default_context_with_a_file_trusts_that_file_only(issued, tmp_path):
    """Guards the tests below: nothing of the machine's own trust is in their context."""
    issued("hello")
    assert len(ssl.create_default_context(cafile=tmp_path / "certs/ca/ca.crt").get_ca_certs()) == 1


@VERSIONS
@pytest.mark.parametrize(
    "name", ["hello", "hello.fns", "hello.fns.svc", "hello.fns.svc.cluster.local", "127.0.0.1"]
)
def test_it_is_believed_by_each_of_its_names(issued, version, name):
    report = issued("hello", hosts=["127.0.0.1"])
    with serving(report.issued[0].folder) as address:
        said, peer = shake_hands(address, report.authority / "ca.crt", name, version)
    assert said == version.replace("_", ".")
    assert ("DNS", "hello.fns.svc") in peer["subjectAltName"]


@VERSIONS
@pytest.mark.parametrize("name", ["orders", "hello.other", "a.hello.fns", "127.0.0.1"])
def test_another_name_is_refused(issued, version, name):
    report = issued("hello")
    with (
        serving(report.issued[0].folder) as address,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        shake_hands(address, report.authority / "ca.crt", name, version)


@pytest.mark.parametrize(("days", "said"), [(-91, "has expired"), (2, "not yet valid")])
def test_it_is_refused_outside_its_time(issued, days, said):
    """The authority is as old; the leaf is signed by it at another time than now."""
    authority = issued("early", after_days=min(days, 0) - 1).authority
    report = issued("hello", after_days=days)
    with (
        serving(report.issued[0].folder) as address,
        pytest.raises(ssl.SSLCertVerificationError, match=said),
    ):
        shake_hands(address, authority / "ca.crt", "hello")


def test_another_authority_is_refused(issued, tmp_path):
    report = issued("hello")
    other = issued("hello", output=tmp_path / "b", authority=tmp_path / "b/ca").authority
    with (
        serving(report.issued[0].folder) as address,
        pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"),
    ):
        shake_hands(address, other / "ca.crt", "hello")


@VERSIONS
@pytest.mark.parametrize("name", ["hello.fns.svc", "b.example.com"])
def test_a_limited_authority_is_believed_within_its_limits(issued, version, name):
    report = issued("hello", hosts=["*.example.com", "::1"], scopes=("example.com",))
    with serving(report.issued[0].folder) as address:
        said, _ = shake_hands(address, report.authority / "ca.crt", name, version)
    assert said == version.replace("_", ".")
