import json

import pytest
from tests.builder.image.recording_registry import INDEX, MANIFEST, RecordingRegistry, digest_of
from tests.builder.image.registry.images import artifact, make_image

from wherry_build.errors import ContentRefused, RegistryError
from wherry_build.image.registry.publishing import RegistryPublisher
from wherry_build.image.registry.referrers import list_by_subject, put_with_subject, referrers


@pytest.fixture
def bare():
    """A registry without the API."""
    with RecordingRegistry(has_referrers=False) as running:
        yield running


@pytest.fixture
def subject(bare, registries, progress):
    """An image that is there, with blobs that an artifact may name."""
    image = make_image(f"{bare.host}/acme/hello:1", layers={"code": b"c"})
    manifest = image.images[0].manifest
    for content in artifact(manifest)[:2]:
        bare.add_blob("acme/hello", content.content)
    RegistryPublisher(registries).publish(image, progress)
    return manifest


@pytest.fixture
def repository(bare, registries):
    return registries.repository(bare.host, "acme/hello", push=True)


def tag_of(subject):
    return subject.descriptor.digest.replace(":", "-")


def put_referrer(repository, *manifests):
    unlisted = [each for each in manifests if not put_with_subject(repository, each)]
    list_by_subject(repository, unlisted)


def test_all_that_is_about_one_subject_is_listed_at_once(bare, subject, repository):
    bill, (*blobs, provenance) = artifact(subject)[-1], artifact(subject, b"provenance")
    for content in blobs:
        bare.add_blob("acme/hello", content.content)

    put_referrer(repository, bill, provenance)

    listed = bare.manifest("acme/hello", tag_of(subject))["manifests"]
    found = {each["digest"] for each in listed}
    assert found == {bill.descriptor.digest, provenance.descriptor.digest}
    assert bare.count("GET", f"/manifests/{tag_of(subject)}") == 1
    assert bare.count("PUT", f"/manifests/{tag_of(subject)}") == 1


def test_what_is_listed_is_not_listed_again(bare, subject, repository):
    manifest = artifact(subject)[-1]

    put_referrer(repository, manifest)
    put_referrer(repository, manifest)

    listed = bare.manifest("acme/hello", tag_of(subject))["manifests"]
    assert [each["digest"] for each in listed] == [manifest.descriptor.digest]
    assert bare.count("PUT", f"/manifests/{tag_of(subject)}") == 1


def test_what_others_have_listed_stays(bare, subject, repository):
    signature = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": subject.descriptor.digest,
        "size": 7,
        "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json",
    }
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [signature]}
    bare.add_manifest("acme/hello", tag_of(subject), index, INDEX)

    put_referrer(repository, artifact(subject)[-1])

    found = referrers(repository, subject.descriptor.digest)
    assert [each.artifact_type for each in found] == [
        signature["artifactType"],
        "application/spdx+json",
    ]


def test_nothing_is_said_of_what_nobody_said_anything_of(bare, subject, repository):
    assert referrers(repository, subject.descriptor.digest) == ()


def test_a_registry_that_lists_gets_no_tag(registry, registries):
    image = make_image(f"{registry.host}/acme/hello:1", layers={"code": b"c"})
    subject = image.images[0].manifest
    for content in artifact(subject)[:2]:
        registry.add_blob("acme/hello", content.content)
    repository = registries.repository(registry.host, "acme/hello", push=True)

    put_referrer(repository, artifact(subject)[-1])

    assert registry.tags["acme/hello"] == {}
    (found,) = referrers(repository, subject.descriptor.digest)
    assert found.artifact_type == "application/spdx+json"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"manifests": [{}]}', b'{"manifests": 1}', b"<"])
def test_a_list_that_is_none_is_refused(body, registry, registries):
    registry.fail("GET", "/referrers/", status=200, body=body)
    repository = registries.repository(registry.host, "acme/hello")
    with pytest.raises(ContentRefused):
        referrers(repository, f"sha256:{'0' * 64}")


def page(registry, number, link=""):
    """One page of a list, with one manifest in it."""
    entry = {"mediaType": MANIFEST, "digest": digest_of(b"%d" % number), "size": number}
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
    headers = {"Link": link} if link else {}
    registry.fail("GET", "/referrers/", status=200, body=body, headers=headers)


@pytest.mark.parametrize(
    "link", ['<{}>; rel="next"', "<{}>;title=a; rel=next", '</a>; rel="prev", <{}> ; REL = "next"']
)
def test_a_list_in_pages_is_read_to_its_end(link, registry, registries):
    subject = f"sha256:{'0' * 64}"
    page(registry, 1, link.format(f"/v2/acme/hello/referrers/{subject}?n=1&last=1"))
    page(registry, 2, '</>; rel="prev"')
    repository = registries.repository(registry.host, "acme/hello")

    assert [each.size_bytes for each in referrers(repository, subject)] == [1, 2]
    assert [each.query for each in registry.requests("GET", "/referrers/")] == [
        {},
        {"n": "1", "last": "1"},
    ]


def test_a_list_without_an_end_is_refused(registry, registries):
    for number in range(101):
        page(registry, number, '<?next>; rel="next"')
    repository = registries.repository(registry.host, "acme/hello")
    with pytest.raises(ContentRefused, match="more than 100 pages"):
        referrers(repository, f"sha256:{'0' * 64}")
    assert registry.count("GET", "/referrers/") == 100


@pytest.mark.parametrize("elsewhere", ["http://[", "http://127.0.0.1:9/v2/", "ftp://a/b"])
def test_a_page_elsewhere_is_not_asked_for(elsewhere, registry, registries):
    page(registry, 1, f'<{elsewhere}>; rel="next"')
    repository = registries.repository(registry.host, "acme/hello")
    with pytest.raises(ContentRefused, match="elsewhere"):
        referrers(repository, f"sha256:{'0' * 64}")


def test_a_registry_that_refuses_is_not_taken_for_one_without_the_list(registry, registries):
    body = json.dumps({"errors": [{"code": "DENIED"}]}).encode()
    registry.fail("GET", "/referrers/", status=403, body=body)
    repository = registries.repository(registry.host, "acme/hello")
    with pytest.raises(RegistryError, match="answers 403 DENIED"):
        referrers(repository, f"sha256:{'0' * 64}")
