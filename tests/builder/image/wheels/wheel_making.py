"""Makes wheels and source distributions of a few lines, good ones and bad ones."""

import base64
import hashlib
import io
import tarfile
import zipfile

from wherry_build.image.platform import Platform
from wherry_build.image.wheels.locked import LockedWheel
from wherry_build.image.wheels.target import Target

AMD64 = Target(python=(3, 12), platform=Platform(architecture="amd64"), libc_version=(2, 36))
ARM64 = Target(python=(3, 12), platform=Platform(architecture="arm64"), libc_version=(2, 36))
MUSL = Target(
    python=(3, 12), platform=Platform(architecture="amd64"), libc="musl", libc_version=(1, 2)
)


def digest(content):
    """The SHA-256 of `content`, as RECORD has it."""
    hashed = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def elf(machine=62, *, bits=64, is_big_endian=False):
    """The first bytes of a shared library."""
    order = "big" if is_big_endian else "little"
    identification = b"\x7fELF" + bytes([2 if bits == 64 else 1, 2 if is_big_endian else 1, 1])
    return identification.ljust(16, b"\0") + (3).to_bytes(2, order) + machine.to_bytes(2, order)


def wheel(
    name="hello",
    version="1.0",
    *,
    files=None,
    requires=(),
    tag="py3-none-any",
    extras=(),
    record=None,
    wheel_version="1.0",
    members=(),
):
    """The bytes of a wheel.

    `record` takes the rows and gives others; `members` are written as they are, unrecorded.
    """
    folder = name.replace("-", "_")
    information = f"{folder}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Provides-Extra: {extra}" for extra in extras]
    metadata += [f"Requires-Dist: {item}" for item in requires]
    contents = dict({f"{folder}/__init__.py": b"x = 1\n"} if files is None else files)
    contents[f"{information}/METADATA"] = "\n".join([*metadata, ""]).encode()
    contents[f"{information}/WHEEL"] = (
        f"Wheel-Version: {wheel_version}\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    ).encode()
    rows = [f'"{path}",{digest(content)},{len(content)}' for path, content in contents.items()]
    rows.append(f"{information}/RECORD,,")
    if record is not None:
        rows = record(rows)
    contents[f"{information}/RECORD"] = "\n".join([*rows, ""]).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in contents.items():
            item = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            archive.writestr(item, content, zipfile.ZIP_DEFLATED)
        for member, content in members:
            archive.writestr(member, content)
    return written.getvalue()


def wheel_name(name="hello", version="1.0", tag="py3-none-any"):
    """The name of a wheel's file."""
    return f"{name.replace('-', '_')}-{version}-{tag}.whl"


def put(folder, name="hello", version="1.0", *, tag="py3-none-any", **said):
    """Write a wheel into `folder`; its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / wheel_name(name, version, tag)
    file.write_bytes(wheel(name, version, tag=tag, **said))
    return file


def locked(content, *, name="hello", version="1.0", url="", size=None, file_name=""):
    """What a lock says of the wheel `content`."""
    file_name = file_name or wheel_name(name, version)
    return LockedWheel(
        name=name,
        version=version,
        file_name=file_name,
        sha256=hashlib.sha256(content).hexdigest(),
        url=url or f"https://files.test/{file_name}",
        size_bytes=size,
    )


def source(name="hello", version="1.0", *, files):
    """The bytes of a source distribution with `files`."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        contents = {
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", **files
        }  # fmt: skip
        for path, text in contents.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return written.getvalue()
