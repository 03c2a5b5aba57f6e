"""An image as one tar, for engines that read OCI and for those that do not."""

import hashlib
import json
import tarfile

import pytest

from wherry_build.errors import BuildError, ContentRefused
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.oci.archive import archive, write_archive
from wherry_build.values import replaced


def contents(file):
    with tarfile.open(file) as opened:
        members = opened.getmembers()
        assert all((each.uid, each.gid, each.mtime) == (0, 0, 0) for each in members)
        return {each.name: opened.extractfile(each).read() for each in members if each.isfile()}


def test_both_kinds_of_engines_find_the_image(make_image, tmp_path):
    image = make_image()
    write_archive(image, tmp_path / "out" / "image.tar")
    files = contents(tmp_path / "out" / "image.tar")
    assert list(files)[:3] == ["oci-layout", "index.json", "manifest.json"]
    for path, content in files.items():
        if path.startswith("blobs/sha256/"):
            assert hashlib.sha256(content).hexdigest() == path.rpartition("/")[2]
    (entry,) = json.loads(files["index.json"])["manifests"]
    assert entry["digest"] == image.digest
    (docker,) = json.loads(files["manifest.json"])
    assert docker["RepoTags"] == ["ghcr.io/acme/hello:1.0"]
    config = json.loads(files[docker["Config"]])
    assert f"sha256:{hashlib.sha256(files[docker['Config']]).hexdigest()}" == image.id
    assert len(docker["Layers"]) == len(config["rootfs"]["diff_ids"]) == 4
    assert all(layer in files for layer in docker["Layers"])


def test_of_several_platforms_the_first_is_for_engines_that_know_one(make_image, tmp_path):
    image = make_image("arm64", "amd64")
    write_archive(image, tmp_path / "image.tar")
    files = contents(tmp_path / "image.tar")
    (docker,) = json.loads(files["manifest.json"])
    assert json.loads(files[docker["Config"]])["architecture"] == "arm64"
    assert f"blobs/{image.digest.replace(':', '/')}" in files
    for each in image.images:
        assert f"blobs/{each.manifest.descriptor.digest.replace(':', '/')}" in files


@pytest.mark.parametrize(
    ("reference", "tags"),
    [
        ("hello", ["hello:latest"]),
        ("127.0.0.1:5000/hello", ["127.0.0.1:5000/hello:latest"]),
        (f"hello:1@sha256:{'0' * 64}", ["hello:1"]),
        (f"hello@sha256:{'0' * 64}", []),
    ],
)
def test_what_it_is_called(make_image, tmp_path, reference, tags):
    write_archive(make_image(reference=reference), tmp_path / "image.tar")
    (docker,) = json.loads(contents(tmp_path / "image.tar")["manifest.json"])
    assert docker["RepoTags"] == tags


def test_the_same_image_is_the_same_file(make_image, tmp_path):
    for name in ("one", "two"):
        write_archive(make_image("amd64", "arm64"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_layers_that_the_reader_has_are_left_out(make_image, tmp_path):
    image = make_image()
    known = [each.descriptor.digest for each in image.images[0].base]
    (tmp_path / "sparse").write_bytes(b"".join(archive(image, left_out=known)))
    files = contents(tmp_path / "sparse")
    (docker,) = json.loads(files["manifest.json"])
    absent = [layer for layer in docker["Layers"] if layer not in files]
    assert absent == [f"blobs/{digest.replace(':', '/')}" for digest in known]


def test_a_failure_leaves_no_file(make_image, tmp_path):
    image = make_image()
    false = BytesContent(descriptor=Descriptor.of(b"right", "x"), content=b"wrong")
    with pytest.raises(ContentRefused):
        write_archive(replaced(image, artifacts=(false,)), tmp_path / "image.tar")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match=r"image\.tar"):
        write_archive(image, tmp_path / "file" / "image.tar")
