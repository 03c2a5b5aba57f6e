"""What a build stands on, made here: a tiny base image in a registry, and wheels in a folder."""

import base64
import gzip
import hashlib
import io
import re
import sys
import tarfile
import zipfile

from wherry_build.image.runtime_wheel import runtime_requirements

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LINKER = {
    "amd64": ("lib/x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "arm64": ("lib/aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


FOLDERS = ("tmp", "opt", "srv", "usr", "usr/bin")


def add_base(registry, repository="base/python", tag="1", *, folders=FOLDERS):
    """Put a base for amd64 and arm64 into `registry`: its reference, and its index's digest."""
    manifests = []
    for architecture, (folder, linker) in _LINKER.items():
        layer = _base_layer(folder, linker, folders)
        config = {
            "os": "linux",
            "architecture": architecture,
            "config": {"Env": ["PATH=/usr/bin", f"PYTHON_VERSION={PYTHON}.4"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]},
            "history": [{"created_by": "debootstrap"}],
        }
        digest = registry.add_image(
            repository, "", layers=(layer,), config=config, architecture=architecture
        )
        content = registry.manifests[repository][digest][1]
        manifests.append(
            {
                "mediaType": MANIFEST,
                "digest": digest,
                "size": len(content),
                "platform": {"os": "linux", "architecture": architecture},
            }
        )
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    digest = registry.add_manifest(repository, tag, index, INDEX)
    return f"{registry.host}/{repository}:{tag}", digest


def _base_layer(folder, linker, folders):
    files = {
        "etc/os-release": b'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
        f"usr/{folder}/libc.so.6": b"GNU C Library (Debian) stable release version 2.36.",
        f"usr/{folder}/{linker}": b"",
        f"usr/bin/python{PYTHON}": b"",
        f"usr/lib/python{PYTHON}/os.py": b"",
    }
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for top in folders:
            member = tarfile.TarInfo(top)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        link = tarfile.TarInfo("usr/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, f"python{PYTHON}"
        archive.addfile(link)
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(written.getvalue(), mtime=0)


def make_wheel(folder, name, version, files=None, *, tag="py3-none-any", requires=()):
    """Write a wheel; its file."""
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{version}"
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {each}" for each in requires),
        "",
    ]
    members = {
        **(files or {f"{re.sub(r'[-_.]+', '_', name)}.py": f"VERSION = {version!r}\n".encode()}),
        f"{stem}.dist-info/METADATA": "\n".join(metadata).encode(),
        f"{stem}.dist-info/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
        ),
    }
    record = [f"{path},sha256={_record_hash(each)},{len(each)}" for path, each in members.items()]
    members[f"{stem}.dist-info/RECORD"] = "\n".join(
        [*record, f"{stem}.dist-info/RECORD,,", ""]
    ).encode()
    file = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in members.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return file


def add_runtime_wheels(folder):
    """Write wheels with nothing in them of what the runtime depends on."""
    for requirement in runtime_requirements():
        name, lowest = re.match(r"([A-Za-z0-9_.-]+)[^;]*>=([0-9.]+)", requirement).groups()
        make_wheel(folder, name, lowest)


def _record_hash(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Ground:
    """A registry with a base in it, and wheels; what a build keeps is kept for all tests.

    `arguments` are what a build on it is asked with besides.
    """

    def __init__(self, folder, registry):
        self.cache = folder / "cache"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        add_runtime_wheels(self.wheels)
        self.registry = registry
        self.base, self.base_digest = add_base(registry)
        self.arguments = ("--base", self.base, "--wheels", str(self.wheels), "--no-index")

    def reference(self, name):
        """The name of an image in the registry."""
        return f"{self.registry.host}/{name}"
