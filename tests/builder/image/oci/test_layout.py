"""An image as a folder, an OCI layout."""

import hashlib
import json

import pytest

from wherry_build.errors import BuildError, ContentRefused, DestinationExists
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.oci.layout import write_layout
from wherry_build.image.oci.media_types import OCI_EMPTY, MediaTypes
from wherry_build.values import replaced

REF_NAME = "org.opencontainers.image.ref.name"


def read_index(folder):
    return json.loads((folder / "index.json").read_bytes())


def reachable(folder, digest, found=None):
    """The digests that can be reached from `digest`, each read and checked."""
    found = {} if found is None else found
    content = (folder / "blobs" / digest.replace(":", "/")).read_bytes()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
    found[digest] = len(content)
    if content.startswith(b"{"):
        document = json.loads(content)
        named = [*document.get("manifests", []), *document.get("layers", [])]
        for each in [
            *named,
            *([document["config"]] if "mediaType" in document and "config" in document else []),
        ]:
            reachable(folder, each["digest"], found)
            assert found[each["digest"]] == each["size"]
    return found


@pytest.mark.parametrize("platforms", [("amd64",), ("amd64", "arm64")])
def test_a_layout_holds_all_of_the_image(make_image, tmp_path, platforms):
    image = make_image(*platforms)
    write_layout(image, tmp_path / "new" / "layout")
    folder = tmp_path / "new" / "layout"
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = read_index(folder)["manifests"]
    assert entry["digest"] == image.digest
    assert entry["annotations"] == {
        REF_NAME: "1.0",
        "io.containerd.image.name": "ghcr.io/acme/hello:1.0",
    }
    assert ("platform" in entry) == (len(platforms) == 1)
    found = reachable(folder, entry["digest"])
    there = {f"sha256:{file.name}" for file in (folder / "blobs/sha256").iterdir()}
    assert there == set(found)


def test_the_same_image_is_the_same_folder(make_image, tmp_path, files_below):
    for name in ("one", "two"):
        write_layout(make_image(), tmp_path / name)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")
    before = files_below(tmp_path / "one")
    write_layout(make_image(), tmp_path / "one")
    assert files_below(tmp_path / "one") == before


def test_an_image_takes_the_place_of_one_with_its_tag_and_leaves_others(make_image, tmp_path):
    write_layout(make_image("amd64"), tmp_path)
    write_layout(make_image("amd64", reference="ghcr.io/acme/hello:2.0"), tmp_path)
    write_layout(make_image("arm64"), tmp_path)
    found = {each["annotations"][REF_NAME]: each for each in read_index(tmp_path)["manifests"]}
    assert set(found) == {"1.0", "2.0"}
    assert found["1.0"]["digest"] == make_image("arm64").digest
    for entry in found.values():
        reachable(tmp_path, entry["digest"])


@pytest.mark.parametrize("family", MediaTypes)
def test_what_is_about_an_image_is_found(make_image, tmp_path, family):
    image = make_image()
    empty = BytesContent.of(b"{}", OCI_EMPTY)
    document = {
        "schemaVersion": 2,
        "mediaType": family.manifest,
        "artifactType": "application/vnd.cyclonedx+json",
        "config": empty.descriptor.document(),
        "layers": [empty.descriptor.document()],
        "subject": image.images[0].manifest.descriptor.document(),
    }
    about = BytesContent.of(json.dumps(document).encode(), family.manifest)
    about = replaced(
        about,
        descriptor=replaced(about.descriptor, artifact_type="application/vnd.cyclonedx+json"),
    )
    write_layout(replaced(image, artifacts=(empty, about)), tmp_path)
    entry, second = read_index(tmp_path)["manifests"]
    assert entry["digest"] == image.digest
    assert second["artifactType"] == "application/vnd.cyclonedx+json"
    reachable(tmp_path, second["digest"])
    write_layout(replaced(image, artifacts=(empty, about)), tmp_path)
    assert len(read_index(tmp_path)["manifests"]) == 2


def test_a_folder_of_other_things_is_left_alone(make_image, tmp_path, files_below):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DestinationExists, match="expected an OCI layout"):
        write_layout(make_image(), tmp_path)
    assert files_below(tmp_path) == {"notes.txt": b"mine"}


@pytest.mark.parametrize("index", [b"", b"[]", b"{}", b'{"manifests": 1}', b'{"manifests": [1]}'])
def test_a_layout_that_is_broken_is_left_alone(make_image, tmp_path, index):
    (tmp_path / "oci-layout").write_text("{}")
    (tmp_path / "index.json").write_bytes(index)
    with pytest.raises(DestinationExists):
        write_layout(make_image(), tmp_path)
    assert (tmp_path / "index.json").read_bytes() == index


def test_a_folder_that_cannot_be_made_is_told(make_image, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="file"):
        write_layout(make_image(), tmp_path / "file" / "layout")


@pytest.mark.parametrize("content", [b"", b"other", b"right and more", b"righ"])
def test_bytes_that_are_not_those_of_their_digest_are_refused(make_image, tmp_path, content):
    image = make_image()
    false = BytesContent(descriptor=Descriptor.of(b"right", "x"), content=content)
    image = replaced(image, images=(replaced(image.images[0], base=(false,)),))
    with pytest.raises(ContentRefused, match="something else"):
        write_layout(image, tmp_path / "layout")
    assert not (tmp_path / "layout/index.json").exists()
    blob = tmp_path / "layout/blobs" / false.descriptor.digest.replace(":", "/")
    assert not blob.exists()
    assert not list(tmp_path.rglob("*.part"))


def test_an_empty_blob(make_image, tmp_path):
    image = make_image()
    empty = BytesContent.of(b"", "x")
    write_layout(replaced(image, artifacts=(empty,)), tmp_path)
    assert (tmp_path / "blobs" / empty.descriptor.digest.replace(":", "/")).read_bytes() == b""
