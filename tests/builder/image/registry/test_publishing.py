import gzip
import os
import threading
import time

import pytest
from tests.builder.image.recording_registry import RecordingRegistry, digest_of
from tests.builder.image.registry.images import LAYER, artifact

from wherry_build.errors import AccessDenied, InvalidName, RegistryError, RegistryUnavailable
from wherry_build.image.content import BytesContent
from wherry_build.image.engine import BuiltImage
from wherry_build.image.platform import Platform
from wherry_build.image.registry.base import read_base
from wherry_build.image.registry.publishing import RegistryPublisher
from wherry_build.image.registry.referrers import referrers
from wherry_build.image.registry.registries import Registries

AMD64 = Platform(architecture="amd64")


@pytest.fixture
def publish(registries, progress):
    return lambda image: RegistryPublisher(registries).publish(image, progress)


def content_of(content):
    with content.open() as opened:
        return opened.read()


def test_what_is_published_can_be_pulled_by_the_digest_that_is_returned(
    registry, make_image, publish, registries, progress
):
    image = make_image(f"{registry.host}/acme/hello:1", layers={"code": b"code", "wheels": b"w"})

    reference = publish(image)

    assert reference == f"{registry.host}/acme/hello:1@{image.digest}"
    pulled = read_base(reference, AMD64, registries=registries, progress=progress)
    assert pulled.digest == image.digest
    assert [content_of(layer) for layer in pulled.layers] == [b"code", b"w"]
    assert registry.tags["acme/hello"]["1"] == image.digest


def test_nothing_is_sent_when_nothing_has_changed(registry, make_image, publish, progress):
    image = make_image(f"{registry.host}/acme/hello:1", layers={"code": b"code"})
    first = publish(image)
    registry.forget_requests()

    assert publish(image) == first

    assert [str(each) for each in registry.asked] == ["HEAD /v2/acme/hello/manifests/1 -> [200]"]
    assert "is there already" in progress.steps[-1]


def test_after_an_edit_only_what_is_new_is_asked_for_and_sent(registry, make_image, publish):
    layers = {"wheels": b"wheels", "runtime": b"runtime"}
    publish(make_image(f"{registry.host}/acme/hello:1", layers={**layers, "code": b"1"}))
    registry.forget_requests()

    publish(make_image(f"{registry.host}/acme/hello:1", layers={**layers, "code": b"2"}))

    sent = registry.requests("PUT", "/blobs/")
    assert [each.query["digest"] for each in sent] == [digest_of(b"2")]
    assert registry.count() == 3  # POST and PUT of the code, PUT of the manifest


def test_what_is_large_is_asked_for_before_it_is_sent(registry, make_image, publish):
    publish(make_image(f"{registry.host}/acme/hello:1", layers={"code": b"1"}))
    large = os.urandom(100_000)
    registry.add_blob("acme/hello", large)
    registry.forget_requests()

    publish(make_image(f"{registry.host}/acme/hello:1", layers={"code": large}))

    assert registry.count("HEAD", "/blobs/") == 1
    assert registry.count("POST") == 0


def test_blobs_that_another_machine_has_sent_are_asked_for_and_not_sent(
    registry, make_image, registries, progress, tmp_path
):
    image = make_image(f"{registry.host}/acme/hello:1", layers={"code": b"code"})
    RegistryPublisher(registries, memory=tmp_path / "one").publish(image, progress)
    registry.forget_requests()

    RegistryPublisher(registries, memory=tmp_path / "two").publish(image, progress)

    assert registry.count("HEAD", "/blobs/") == 2
    assert registry.count("POST") == 0


def test_a_registry_that_has_lost_blobs_gets_them_again(registry, make_image, publish, progress):
    layers = {"wheels": b"wheels", "code": b"1"}
    publish(make_image(f"{registry.host}/acme/hello:1", layers=layers))
    registry.linked["acme/hello"].discard(digest_of(b"wheels"))

    publish(make_image(f"{registry.host}/acme/hello:1", layers={**layers, "code": b"2"}))

    assert digest_of(b"wheels") in registry.linked["acme/hello"]
    assert any("has lost some" in step for step in progress.steps)


def test_a_registry_that_is_another_at_the_same_address_gets_all(make_image, progress, tmp_path):
    with RecordingRegistry() as registry:
        image = make_image(f"{registry.host}/acme/hello:1", layers={"code": b"code"})
        RegistryPublisher(Registries()).publish(image, progress)
        registry.linked.clear()
        registry.manifests.clear()
        registry.tags.clear()

        RegistryPublisher(Registries()).publish(image, progress)

        assert registry.tags["acme/hello"]["1"] == image.digest


def test_layers_of_a_base_in_the_same_registry_are_mounted(
    registry, make_image, registries, progress, publish
):
    registry.add_image("library/python", "3.12", layers=(b"debian", b"python"))
    base = read_base(
        f"{registry.host}/library/python:3.12", AMD64, registries=registries, progress=progress
    )
    registry.forget_requests()

    publish(make_image(f"{registry.host}/acme/hello:1", layers={"code": b"code"}, base=base.layers))

    assert registry.count("GET") == 0
    mounts = [each.query for each in registry.requests("POST", "/blobs/") if each.query]
    assert {each["mount"] for each in mounts} == {digest_of(b"debian"), digest_of(b"python")}
    assert {each["from"] for each in mounts} == {"library/python"}
    assert "2 mounted" in progress.steps[-1]


def test_a_registry_that_does_not_mount_gets_them_in_the_upload_that_it_began(
    make_image, registries, progress, publish
):
    with RecordingRegistry(mounts=False) as registry:
        registry.add_image("library/python", "3.12", layers=(b"debian",))
        base = read_base(
            f"{registry.host}/library/python:3.12", AMD64, registries=registries, progress=progress
        )

        publish(make_image(f"{registry.host}/acme/hello:1", layers={}, base=base.layers))

        assert digest_of(b"debian") in registry.linked["acme/hello"]
        assert registry.count("POST", "/acme/hello/blobs/") == 2  # the layer's, the configuration's


def test_layers_of_a_base_in_another_registry_are_carried_over(
    registry, make_image, registries, progress, publish
):
    layer = os.urandom(3_000_000)
    with RecordingRegistry() as hub:
        hub.add_image("library/python", "3.12", layers=(layer,))
        base = read_base(
            f"{hub.host}/library/python:3.12", AMD64, registries=registries, progress=progress
        )
        publish(make_image(f"{registry.host}/acme/hello:1", layers={}, base=base.layers))
        publish(make_image(f"{registry.host}/acme/other:1", layers={}, base=base.layers))

        assert registry.blobs[digest_of(layer)] == layer
        assert hub.count("GET", "/blobs/") == 2  # the configuration, the layer
    assert registry.count("PUT", "/acme/other/blobs/") == 0  # all mounted from acme/hello
    moved = [done for what, done, total in progress.moves if what.startswith("push base layer")]
    assert moved == sorted(moved) and moved[-1] == len(layer)


def test_layers_that_functions_share_are_sent_once(registry, make_image, publish):
    publish(make_image(f"{registry.host}/acme/one:1", layers={"wheels": b"w" * 99, "code": b"1"}))
    registry.forget_requests()

    publish(make_image(f"{registry.host}/acme/two:1", layers={"wheels": b"w" * 99, "code": b"2"}))

    sent = {each.query["digest"] for each in registry.requests("PUT", "/blobs/")}
    assert sent == {digest_of(b"2")}


def test_an_index_follows_the_manifests_that_it_names(registry, make_image, publish):
    image = make_image(
        f"{registry.host}/acme/hello:1", layers={"code": b"c"}, architectures=("amd64", "arm64")
    )

    publish(image)

    put = [each.path.rpartition("/")[2] for each in registry.requests("PUT", "/manifests/")]
    assert put == [each.manifest.descriptor.digest for each in image.images] + ["1"]
    assert registry.tags["acme/hello"]["1"] == image.index.descriptor.digest


@pytest.mark.parametrize("has_referrers", [True, False])
def test_what_is_said_about_an_image_is_found_by_it(has_referrers, make_image, registries, publish):
    with RecordingRegistry(has_referrers=has_referrers) as registry:
        name = f"{registry.host}/acme/hello:1"
        image = make_image(name, layers={"code": b"c"})
        subject = image.images[0].manifest
        artifacts = (*artifact(subject), *artifact(subject, b"provenance"))
        image = make_image(name, layers={"code": b"c"}, artifacts=artifacts)

        publish(image)
        publish(image)

        repository = registries.repository(registry.host, "acme/hello")
        found = referrers(repository, image.digest)
        assert {each.digest for each in found} == {
            artifacts[2].descriptor.digest,
            artifacts[5].descriptor.digest,
        }
        assert {each.artifact_type for each in found} == {"application/spdx+json"}
        assert found[0].annotations == {"made": "here"}
        assert referrers(repository, image.digest, artifact_type="text/plain") == ()
        assert (f"sha256-{image.digest[7:]}" in registry.tags["acme/hello"]) != has_referrers


def test_a_blob_too_large_for_one_request_goes_in_chunks(
    make_image, publish, monkeypatch, progress
):
    monkeypatch.setattr("wherry_build.image.registry.upload.CHUNK_BYTES", 1000)
    layer = os.urandom(4567)
    with RecordingRegistry(longest_body_bytes=1000) as registry:
        publish(make_image(f"{registry.host}/acme/hello:1", layers={"code": layer}))

        assert registry.blobs[digest_of(layer)] == layer
        sizes = [each.size_bytes for each in registry.requests("PATCH")]
        assert sizes == [1000, 1000, 1000, 1000, 567]
    assert max(done for _, done, _ in progress.moves) == 4567


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"status": 429, "headers": {"Retry-After": "0"}}, {"drops": True}],
    ids=["503", "429", "cut"],
)
@pytest.mark.parametrize(
    ("method", "pattern"),
    [("HEAD", "/blobs/"), ("POST", "/uploads/"), ("PUT", "/uploads/"), ("PUT", "/manifests/")],
)
def test_what_fails_for_a_moment_is_done_again(
    method, pattern, fault, registry, make_image, publish
):
    registry.fail(method, pattern, times=2, **fault)
    image = make_image(f"{registry.host}/acme/hello:1", layers={"code": b"c" * 100_000})

    publish(image)

    assert registry.tags["acme/hello"]["1"] == image.digest
    assert registry.count(method, pattern) >= 3 - (method == "HEAD")


def test_what_fails_for_long_is_given_up(registry, make_image, publish):
    registry.fail("PUT", "/manifests/", times=99, status=503)

    with pytest.raises(RegistryUnavailable, match="answers 503"):
        publish(make_image(f"{registry.host}/acme/hello:1", layers={"code": b"c"}))

    assert registry.count("PUT", "/manifests/") == 3


def test_a_registry_that_takes_only_those_it_knows_says_what_to_type(make_image, publish):
    with RecordingRegistry(username="ann", password="secret", public=True) as registry:
        with pytest.raises(AccessDenied) as caught:
            publish(make_image(f"{registry.host}/acme/hello:1", layers={"code": b"c"}))

        assert caught.value.hint == f"docker login {registry.host}"
        assert caught.value.exit_code == 3


def test_one_token_does_for_a_whole_publication(make_image, publish, log_in):
    with RecordingRegistry(username="ann", password="secret") as registry:
        log_in(registry.host, "ann", "secret")
        publish(make_image(f"{registry.host}/acme/hello:1", layers={"a": b"1", "b": b"2"}))

        assert registry.count("GET", "/token") == 1


def test_a_name_with_a_digest_is_not_pushed_to(make_image, publish):
    with pytest.raises(InvalidName, match="digest follows"):
        publish(make_image(f"localhost:1/a@sha256:{'0' * 64}", layers={}))


def test_an_image_that_an_engine_keeps_is_left_to_the_engine(publish):
    image = BuiltImage(reference="acme/a:1", digest="", id="x", size_bytes=1, platforms=(AMD64,))

    with pytest.raises(RegistryError) as caught:
        publish(image)

    assert caught.value.hint == "docker push acme/a:1"


def test_content_that_cannot_be_read_stops_the_others(registry, make_image, publish):
    class Broken:
        descriptor = BytesContent.of(b"x" * 9, LAYER).descriptor

        def open(self):
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        publish(make_image(f"{registry.host}/a/b:1", layers={"code": b"c"}, base=(Broken(),)))

    assert registry.count("PUT", "/manifests/") == 0
    assert not [each for each in threading.enumerate() if each.name.startswith("wherry-push")]


def test_a_stopped_publication_ends_what_is_on_its_way(
    registry, make_image, registries, progress, publish
):
    with RecordingRegistry() as hub:
        hub.add_image("library/python", "3.12", layers=(os.urandom(2_000_000),))
        base = read_base(
            f"{hub.host}/library/python:3.12", AMD64, registries=registries, progress=progress
        )
        stopped = threading.Event()

        class Interrupted:
            descriptor = BytesContent.of(b"x" * 9, LAYER).descriptor

            def open(self):
                assert stopped.wait(30)
                raise KeyboardInterrupt

        hub.fail("GET", "/blobs/", drip_s=0.01)
        progress.moved = lambda *_: stopped.set()
        began_s = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            publish(
                make_image(f"{registry.host}/a/b:1", layers={}, base=(Interrupted(), *base.layers))
            )
        assert time.monotonic() - began_s < 30


def test_content_that_is_not_what_its_digest_names_is_refused(registry, make_image, publish):
    class Changed:
        descriptor = BytesContent.of(b"right", LAYER).descriptor

        def open(self):
            return BytesContent.of(b"wrong", LAYER).open()

    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        publish(make_image(f"{registry.host}/a/b:1", layers={}, base=(Changed(),)))


def test_a_whole_layer_is_sent_in_blocks_and_told(registry, make_image, publish, progress):
    layer = gzip.compress(os.urandom(1_000_000))

    publish(make_image(f"{registry.host}/acme/hello:1", layers={"wheels": layer}))

    told = [move for move in progress.moves if move[0] == "push wheels"]
    assert len(told) > 2
    assert told[-1] == ("push wheels", len(layer), len(layer))
