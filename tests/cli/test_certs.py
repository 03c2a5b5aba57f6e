"""`wherry certs`: what it prints, where, and what it refuses."""

import json
import sys

import pytest


def test_it_tells_what_it_did(wherry, here):
    done = wherry("certs", "hello", "--namespace", "fns", "--host", "fns.example.com")
    assert done.code == 0
    assert done.out.startswith("made     certs/ca/ca.crt, until 20")
    assert "made     certs/fns/hello/tls.crt, until 20" in done.out
    assert "hello.fns.svc.cluster.local, fns.example.com\n" in done.out
    assert "warning: certs/fns/hello/hello-tls.yaml holds the private key" in done.err
    assert "never commit" in done.err
    assert "PRIVATE" not in done.out + done.err


def test_twice_is_once(wherry, here):
    wherry("certs", "hello")
    key = (here / "certs/default/hello/tls.key").read_bytes()
    done = wherry("certs", "hello")
    assert [line[:4] for line in done.out.splitlines() if line[0] != " "] == ["kept", "kept"]
    assert (here / "certs/default/hello/tls.key").read_bytes() == key


def test_json(wherry, here):
    done = wherry("certs", "hello", "orders", "--ca", "ca", "--json", "--renew-within", "12h")
    found = json.loads(done.out)
    assert found["ca"]["certificate"] == "ca/ca.crt"
    assert [each["service"] for each in found["certificates"]] == ["hello", "orders"]
    assert {each["action"] for each in found["certificates"]} == {"made"}
    assert len(found["warnings"]) == 2
    assert all((here / each["manifest"]).is_file() for each in found["certificates"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'SERVICE...'"),
        (("Hello",), "service: got 'Hello'"),
        (("hello", "-n", "../x"), "namespace: got '../x'"),
        (("hello", "--host", "a b"), "host: got 'a b'"),
        (("hello", "--limit", "*.com"), "scope: got '*.com'"),
        (("hello", "--renew-within", "30"), "expected days or hours such as 30d or 12h"),
        (("hello", "--renew-within", "30d\n"), "expected days or hours such as 30d or 12h"),
        (("hello", "--renew-within", "90d"), "expected less than 90"),
        (("hello", "orders", "--secret", "tls"), "there are several"),
        (("hello", "--secret", "a/b"), "secret: got 'a/b'"),
    ],
)
def test_wrong_input_ends_with_2_and_writes_nothing(wherry, here, arguments, said):
    done = wherry("certs", *arguments)
    assert done.code == 2
    assert said in done.err
    assert list(here.iterdir()) == []


def test_without_the_library_it_says_what_to_install(wherry, here, monkeypatch):
    for name in [*sys.modules]:
        if name.partition(".")[0] == "cryptography" or name.startswith("wherry_build.certs"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    done = wherry("certs", "hello")
    assert done.code == 3
    assert "the package 'cryptography' is not installed" in done.err
    assert "pip install 'wherry[certs]'" in done.err
