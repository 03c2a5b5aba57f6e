"""Whatever a registry answers, there is an image, or an error that says what to do."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.builder.image.recording_registry import RecordingRegistry
from tests.builder.image.registry.images import Told, artifact, make_image

from wherry_build.errors import BuildError
from wherry_build.image.platform import Platform
from wherry_build.image.registry.asked_tags import AskedTags
from wherry_build.image.registry.base import read_base
from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.patience import Patience
from wherry_build.image.registry.publishing import RegistryPublisher
from wherry_build.image.registry.registries import Registries

AMD64 = Platform(architecture="amd64")
NO_PATIENCE = Patience(tries=2, total_s=1, first_pause_s=0, longest_pause_s=0)
_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Location": _TEXT | st.sampled_from(["/", "http://[", "//", "/v2/a/b/blobs/uploads/x"]),
        "WWW-Authenticate": _TEXT | st.sampled_from(["Basic", 'Bearer realm="', "Bearer realm=x"]),
        "Content-Type": _TEXT | st.just("text/html"),
        "Docker-Content-Digest": _TEXT | st.just(f"sha256:{'0' * 64}"),
        "Retry-After": st.sampled_from(["0", "-1", "x", "9" * 9, "Mon, 99 Zzz 99999 99:99:99"]),
        "Content-Range": _TEXT | st.sampled_from(["bytes 0-1/2", "bytes 99-"]),
        "OCI-Chunk-Min-Length": st.sampled_from(["0", "x", "9" * 30]),
        "OCI-Subject": _TEXT,
    },
)
_BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"{}", b"[]", b"null", b'{"errors": null}', b'{"errors": [{"code": 5}]}']),
    st.sampled_from([b"[" * 9999, b'{"manifests": [null]}', b'{"config": {}, "layers": 5}']),
)
_FAULTS = st.lists(
    st.fixed_dictionaries(
        {
            "method": st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
            "pattern": st.sampled_from(["/manifests/", "/blobs/", "/referrers/"]),
            "status": st.sampled_from([200, 201, 202, 204, 206, 301, 307, 400, 401, 403, 404, 405])
            | st.sampled_from([413, 416, 418, 429, 500, 503]),
            "headers": _HEADERS,
            "body": _BODIES,
            "times": st.integers(1, 9),
        }
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def running():
    with RecordingRegistry(has_referrers=False) as registry:
        yield registry


def set_up(registry, faults):
    registry.faults.clear()
    registry.forget_requests()
    for fault in faults:
        said = dict(fault)
        registry.fail(said.pop("method"), said.pop("pattern"), **said)


@given(faults=_FAULTS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@example(faults=[{"method": "GET", "pattern": "/manifests/", "status": 307,
                  "headers": {"Location": "http://["}, "body": b"", "times": 9}])  # fmt: skip
def test_reading_ends_well_or_is_explained(running, tmp_path_factory, faults):
    running.add_image("library/python", "3", layers=(b"debian",))
    set_up(running, faults)
    folder = tmp_path_factory.mktemp("cache")
    registries, messages = Registries(patience=NO_PATIENCE), []
    try:
        image = read_base(
            f"{running.host}/library/python:3",
            AMD64,
            registries=registries,
            progress=Told(),
            store=BlobStore(folder / "blobs"),
            tags=AskedTags(folder / "tags"),
        )
        with image.layers[0].open() as opened:
            assert opened.read() == b"debian"
    except BuildError as error:
        messages.append(error.message)
    finally:
        registries.close()
    assert "".join(messages).isprintable()
    assert running.count() < 60


@given(faults=_FAULTS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_publishing_ends_well_or_is_explained(running, tmp_path_factory, faults):
    running.linked.clear()
    running.manifests.clear()
    running.tags.clear()
    set_up(running, faults)
    name = f"{running.host}/acme/hello:1"
    subject = make_image(name, layers={"code": b"c"}).images[0].manifest
    image = make_image(name, layers={"code": b"c"}, artifacts=artifact(subject))
    registries, messages = Registries(patience=NO_PATIENCE), []
    publisher = RegistryPublisher(registries, memory=tmp_path_factory.mktemp("memory"))
    try:
        assert publisher.publish(image, Told()).endswith(image.digest)
    except BuildError as error:
        messages.append(error.message)
    finally:
        registries.close()
    assert "".join(messages).isprintable()
    assert running.count() < 120
