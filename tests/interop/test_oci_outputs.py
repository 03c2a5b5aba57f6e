"""What is written is what others read: Docker loads it, skopeo copies it, OCI's schemas take it."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from tests.builder.image.oci.conftest import (  # noqa: F401 - fixtures
    make_base,
    make_image,
    make_layer,
    progress,
)
from tests.interop.conftest import docker

from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.oci.archive import archive, write_archive
from wherry_build.image.oci.document import platform_image
from wherry_build.image.oci.engine_socket import local_engine
from wherry_build.image.oci.layout import write_layout
from wherry_build.image.oci.load import load
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.image.oci.settings import function_settings
from wherry_build.values import replaced

pytestmark = pytest.mark.interop

REFERENCE = "wherry-interop/outputs:1.0"
SPECIFICATION = "github.com/opencontainers/image-spec@v1.1.1"


@pytest.fixture
def engine():
    """The Docker Engine; what is loaded is removed at last."""
    if shutil.which("docker") is None:
        pytest.skip("docker not found")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no Docker Engine answers")
    yield local_engine()
    docker("rmi", "--force", REFERENCE, check=False)


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
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return skopeo


@pytest.fixture(scope="session")
def containerd():
    """A containerd of the tests' own, as Docker's image store stands on: `containerd("import")`."""
    if shutil.which("containerd") is None or shutil.which("ctr") is None:
        pytest.skip("containerd or ctr not found")
    if os.getuid() != 0:
        pytest.skip("containerd runs as root alone")
    folder = Path(tempfile.mkdtemp(prefix="wherry-ctd-", dir="/tmp"))  # a socket's path is short
    address = folder / "socket"
    places = ["--root", folder / "root", "--state", folder / "state", "--address", address]
    (folder / "config.toml").write_text(
        'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
    )
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            ["containerd", "--config", folder / "config.toml", *places], stdout=log, stderr=log
        )

    def ctr(*arguments, check=True):
        command = ["ctr", "--address", address, "--namespace", "test", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if done.returncode == 0 else ""

    try:
        deadline = time.monotonic() + 60
        while not (address.exists() and ctr("version", check=False)):
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield ctr
    finally:
        running.terminate()
        running.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def schemas():
    """Validators of the OCI image specification, by name; its module holds the schemas."""
    if shutil.which("go") is None:
        pytest.skip("go not found, which fetches OCI's schemas")
    done = subprocess.run(
        ["go", "mod", "download", "-json", SPECIFICATION],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
    )
    said = json.loads(done.stdout or "{}")
    if done.returncode != 0 or "Dir" not in said:
        pytest.skip(f"{SPECIFICATION}: {said.get('Error', done.stderr.strip())}")
    from jsonschema import Draft4Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT4

    folder = Path(said["Dir"]) / "schema"
    documents = {file.name: json.loads(file.read_text()) for file in folder.glob("*.json")}
    known = Registry()
    for name, document in documents.items():
        resource = Resource(contents=document, specification=DRAFT4)
        for address in (name, f"https://opencontainers.org/schema/image/{name}"):
            known = known.with_resource(address, resource)
        known = known.with_resource(f"https://opencontainers.org/schema/{name}", resource)
    kinds = ("config", "image-manifest", "image-index", "image-layout")
    return {
        kind: Draft4Validator(documents[f"{kind}-schema.json"], registry=known) for kind in kinds
    }


def diff_ids(image):
    return json.loads(image.images[0].config.content)["rootfs"]["diff_ids"]


@pytest.mark.parametrize("media", MediaTypes)
def test_docker_loads_the_tar(make_image, engine, tmp_path, media):  # noqa: F811
    image = make_image(reference=REFERENCE, media=media)
    write_archive(image, tmp_path / "image.tar")
    assert REFERENCE in docker("load", "--input", tmp_path / "image.tar")
    said = engine.inspect(REFERENCE)
    assert said["Id"] in {image.id, image.digest}
    assert said["RootFS"]["Layers"] == diff_ids(image)
    run = said["Config"]
    assert run["User"] == "65532:65532"
    assert run["Entrypoint"] == ["python3", "-m", "wherry"]
    assert not run["Cmd"]
    assert run["StopSignal"] == "SIGTERM"
    assert run["Healthcheck"]["Test"][0] == "CMD"
    assert set(run["ExposedPorts"]) == {"8080/tcp"}


def test_docker_loads_the_tar_of_several_platforms(make_image, engine, tmp_path):  # noqa: F811
    image = make_image("amd64", "arm64", reference=REFERENCE)
    write_archive(image, tmp_path / "image.tar")
    docker("load", "--input", tmp_path / "image.tar")
    assert engine.inspect(REFERENCE)["Architecture"] == "amd64"


def test_an_edit_is_loaded_by_its_layer_alone(
    make_image,  # noqa: F811
    make_base,  # noqa: F811
    make_layer,  # noqa: F811
    engine,
    progress,  # noqa: F811
    tmp_path,
):
    noise = {"noise": bytes(range(256)) * 4000, "usr/bin/python3": "python3.12"}
    base = make_base(noise)
    images = {}
    for text in (b"first", b"second"):
        code = make_layer("code", **{"handler.py": text})
        made = platform_image(base, [code], function_settings("hello"))
        images[text] = replaced(
            make_image(reference=REFERENCE),
            images=(made,),
            id=made.config.descriptor.digest,
            digest=made.manifest.descriptor.digest,
        )
        load(images[text], engine, progress)
        done, total = progress.bytes[f"loading {REFERENCE}"]
        assert done == total
        said = engine.inspect(REFERENCE)
        assert said["Id"] in {images[text].id, images[text].digest}
        container = docker("create", REFERENCE)
        docker("cp", f"{container}:/srv/function/handler.py", tmp_path / "handler.py")
        docker("cp", f"{container}:/noise", tmp_path / "noise")
        docker("rm", container)
        assert (tmp_path / "handler.py").read_bytes() == text
        assert (tmp_path / "noise").read_bytes() == noise["noise"]
    if said.get("GraphDriver", {}).get("Name") == "overlay2":
        base_bytes = base.layers[0].descriptor.size_bytes
        documents = images[b"second"].images[0]
        sent = sum(each.descriptor.size_bytes for each in (documents.config, documents.manifest))
        assert total == sent + documents.layers[0].content.descriptor.size_bytes
        assert base_bytes > 0
    before = dict(progress.bytes)
    progress.bytes.clear()
    load(images[b"second"], engine, progress)
    assert progress.bytes == {} != before, "it is there, and nothing is sent"


@pytest.mark.parametrize("media", MediaTypes)
@pytest.mark.parametrize("platforms", [("amd64",), ("amd64", "arm64")])
def test_containerd_imports_the_tar(make_image, containerd, tmp_path, media, platforms):  # noqa: F811
    name = f"ghcr.io/acme/{media.name.lower()}-{len(platforms)}:1.0"
    image = make_image(*platforms, reference=name, media=media)
    write_archive(image, tmp_path / "image.tar")
    containerd("images", "import", "--no-unpack", "--all-platforms", tmp_path / "image.tar")
    lines = containerd("images", "ls").splitlines()
    (line,) = [each.split() for each in lines if each.startswith(name)]
    assert line[2] == image.digest
    assert all(f"linux/{platform}" in line[-2] for platform in platforms)


def test_containerd_wants_every_layer(make_image, containerd, tmp_path):  # noqa: F811
    """Why its store is sent all of an image, whatever it has."""
    image = make_image(reference="ghcr.io/acme/sparse:1.0")
    digest = image.images[0].layers[0].content.descriptor.digest
    lacking = Descriptor.of(b"not there", MediaTypes.OCI.layer)
    manifest = image.images[0].manifest
    changed = manifest.content.replace(digest.encode(), lacking.digest.encode())
    again = BytesContent.of(changed, manifest.descriptor.media_type)
    made = replaced(image.images[0], manifest=again)
    image = replaced(image, images=(made,), digest=again.descriptor.digest)
    (tmp_path / "sparse.tar").write_bytes(b"".join(archive(image)))
    assert not containerd("images", "import", "--no-unpack", tmp_path / "sparse.tar", check=False)


def test_skopeo_reads_the_layout(make_image, skopeo, tmp_path):  # noqa: F811
    image = make_image(reference=REFERENCE)
    write_layout(image, tmp_path / "layout")
    said = json.loads(skopeo("inspect", f"oci:{tmp_path}/layout:1.0"))
    assert said["Digest"] == image.digest
    assert said["Layers"] == [
        each["digest"] for each in json.loads(image.images[0].manifest.content)["layers"]
    ]
    skopeo("copy", "--preserve-digests", f"oci:{tmp_path}/layout:1.0", f"dir:{tmp_path}/copy")
    copied = (tmp_path / "copy/manifest.json").read_bytes()
    assert copied == image.images[0].manifest.content


def test_skopeo_copies_each_platform(make_image, skopeo, tmp_path):  # noqa: F811
    image = make_image("amd64", "arm64", reference=REFERENCE)
    write_layout(image, tmp_path / "layout")
    source, copy = f"oci:{tmp_path}/layout:1.0", f"oci:{tmp_path}/copy:1.0"
    skopeo("copy", "--all", "--preserve-digests", source, copy)
    raw = skopeo("inspect", "--raw", copy)
    assert json.loads(raw) == json.loads(image.index.content)
    for architecture in ("amd64", "arm64"):
        said = json.loads(skopeo(f"--override-arch={architecture}", "inspect", copy))
        assert said["Architecture"] == architecture


def test_skopeo_reads_the_tar_as_oci(make_image, skopeo, tmp_path):  # noqa: F811
    image = make_image(reference=REFERENCE)
    write_archive(image, tmp_path / "image.tar")
    said = json.loads(skopeo("inspect", "--config", f"oci-archive:{tmp_path}/image.tar:1.0"))
    assert said["rootfs"]["diff_ids"] == diff_ids(image)


@pytest.mark.parametrize("media", MediaTypes)
def test_skopeo_reads_the_tar_as_dockers(make_image, skopeo, tmp_path, media):  # noqa: F811
    image = make_image(reference=REFERENCE, media=media)
    write_archive(image, tmp_path / "image.tar")
    source = f"docker-archive:{tmp_path}/image.tar:{REFERENCE}"
    said = json.loads(skopeo("inspect", "--config", source))
    assert said["rootfs"]["diff_ids"] == diff_ids(image)
    assert said["config"]["User"] == "65532:65532"


def test_the_schemas_of_oci_take_every_document(make_image, schemas, tmp_path):  # noqa: F811
    image = make_image("amd64", "arm64", reference=REFERENCE)
    write_layout(image, tmp_path)
    for each in image.images:
        schemas["config"].validate(json.loads(each.config.content))
        schemas["image-manifest"].validate(json.loads(each.manifest.content))
    schemas["image-index"].validate(json.loads(image.index.content))
    schemas["image-index"].validate(json.loads((tmp_path / "index.json").read_bytes()))
    schemas["image-layout"].validate(json.loads((tmp_path / "oci-layout").read_bytes()))


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("config", {"os": "linux"}),
        ("image-manifest", {"schemaVersion": 1}),
        ("image-index", {"schemaVersion": 2, "manifests": [{"digest": "x"}]}),
        ("image-layout", {}),
    ],
)
def test_the_schemas_are_not_content_with_anything(schemas, kind, document):
    assert not schemas[kind].is_valid(document)
