import io
import json
import os
import time

import pytest
from tests.builder.image.recording_registry import MANIFEST, RecordingRegistry, digest_of

from wherry_build.errors import (
    AccessDenied,
    ContentLacking,
    ContentRefused,
    ImageNotFound,
    RegistryError,
    RegistryUnavailable,
)
from wherry_build.image.content import BytesContent, Descriptor

PAGE = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def repository(registry, registries):
    return registries.repository(registry.host, "acme/hello", push=True)


def descriptor(content):
    return Descriptor.of(content, "application/octet-stream")


def test_a_registry_answers_to_a_ping(registry, registries):
    registries.registry(registry.host).ping()
    assert str(registry.asked[0]) == "GET /v2/ -> [200]"


def test_nobody_answers(registries):
    with RecordingRegistry() as registry:
        host = registry.host
    with pytest.raises(RegistryUnavailable) as caught:
        registries.registry(host).ping()
    assert f"{host} does not answer: Connection refused" in caught.value.message
    assert f"http://{host}/v2/" in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_manifest_is_read_by_tag_and_by_digest(registry, repository):
    digest = registry.add_image("acme/hello", "1")

    by_tag, by_digest = repository.manifest("1"), repository.manifest(digest)

    assert by_tag == by_digest
    assert by_tag.descriptor.digest == repository.digest("1") == digest
    assert by_tag.descriptor.media_type == MANIFEST
    accepted = registry.asked[0].headers["accept"]
    assert all(kind in accepted for kind in ("oci.image.index", "manifest.list.v2", MANIFEST))


def test_what_is_not_there_is_none(repository, registry):
    assert repository.manifest("1") is None
    assert repository.digest("1") == ""
    with pytest.raises(ImageNotFound) as caught:
        repository.require_manifest("1")
    assert "has no image acme/hello:1" in caught.value.message
    assert f"docker login {registry.host}" in caught.value.hint


def test_a_registry_that_does_not_say_a_digest_is_asked_for_the_whole(registry, repository):
    digest = registry.add_image("acme/hello", "1")
    registry.fail("HEAD", "/manifests/", status=200)
    assert repository.digest("1") == digest


def test_a_manifest_with_another_digest_is_refused(registry, repository):
    digest = registry.add_image("acme/hello", "1")
    other = json.dumps({"mediaType": MANIFEST, "layers": [], "config": {}}).encode()
    registry.manifests["acme/hello"][digest] = (MANIFEST, other)

    for version in ("1", digest):
        with pytest.raises(ContentRefused, match=f"expected {digest}"):
            repository.manifest(version)


@pytest.mark.parametrize("status", [200, 404, 403, 500, 418])
def test_a_page_is_no_answer_of_a_registry(status, registry, repository):
    body = b"<html>\x1b[31mlog in to the hotel</html>"
    registry.fail("PUT", "/manifests/", status=status, headers=PAGE, body=body, times=9)
    registry.fail("GET", "/manifests/", status=status, headers=PAGE, body=body, times=9)

    if status != 404:  # some registries have a page for what they do not have
        with pytest.raises(RegistryError) as caught:
            repository.manifest("1")
        assert "hotel" not in caught.value.message
        assert caught.value.hint
    if status != 200:
        with pytest.raises(RegistryError) as caught:
            repository.put_manifest(BytesContent.of(b"{}", MANIFEST))
        assert "hotel" not in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'"text"',
        b'{"mediaType": "text/plain", "config": {}}',
        b'{"mediaType": 5}',
        b'{"schemaVersion": 1, "fsLayers": []}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_manifest_is_refused(body, registry, repository):
    registry.fail("GET", "/manifests/", status=200, body=body)
    with pytest.raises(ContentRefused):
        repository.manifest("1")


def test_a_huge_manifest_is_not_read_to_its_end(registry, repository):
    registry.fail("GET", "/manifests/", status=200, body=b" " * (5 * 1024 * 1024))
    with pytest.raises(ContentRefused, match="more than the 4194304 bytes"):
        repository.manifest("1")


def test_a_registry_that_drips_is_not_waited_for(registry, repository, monkeypatch):
    monkeypatch.setattr("wherry_build.image.registry.wire.DOCUMENT_S", 0.2)
    registry.add_image("acme/hello", "1")
    registry.fail("GET", "/manifests/", drip_s=0.05, times=9)
    began_s = time.monotonic()

    with pytest.raises(RegistryUnavailable, match="still sending"):
        repository.manifest("1")

    assert time.monotonic() - began_s < 10


def test_a_blob_is_checked(registry, repository):
    content = os.urandom(100_000)
    registry.add_blob("acme/hello", content)
    assert repository.blob(descriptor(content)) == content
    assert repository.has_blob(digest_of(content))

    registry.blobs[digest_of(content)] = content[:-1] + b"?"
    with pytest.raises(ContentRefused, match="expected sha256:"):
        repository.blob(descriptor(content))


def test_a_blob_that_is_longer_than_said_is_refused(registry, repository):
    content = b"x" * 1000
    digest = registry.add_blob("acme/hello", content)
    short = Descriptor(media_type="a/b", digest=digest, size_bytes=999)
    with pytest.raises(ContentRefused, match="more than the 999 bytes"):
        repository.blob(short)


def test_a_configuration_of_gigabytes_is_not_asked_for(registry, repository):
    large = Descriptor(media_type="a/b", digest=digest_of(b""), size_bytes=1 << 32)
    with pytest.raises(ContentRefused):
        repository.blob(large)
    assert registry.count() == 0


@pytest.mark.parametrize("has_ranges", [True, False])
def test_a_blob_that_is_cut_off_goes_on(has_ranges, registry, repository, monkeypatch):
    content = os.urandom(300_000)
    registry.add_blob("acme/hello", content)
    registry.has_ranges = has_ranges
    registry.fail("GET", "/blobs/", cut_bytes=200_000)
    moved, file = [], io.BytesIO()

    repository.download(descriptor(content), file, moved.append)

    assert file.getvalue() == content
    assert moved[-1] == len(content)
    ranges = [each.headers.get("range") for each in registry.requests("GET", "/blobs/")]
    assert ranges == [None, "bytes=200000-"]


def test_a_blob_that_ends_too_early_goes_on(registry, repository):
    content = os.urandom(1000)
    registry.add_blob("acme/hello", content)
    registry.fail("GET", "/blobs/", status=200, body=content[:400])
    assert repository.blob(descriptor(content)) == content
    assert registry.requests("GET", "/blobs/")[1].headers["range"] == "bytes=400-"


def test_what_a_manifest_names_must_be_there(registry, repository):
    document = {"layers": [descriptor(b"absent").document()]}
    with pytest.raises(ContentLacking, match="does not have all"):
        repository.put_manifest(BytesContent.of(json.dumps(document).encode(), MANIFEST))


def test_a_manifest_that_became_another_is_told(registry, repository):
    headers = {"Docker-Content-Digest": digest_of(b"other")}
    registry.fail("PUT", "/manifests/", status=201, headers=headers)
    with pytest.raises(ContentRefused, match="has now"):
        repository.put_manifest(BytesContent.of(b"{}", MANIFEST))


def test_a_redirect_takes_no_credentials_along(registries, log_in):
    content = b"layer"
    with (
        RecordingRegistry(username="ann", password="x", auth="basic") as registry,
        RecordingRegistry() as elsewhere,
    ):
        log_in(registry.host, "ann", "x")
        elsewhere.add_blob("acme/hello", content)
        repository = registries.repository(registry.host, "acme/hello")
        repository.digest("1")
        where = f"{elsewhere.url}/v2/acme/hello/blobs/{digest_of(content)}"
        registry.fail("GET", "/blobs/", status=307, headers={"Location": where})

        assert repository.blob(descriptor(content)) == content

        assert "authorization" in registry.requests("GET", "/blobs/")[0].headers
        assert "authorization" not in elsewhere.asked[0].headers


def test_a_redirect_on_the_same_host_keeps_them(registries, log_in):
    with RecordingRegistry(username="ann", password="x", auth="basic") as registry:
        log_in(registry.host, "ann", "x")
        digest = registry.add_blob("acme/hello", b"layer")
        repository = registries.repository(registry.host, "acme/hello")
        repository.digest("1")
        where = f"/v2/acme/hello/blobs/{digest}"
        registry.fail("GET", "/blobs/", status=302, headers={"Location": where})

        assert repository.blob(descriptor(b"layer")) == b"layer"


def test_redirects_in_a_circle_end(registry, repository):
    headers = {"Location": "/v2/acme/hello/manifests/1"}
    registry.fail("GET", "/manifests/", status=302, headers=headers, times=99)
    with pytest.raises(RegistryUnavailable, match="redirects more than 5 times"):
        repository.manifest("1")
    assert registry.count() == 6


@pytest.mark.parametrize(
    "where", ["file:///etc/passwd", "ftp://a/b", "http://[", "http://a:99999/", "http://u:p@a/"]
)
def test_a_redirect_to_what_is_no_http_is_refused(where, registry, repository):
    registry.fail("GET", "/manifests/", status=302, headers={"Location": where})
    with pytest.raises(RegistryUnavailable, match="redirects to what is not https"):
        repository.manifest("1")


@pytest.mark.parametrize("where", ["", "file:///etc/passwd", "http://[", "http://a:x/"])
def test_an_upload_that_begins_nowhere_is_refused(where, registry, repository):
    from wherry_build.image.registry.upload import put_blob

    registry.fail("POST", "/uploads/", status=202, headers={"Location": where})
    with pytest.raises(RegistryUnavailable, match="not where"):
        put_blob(repository, BytesContent.of(b"x", "a/b"), moved=lambda done_bytes: None)


def test_an_upload_elsewhere_takes_no_credentials_along(registries, log_in):
    from wherry_build.image.registry.upload import Transfer, put_blob

    with (
        RecordingRegistry(username="ann", password="x", auth="basic") as registry,
        RecordingRegistry() as elsewhere,
    ):
        log_in(registry.host, "ann", "x")
        repository = registries.repository(registry.host, "acme/hello", push=True)
        where = f"{elsewhere.url}/v2/a/b/blobs/uploads/{elsewhere.begin_upload()}"
        repository.digest("1")
        registry.fail("POST", "/uploads/", status=202, headers={"Location": where})

        done = put_blob(repository, BytesContent.of(b"x", "a/b"), moved=lambda done_bytes: None)

        assert done is Transfer.SENT
        assert elsewhere.blobs[digest_of(b"x")] == b"x"
        assert "authorization" not in elsewhere.asked[0].headers


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NAME_UNKNOWN", 404, "made first"),
        ("DENIED", 400, "docker login"),
        ("TOOMANYREQUESTS", 429, "docker login"),
        ("UNSUPPORTED", 405, "mirror"),
    ],
)
def test_the_next_thing_to_type_follows_from_the_code(code, status, expected, registry, repository):
    body = json.dumps({"errors": [{"code": code, "message": "its own words"}]}).encode()
    registry.fail("POST", "/uploads/", status=status, body=body, times=9)
    from wherry_build.image.registry.upload import put_blob

    with pytest.raises(RegistryError) as caught:
        put_blob(repository, BytesContent.of(b"x", "a/b"), moved=lambda done_bytes: None)

    assert f"{code}: its own words" in caught.value.message
    assert expected in caught.value.hint


def test_what_a_registry_says_is_one_short_line(registry, repository):
    words = "\x1b[31m\r\n" + "x" * 10_000
    body = json.dumps({"errors": [{"code": "DENIED", "message": words}]}).encode()
    registry.fail("GET", "/manifests/", status=403, body=body)
    with pytest.raises(AccessDenied) as caught:
        repository.manifest("1")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"errors": []}', b'{"errors": [{}]}', b'{"errors": {"a": 1}}', b'{"errors": [1]}'],
)
def test_a_refusal_of_any_shape_is_one(body, registry, repository):
    registry.fail("GET", "/manifests/", status=400, body=body)
    with pytest.raises(RegistryError, match="answers 400"):
        repository.manifest("1")


def test_a_wait_that_is_too_long_is_an_error_at_once(registry, repository):
    registry.fail("GET", "/manifests/", status=429, headers={"Retry-After": "3600"}, times=9)
    with pytest.raises(RegistryError, match="answers 429") as caught:
        repository.manifest("1")
    assert "docker login" in caught.value.hint
    assert registry.count() == 1


def test_a_wait_until_a_time_is_kept(registry, repository):
    headers = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    registry.fail("GET", "/manifests/", status=503, headers=headers)
    assert repository.manifest("1") is None
    assert registry.count() == 2


def test_a_redirect_with_a_page_without_end_is_not_read(registry, repository):
    digest = registry.add_image("acme/hello", "1")
    headers = {"Location": f"/v2/acme/hello/manifests/{digest}", "Content-Length": "1000000000"}
    registry.fail("GET", "/manifests/1", status=307, headers=headers, body=b" " * 200_000)
    began_s = time.monotonic()
    assert repository.manifest("1").descriptor.digest == digest
    assert time.monotonic() - began_s < 20
