"""Images and artifacts made by hand, and a progress that keeps what it is told."""

import hashlib
import json

from wherry_build.image.content import BytesContent
from wherry_build.image.engine import BuiltImage, Layer, PlatformImage
from wherry_build.image.platform import Platform
from wherry_build.values import replaced

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Told:
    """Keeps what it is told; `Progress`."""

    def __init__(self):
        self.steps = []
        self.moves = []

    def step(self, text):
        self.steps.append(text)

    def moved(self, what, done_bytes, total_bytes):
        self.moves.append((what, done_bytes, total_bytes))


def named(content):
    """A descriptor as manifests have it."""
    return content.descriptor.document()


def make_image(reference, *, layers, base=(), architectures=("amd64",), artifacts=()):
    """An image: `make_image("127.0.0.1:1/acme/hello:1", layers={"code": b"..."}, base=(...))`."""
    images = []
    for architecture in architectures:
        made = tuple(
            Layer(
                content=BytesContent.of(content, LAYER),
                diff_id=f"sha256:{hashlib.sha256(content).hexdigest()}",
                purpose=purpose,
                size_bytes=len(content),
            )
            for purpose, content in layers.items()
        )
        config = BytesContent.of(
            json.dumps({"os": "linux", "architecture": architecture}).encode(), CONFIG
        )
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": named(config),
            "layers": [named(each) for each in (*base, *(layer.content for layer in made))],
        }
        images.append(
            PlatformImage(
                platform=Platform(architecture=architecture),
                manifest=BytesContent.of(json.dumps(document).encode(), MANIFEST),
                config=config,
                base=tuple(base),
                layers=made,
            )
        )
    index = None
    if len(images) > 1:
        manifests = [
            replaced(image.manifest.descriptor, platform=image.platform).document()
            for image in images
        ]
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        index = BytesContent.of(json.dumps(document).encode(), INDEX)
    top = index or images[0].manifest
    return BuiltImage(
        reference=reference,
        digest=top.descriptor.digest,
        id=images[0].config.descriptor.digest,
        size_bytes=0,
        platforms=tuple(image.platform for image in images),
        images=tuple(images),
        index=index,
        artifacts=tuple(artifacts),
    )


def artifact(subject, content=b"sbom"):
    """A manifest about `subject`, after the blobs that it names."""
    empty = BytesContent.of(b"{}", "application/vnd.oci.empty.v1+json")
    blob = BytesContent.of(content, "application/spdx+json")
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/spdx+json",
        "config": named(empty),
        "layers": [named(blob)],
        "subject": named(subject),
        "annotations": {"made": "here"},
    }
    return empty, blob, BytesContent.of(json.dumps(document).encode(), MANIFEST)
