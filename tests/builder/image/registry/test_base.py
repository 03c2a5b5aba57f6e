import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.builder.image.recording_registry import INDEX, RecordingRegistry, digest_of

from wherry_build.errors import ContentRefused, ImageNotFound, RegistryUnavailable
from wherry_build.image.platform import Platform
from wherry_build.image.registry.asked_tags import FRESH_S, AskedTags
from wherry_build.image.registry.base import read_base

AMD64 = Platform(architecture="amd64")
ARM64 = Platform(architecture="arm64")


@pytest.fixture
def read(registry, registries, progress, store, tmp_path):
    """Read `library/python:3.12` of the registry, or another name."""

    def read(name="library/python:3.12", platform=AMD64, **options):
        reference = f"{registry.host}/{name}"
        tags = AskedTags(tmp_path / "tags")
        options = {"registries": registries, "progress": progress, "store": store, **options}
        return read_base(reference, platform, tags=tags, **options)

    return read


@pytest.fixture
def python(registry):
    """The digest of an image for one platform."""
    return registry.add_image("library/python", "3.12", layers=(b"debian", b"python"))


def content_of(content):
    with content.open() as opened:
        return opened.read()


def test_an_image_is_read_and_its_layers_when_they_are_wanted(registry, read, python):
    image = read()

    assert (image.digest, image.platform) == (python, AMD64)
    assert json.loads(image.config.content)["architecture"] == "amd64"
    assert registry.count("GET", digest_of(b"debian")) == 0
    assert [content_of(layer) for layer in image.layers] == [b"debian", b"python"]
    assert [content_of(layer) for layer in image.layers] == [b"debian", b"python"]
    assert registry.count("GET", digest_of(b"debian")) == 1


def test_a_tag_is_asked_for_once_a_day(registry, read, python, monkeypatch):
    read()
    registry.forget_requests()

    assert read().digest == python
    assert registry.count() == 0

    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + FRESH_S + 1)
    assert read().digest == python
    assert [str(each) for each in registry.asked] == [
        "HEAD /v2/library/python/manifests/3.12 -> [200]"  # does not count as a pull
    ]


def test_a_clock_that_was_set_back_makes_no_tag_fresh(registry, read, python, monkeypatch):
    read()
    registry.forget_requests()
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s - 3600)
    read()
    assert registry.count("HEAD", "/manifests/3.12") == 1


def test_a_newer_base_is_looked_for_when_that_is_wanted(registry, read, python):
    read()
    newer = registry.add_image("library/python", "3.12", layers=(b"debian", b"newer"))

    assert read().digest == python
    assert read(pull=True).digest == newer
    assert read().digest == newer


def test_a_digest_is_never_asked_for_twice(registry, read, python):
    first = read(f"library/python@{python}")
    registry.forget_requests()

    assert read(f"library/python:3.12@{python}", pull=True).manifest == first.manifest
    assert registry.count() == 0


def test_an_unchanged_base_needs_no_http(registry, read, python):
    """Whether a start pays for HTTP is decided by what the registries were asked for."""

    class Silent:
        def repository(self, *_, **__):
            raise AssertionError("a registry is asked")

    read()
    assert read(registries=Silent()).digest == python


def test_a_registry_that_is_away_leaves_what_a_tag_was(
    registries, progress, store, tmp_path, monkeypatch
):
    tags = AskedTags(tmp_path / "tags")
    with RecordingRegistry() as registry:
        name = f"{registry.host}/library/python:3.12"
        digest = registry.add_image("library/python", "3.12")
        options = {"registries": registries, "progress": progress, "store": store, "tags": tags}
        read_base(name, AMD64, **options)
    registries.close()
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 2 * FRESH_S)

    assert read_base(name, AMD64, **options).digest == digest
    assert f"taking what {name} was at" in progress.steps[-1]
    with pytest.raises(RegistryUnavailable):
        read_base(name, AMD64, pull=True, **options)


@pytest.fixture
def index(registry):
    """An index for two platforms, with an attestation as docker adds it."""
    manifests = []
    for architecture, variant in (("amd64", ""), ("arm64", "v8"), ("arm", "v6")):
        platform = {"architecture": architecture, **({"variant": variant} if variant else {})}
        digest = registry.add_image(
            "library/python", "", layers=(architecture.encode(),), **platform
        )
        size = len(registry.manifests["library/python"][digest][1])
        entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest}
        manifests.append({**entry, "size": size, "platform": {"os": "linux", **platform}})
    unknown = {"architecture": "unknown", "os": "unknown"}
    manifests.append({**manifests[0], "digest": digest_of(b"x"), "platform": unknown})
    document = {"schemaVersion": 2, "manifests": manifests[::-1]}
    return registry.add_manifest("library/python", "multi", document, INDEX)


def test_the_manifest_of_a_platform_is_read_from_an_index(read, index):
    for platform, layer in ((AMD64, b"amd64"), (ARM64, b"arm64")):
        image = read("library/python:multi", platform)
        assert image.digest == index
        assert content_of(image.layers[0]) == layer
    with_variant = Platform(architecture="arm64", variant="v8")
    assert read("library/python:multi", with_variant).manifest == image.manifest


@pytest.mark.parametrize(
    "platform", [Platform(architecture="s390x"), Platform(architecture="arm", variant="v7")]
)
def test_a_platform_that_an_index_does_not_have_is_told_with_those_it_has(read, index, platform):
    with pytest.raises(ImageNotFound) as caught:
        read("library/python:multi", platform)
    assert "linux/amd64, linux/arm/v6, linux/arm64/v8" in caught.value.message
    assert "unknown" not in caught.value.message
    assert "--platform" in caught.value.hint


def test_what_an_index_says_cannot_change_the_terminal(registry, read):
    platform = {"os": "linux", "architecture": "\x1b[31mred"}
    entry = {"mediaType": "x", "digest": digest_of(b""), "size": 1, "platform": platform}
    registry.add_manifest("library/python", "3.12", {"mediaType": INDEX, "manifests": [entry] * 2})
    with pytest.raises(ImageNotFound) as caught:
        read()
    assert caught.value.message.isprintable()


def test_an_image_for_one_platform_is_for_no_other(read, python):
    with pytest.raises(ImageNotFound, match="not for linux/arm64, but for linux/amd64"):
        read(platform=ARM64)


def test_an_image_that_is_gone_is_told(registry, read, python):
    read()
    registry.tags.clear()
    with pytest.raises(ImageNotFound, match="has no image"):
        read(pull=True)


def test_an_image_that_is_not_there_is_told(read):
    with pytest.raises(ImageNotFound, match=r"has no image library/python:3\.12"):
        read()


@pytest.mark.parametrize(
    "document",
    [
        {"mediaType": INDEX},
        {"mediaType": INDEX, "manifests": {}},
        {"mediaType": INDEX, "manifests": [{"digest": "sha256:00", "size": 1}]},
        {"mediaType": INDEX, "manifests": [{"digest": digest_of(b""), "size": -1}]},
        {"mediaType": INDEX, "manifests": [{"digest": digest_of(b""), "size": True}]},
        {"mediaType": INDEX, "manifests": [5]},
        {"config": None},
        {"config": {"digest": "../../../etc/passwd", "size": 1, "mediaType": "a"}},
        {"config": {"digest": "sha512:" + "0" * 128, "size": 1, "mediaType": "a"}},
    ],
)
def test_a_document_that_names_what_cannot_be_is_refused(registry, read, document):
    registry.add_manifest("library/python", "3.12", document)
    with pytest.raises(ContentRefused):
        read()


@pytest.mark.parametrize("config", [{}, [], {"architecture": 5}, {"architecture": ""}])
def test_a_configuration_without_an_architecture_is_refused(registry, read, config):
    registry.add_image("library/python", "3.12", config=config)
    with pytest.raises(ContentRefused):
        read()


def test_several_builds_at_once_fetch_a_layer_once(registry, read, python):
    image = read()
    together = threading.Barrier(4, timeout=30)

    def fetch():
        together.wait()
        return content_of(image.layers[0])

    with ThreadPoolExecutor(4) as pool:
        assert {each.result() for each in [pool.submit(fetch) for _ in range(4)]} == {b"debian"}
    assert registry.count("GET", digest_of(b"debian")) == 1


def test_fetching_a_layer_is_told(registry, read, progress):
    registry.add_image("library/python", "3.12", layers=(b"x" * 1_000_000,))
    content_of(read().layers[0])
    name = f"download {digest_of(b'x' * 1_000_000)[7:19]}"
    assert progress.moves[-1] == (name, 1_000_000, 1_000_000)


def test_a_layer_that_is_not_what_was_named_is_not_kept(registry, read, python, store):
    image = read()
    registry.blobs[digest_of(b"debian")] = b"hacked"
    for _ in range(2):
        with pytest.raises(ContentRefused):
            image.layers[0].open()
    assert store.find(image.layers[0].descriptor) is None
