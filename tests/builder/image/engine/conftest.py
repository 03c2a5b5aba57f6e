"""Images made by hand: what an engine gives, without one."""

import gzip
import hashlib
import io
import tarfile

import pytest

from wherry_build.image.content import BytesContent, Descriptor, FileContent
from wherry_build.image.engine import BuiltImage, Layer, PlatformImage
from wherry_build.image.platform import Platform

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
AMD64 = Platform(architecture="amd64")


def tarball(files):
    """A compressed layer that holds `files`; its content and the digest of its tar."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    diff_id = f"sha256:{hashlib.sha256(written.getvalue()).hexdigest()}"
    return BytesContent.of(gzip.compress(written.getvalue(), mtime=0), LAYER), diff_id


@pytest.fixture
def make_image(tmp_path):
    """An image of layers in files: `make_image({"code": {"srv/function/a.py": b""}})`."""

    def make_image(layers, *, platform=AMD64, base=b"base", reference="acme/hello:1"):
        made = []
        for purpose, files in layers.items():
            content, diff_id = tarball(files)
            file = tmp_path / "layers" / content.descriptor.digest[7:]
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content.content)
            made.append(
                Layer(
                    content=FileContent(descriptor=content.descriptor, file=file),
                    diff_id=diff_id,
                    purpose=purpose,
                    size_bytes=sum(map(len, files.values())),
                )
            )
        below = BytesContent.of(base, LAYER)
        named = ",".join(layer.diff_id for layer in made) + below.descriptor.digest
        config = BytesContent.of(named.encode(), "application/vnd.oci.image.config.v1+json")
        manifest = BytesContent.of(
            config.descriptor.digest.encode(), "application/vnd.oci.image.manifest.v1+json"
        )
        return BuiltImage(
            reference=reference,
            digest=manifest.descriptor.digest,
            id=config.descriptor.digest,
            size_bytes=1,
            platforms=(platform,),
            images=(
                PlatformImage(
                    platform=platform,
                    manifest=manifest,
                    config=config,
                    base=(below,),
                    layers=tuple(made),
                ),
            ),
            artifacts=(BytesContent.of(b"{}", "application/json"),),
            base=f"python:3.12@{Descriptor.of(base, LAYER).digest}",
        )

    return make_image
