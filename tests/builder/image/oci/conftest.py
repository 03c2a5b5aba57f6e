"""Bases that are made in the test, and images on them."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from wherry_build.image.content import BytesContent
from wherry_build.image.engine import BuiltImage
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.entry import Entry
from wherry_build.image.layers.tarball import layer
from wherry_build.image.oci.base import base_image
from wherry_build.image.oci.document import image_index, platform_image
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.image.oci.settings import function_settings
from wherry_build.image.platform import Platform

GLIBC = b"\x7fELF..GNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.\n"
MUSL = b"\x7fELF\0127.0.0.1\0\x001.2.5\0abc"
GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


class Steps:
    """A progress that keeps what it is told."""

    def __init__(self):
        self.steps = []
        self.bytes = {}

    def step(self, text):
        self.steps.append(text)

    def moved(self, what, done_bytes, total_bytes):
        self.bytes[what] = (done_bytes, total_bytes)


@pytest.fixture
def progress():
    return Steps()


def tarred(files):
    """A tar of `files`: bytes are files, text is a link, None a folder."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if member.isfile() else None)
    return written.getvalue()


def layer_content(files, media_type=GZIP):
    plain = files if isinstance(files, bytes) else tarred(files)
    content = gzip.compress(plain, mtime=0) if media_type.endswith("gzip") else plain
    return BytesContent.of(content, media_type), f"sha256:{hashlib.sha256(plain).hexdigest()}"


@pytest.fixture
def make_base():
    """A base of layers, each the files in it: `make_base({"usr/bin/python3": ...}, env=[...])`."""

    def make_base(
        *layers,
        env=(),
        labels=None,
        media=MediaTypes.OCI,
        architecture="amd64",
        reference="python:3.12-slim",
        layer_media_type=None,
        config=(),
        settings=(),
    ):
        made = [layer_content(files, layer_media_type or media.layer) for files in layers]
        configured = json.dumps(
            {
                "architecture": architecture,
                "os": "linux",
                "config": {
                    "Env": list(env),
                    **({"Labels": labels} if labels else {}),
                    **dict(settings),
                },
                "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in made]},
                **dict(config),
            }
        ).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": media.manifest,
            "config": BytesContent.of(configured, media.config).descriptor.document(),
            "layers": [content.descriptor.document() for content, _ in made],
        }
        return base_image(
            reference,
            Platform(architecture=architecture),
            manifest=BytesContent.of(json.dumps(manifest).encode(), media.manifest),
            config=configured,
            layers=[content for content, _ in made],
        )

    return make_base


@pytest.fixture
def make_layer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layers")

    def make_layer(purpose="code", media=MediaTypes.OCI, **files):
        files = files or {"handler.py": b"def handle(request): ...\n"}
        entries = [
            Entry(path=f"srv/function/{path}", content=content) for path, content in files.items()
        ]
        return layer(entries, purpose=purpose, cache=LayerCache(folder), media=media)

    return make_layer


@pytest.fixture
def make_image(make_base, make_layer):
    """A built image of one platform or of several."""

    def make_image(*architectures, reference="ghcr.io/acme/hello:1.0", media=MediaTypes.OCI):
        images = tuple(
            platform_image(
                make_base(
                    {"usr/bin/python3": "python3.12", "etc/arch": architecture.encode()},
                    {"usr/lib/x": b"x" * 1000},
                    architecture=architecture,
                    media=media,
                    env=["PATH=/usr/bin"],
                ),
                [make_layer("runtime", media, **{"r.py": b"1"}), make_layer("code", media)],
                function_settings("hello"),
            )
            for architecture in architectures or ("amd64",)
        )
        index = image_index(images) if len(images) > 1 else None
        top = (index or images[0].manifest).descriptor
        return BuiltImage(
            reference=reference,
            digest=top.digest,
            id=top.digest if index else images[0].config.descriptor.digest,
            size_bytes=1,
            platforms=tuple(image.platform for image in images),
            images=images,
            index=index,
        )

    return make_image


@pytest.fixture
def files_below():
    """The content of each file below a folder, by its path."""

    def files_below(folder):
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in Path(folder).rglob("*")
            if path.is_file()
        }

    return files_below
