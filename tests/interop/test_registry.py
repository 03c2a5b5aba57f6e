"""What is published is taken by Debian's docker-registry and read by skopeo, and the reverse."""

import base64
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request

import pytest
from tests.builder.image.registry.images import Told, artifact, make_image
from tests.builder.image.registry.tls import write_certificates
from tests.interop.cluster import ToolAbsentError
from tests.interop.distribution import distribution
from tests.interop.token_service import ISSUER, SERVICE, token_service

from wherry_build.errors import AccessDenied, ImageNotFound
from wherry_build.image.platform import Platform
from wherry_build.image.registry.base import read_base
from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.publishing import RegistryPublisher
from wherry_build.image.registry.referrers import referrers
from wherry_build.image.registry.registries import Registries

pytestmark = pytest.mark.interop
AMD64 = Platform(architecture="amd64")
PASSWORD = "s3cret pass:word"


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def registry(tmp_path):
    try:
        with distribution(tmp_path / "registry") as host:
            yield host
    except ToolAbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture
def guarded(tmp_path):
    try:
        with distribution(tmp_path / "guarded", users={"ann": PASSWORD}) as host:
            yield host
    except ToolAbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture
def skopeo():
    if shutil.which("skopeo") is None:
        pytest.skip("skopeo not found")

    def skopeo(*arguments):
        done = subprocess.run(
            ["skopeo", "--insecure-policy", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return skopeo


def layer(name, size=10_000):
    """A real layer, as skopeo reads what it copies."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = size
        archive.addfile(member, io.BytesIO(os.urandom(size)))
    return written.getvalue()


def publish(image, registries=None):
    told = Told()
    reference = RegistryPublisher(registries or Registries()).publish(image, told)
    return reference, told


def test_skopeo_reads_what_is_published(registry, skopeo, tmp_path):
    image = make_image(
        f"{registry}/acme/hello:1", layers={"code": layer("a"), "wheels": layer("b")}
    )

    reference, _ = publish(image)

    inspected = json.loads(
        skopeo("inspect", "--tls-verify=false", f"docker://{registry}/acme/hello:1")
    )
    assert inspected["Digest"] == image.digest
    assert inspected["Layers"] == [
        each.content.descriptor.digest for each in image.images[0].layers
    ]
    by_digest = reference.replace(":1@", "@")
    skopeo("copy", "--src-tls-verify=false", f"docker://{by_digest}", f"oci:{tmp_path}/layout:1")
    assert len(list((tmp_path / "layout" / "blobs" / "sha256").iterdir())) == 4


def test_what_skopeo_published_is_a_base(registry, skopeo, tmp_path):
    publish(make_image(f"{registry}/library/python:oci", layers={"debian": layer("a", 200_000)}))
    for kind in ("oci", "v2s2"):
        skopeo(
            *("copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--format", kind),
            *(f"docker://{registry}/library/python:oci", f"docker://{registry}/base/{kind}:1"),
        )
        base = read_base(
            f"{registry}/base/{kind}:1",
            AMD64,
            registries=Registries(),
            progress=Told(),
            store=BlobStore(tmp_path / "blobs" / kind),
        )
        published = make_image(
            f"{registry}/acme/on-{kind}:1", layers={"c": layer("c")}, base=base.layers
        )

        _, told = publish(published)

        assert "1 blob sent" in told.steps[-1] and "mounted" in told.steps[-1]


def test_both_platforms_are_read_from_an_index(registry, skopeo):
    image = make_image(
        f"{registry}/acme/hello:1", layers={"c": layer("a")}, architectures=("amd64", "arm64")
    )
    publish(image)

    raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{registry}/acme/hello:1")

    assert raw.encode() == image.index.content
    for each in image.images:
        read = read_base(
            f"{registry}/acme/hello:1", each.platform, registries=Registries(), progress=Told()
        )
        assert read.manifest.descriptor.digest == each.manifest.descriptor.digest


def test_a_registry_without_referrers_gets_them_under_a_tag(registry, skopeo):
    name, layers = f"{registry}/acme/hello:1", {"c": layer("a")}
    image = make_image(name, layers=layers)
    artifacts = artifact(image.images[0].manifest)

    publish(make_image(name, layers=layers, artifacts=artifacts))

    repository = Registries().repository(registry, "acme/hello")
    (found,) = referrers(repository, image.digest)
    assert found.digest == artifacts[-1].descriptor.digest
    tag = image.digest.replace(":", "-")
    raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{registry}/acme/hello:{tag}")
    assert json.loads(raw)["manifests"][0]["digest"] == found.digest


def test_an_edit_sends_only_the_code(registry):
    wheels = layer("wheels", 1_000_000)
    publish(make_image(f"{registry}/acme/hello:1", layers={"wheels": wheels, "code": layer("1")}))

    _, told = publish(
        make_image(f"{registry}/acme/hello:1", layers={"wheels": wheels, "code": layer("2")})
    )

    assert told.steps[-1].startswith(f"published {registry}/acme/hello:1: 1 blob sent")


def test_large_blobs_go_in_chunks(registry, monkeypatch, tmp_path):
    monkeypatch.setattr("wherry_build.image.registry.upload.LIMIT_WHOLE_BYTES", 100_000)
    monkeypatch.setattr("wherry_build.image.registry.upload.CHUNK_BYTES", 300_000)
    content = os.urandom(1_000_000)
    image = make_image(f"{registry}/acme/hello:1", layers={"wheels": content})

    publish(image)

    read = read_base(
        f"{registry}/acme/hello:1",
        AMD64,
        registries=Registries(),
        progress=Told(),
        store=BlobStore(tmp_path / "other"),
    )
    with read.layers[0].open() as opened:
        assert opened.read() == content


def test_it_lets_in_those_whom_docker_login_would(guarded, tmp_path):
    image = make_image(f"{guarded}/acme/hello:1", layers={"c": layer("a")})
    with pytest.raises(AccessDenied) as caught:
        publish(image)
    assert caught.value.hint == f"docker login {guarded}"

    file = tmp_path / "docker" / "config.json"
    file.parent.mkdir()
    for password, is_right in (("wrong", False), (PASSWORD, True)):
        auth = base64.b64encode(f"ann:{password}".encode()).decode()
        file.write_text(json.dumps({"auths": {guarded: {"auth": auth}}}))
        if is_right:
            assert publish(image)[0].endswith(image.digest)
        else:
            with pytest.raises(AccessDenied, match="does not accept the credentials") as caught:
                publish(image)
            assert "wrong" not in str(caught.value)


@pytest.fixture
def tokens(tmp_path):
    """A registry that believes a token service; the registry's host, and the service."""
    authority, chain, key = write_certificates(tmp_path, "tokens.example.com")
    user = ("ann", PASSWORD)
    try:
        with token_service(chain, key, user=user) as service:
            said = {"realm": service.url, "service": SERVICE, "issuer": ISSUER, "file": authority}
            with distribution(tmp_path / "tokens", tokens=said) as host:
                auth = base64.b64encode(":".join(user).encode()).decode()
                (tmp_path / "docker").mkdir()
                file = tmp_path / "docker" / "config.json"
                file.write_text(json.dumps({"auths": {host: {"auth": auth}}}))
                yield host, service
    except ToolAbsentError as absent:
        pytest.skip(str(absent))


def test_tokens_are_asked_for_what_is_pushed_and_what_is_mounted(tokens):
    host, service = tokens
    publish(make_image(f"{host}/library/python:1", layers={"debian": layer("a", 100_000)}))
    base = read_base(f"{host}/library/python:1", AMD64, registries=Registries(), progress=Told())
    service.asked.clear()
    image = make_image(f"{host}/acme/hello:1", layers={"code": layer("c")}, base=base.layers)

    reference, told = publish(image)

    assert reference.endswith(image.digest)
    assert "mounted" in told.steps[-1]
    (asked,) = service.asked
    assert asked["scope"] == [
        "repository:acme/hello:pull,push",
        "repository:library/python:pull",
    ]


def test_what_may_not_be_mounted_is_sent(tokens):
    host, service = tokens
    publish(make_image(f"{host}/secret/base:1", layers={"debian": layer("a", 100_000)}))
    base = read_base(f"{host}/secret/base:1", AMD64, registries=Registries(), progress=Told())
    service.forbidden.add("secret/base")
    for each in base.layers:
        each.open().close()

    _, told = publish(make_image(f"{host}/acme/hello:1", layers={}, base=base.layers))

    assert "2 blobs sent" in told.steps[-1]


def test_what_is_not_there_is_said(registry):
    with pytest.raises(ImageNotFound, match="has no image acme/nothing:1"):
        read_base(f"{registry}/acme/nothing:1", AMD64, registries=Registries(), progress=Told())


def test_a_registry_here_that_speaks_tls_is_found_out(tmp_path, monkeypatch):
    authority, chain, key = write_certificates(tmp_path, "registry.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    try:
        with distribution(tmp_path / "registry", tls=(chain, key)) as host:
            # Sent at a time, so that several find it out.
            layers = {name: layer(name) for name in "abcdef"}
            image = make_image(f"{host}/acme/hello:1", layers=layers)
            assert publish(image)[0].endswith(image.digest)
    except ToolAbsentError as absent:
        pytest.skip(str(absent))


def test_a_registry_that_has_lost_a_blob_gets_it_again(registry):
    wheels = layer("wheels")
    first = make_image(f"{registry}/acme/hello:1", layers={"wheels": wheels, "code": layer("1")})
    publish(first)
    digest = first.images[0].layers[0].content.descriptor.digest
    lost = urllib.request.Request(
        f"http://{registry}/v2/acme/hello/blobs/{digest}", method="DELETE"
    )
    with urllib.request.urlopen(lost, timeout=30) as answer:
        assert answer.status == 202

    second = make_image(f"{registry}/acme/hello:1", layers={"wheels": wheels, "code": layer("2")})
    _, told = publish(second)

    assert any("has lost some" in step for step in told.steps)
    assert Registries().repository(registry, "acme/hello").has_blob(digest)
