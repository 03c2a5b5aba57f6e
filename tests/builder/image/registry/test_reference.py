import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import InvalidName
from wherry_build.image.registry.reference import Reference, is_digest, is_loopback

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", ("docker.io", "library/python", "latest", "")),
        ("python:3.12-slim", ("docker.io", "library/python", "3.12-slim", "")),
        ("acme/hello", ("docker.io", "acme/hello", "latest", "")),
        ("docker.io/python", ("docker.io", "library/python", "latest", "")),
        ("index.docker.io/acme/hello:1", ("docker.io", "acme/hello", "1", "")),
        ("ghcr.io/acme/hello:1.0", ("ghcr.io", "acme/hello", "1.0", "")),
        ("localhost/hello", ("localhost", "hello", "latest", "")),
        ("localhost:5000/hello:1", ("localhost:5000", "hello", "1", "")),
        ("127.0.0.1:5000/a/b/c", ("127.0.0.1:5000", "a/b/c", "latest", "")),
        ("[::1]:5000/hello:1", ("[::1]:5000", "hello", "1", "")),
        ("[::1]/hello", ("[::1]", "hello", "latest", "")),
        (f"ghcr.io/acme/hello@{DIGEST}", ("ghcr.io", "acme/hello", "", DIGEST)),
        (f"python:3.12@{DIGEST}", ("docker.io", "library/python", "3.12", DIGEST)),
    ],
)
def test_a_reference_is_taken_apart_as_docker_does(text, expected):
    found = Reference.parse(text)
    assert (found.registry, found.repository, found.tag, found.digest) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "Hello", "a//b", "ghcr.io/", "hello:", "hello@sha256:12", "hello@md5:00", "a b"),
        *("hello\n", "http://ghcr.io/a", "[::1", "[::1]", "[nope]/a", "[:::::]/a", "[::1]:5/A"),
        *("user@host/a", "../a", "a/../b", "-x", "a?b", "ghcr.io:99999999/a"),
    ],
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(InvalidName):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [("python", "docker.io/library/python:latest"), (f"a/b@{DIGEST}", f"docker.io/a/b@{DIGEST}")],
)
def test_it_is_written_in_full(text, whole):
    assert str(Reference.parse(text)) == whole


@given(st.from_regex(r"([a-z]{1,8}\.[a-z]{2,3}(:[0-9]{1,4})?/)?[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}"
                     r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9})?", fullmatch=True))  # fmt: skip
def test_what_is_written_reads_as_the_same(text):
    found = Reference.parse(text)
    assert Reference.parse(str(found)) == found


def test_a_digest_is_asked_for_before_a_tag():
    assert Reference.parse("a:1").version == "1"
    assert Reference.parse("a:1").at(DIGEST).version == DIGEST


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1:1", "127.8.9.1", "[::1]:5"]
)
def test_this_machine_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.evil.com", "127.0.0.1.evil.com", "10.0.0.1:5000", "docker.io"]
)
def test_another_machine_is_not_this_one(host):
    assert not is_loopback(host)


def test_only_sha256_is_a_digest():
    assert is_digest(DIGEST)
    assert not is_digest(DIGEST.upper())
    assert not is_digest(f"{DIGEST}\n")
    assert not is_digest("sha512:" + "a" * 128)
