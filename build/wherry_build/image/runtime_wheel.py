"""A wheel of the light runtime, made from the runtime that is running.

An image and the command that builds it are thereby one version. It holds the package `wherry` and
what it depends on as metadata, and nothing of the builder; the same files give the same bytes.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.util
import io
import os
import re
from pathlib import Path

from wherry_build.errors import RuntimeUnavailable
from wherry_build.values import frozen

_PACKAGE = "wherry"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_REQUIRES_PYTHON = ">=3.10"
_FORMAT = 2
"""How the files that are not the runtime's own are written; another number where they change."""
_REQUIREMENT = re.compile(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?\s*\(?([^@()\[\]]*)\)?\s*", re.ASCII)
_DEPENDENCIES = re.compile(r"^dependencies = (\[.*?^\])", re.MULTILINE | re.DOTALL)


@frozen
class Wheel:
    """A wheel: its file's name and its bytes."""

    name: str
    version: str
    content: bytes


def runtime_wheel() -> Wheel:
    """Pack the runtime.

    Raises:
        RuntimeUnavailable: Its files or its dependencies cannot be found.
    """
    version = runtime_version()
    return Wheel(
        name=f"{_PACKAGE}-{version}-py3-none-any.whl",
        version=version,
        content=_zipped(runtime_files()),
    )


def runtime_files() -> dict[str, bytes]:
    """The files of the runtime, as its wheel has them, by their paths.

    Raises:
        RuntimeUnavailable: Its files or its dependencies cannot be found.
    """
    package = _package_folder()
    version = _version(package)
    information = f"{_PACKAGE}-{version}.dist-info"
    files = {
        f"{_PACKAGE}/{file.relative_to(package).as_posix()}": file.read_bytes()
        for file in sorted(package.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    }
    files[f"{information}/METADATA"] = _metadata(version, _dependencies(package)).encode()
    files[f"{information}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: wherry\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{information}/RECORD"] = _record(files, f"{information}/RECORD")
    return files


def runtime_stamp() -> str:
    """One line that is another when a file of the runtime is another; no file is read for it.

    Raises:
        RuntimeUnavailable: Its files cannot be found.
    """
    package = _package_folder()
    beside = sorted(package.parent.glob(f"{_PACKAGE}-*.dist-info/METADATA"))
    declared = (package.parent.parent / "pyproject.toml", *beside)
    said = [f"format {_FORMAT}", str(package)]
    said += [_stamp(file.stat(), file.name) for file in declared if file.is_file()]
    folders = [str(package)]
    while folders:
        with os.scandir(folders.pop()) as found:
            for item in sorted(found, key=lambda item: item.name):
                if item.is_dir() and item.name != "__pycache__":
                    folders.append(item.path)
                elif item.is_file() and not item.name.endswith(".pyc"):
                    said.append(_stamp(item.stat(), item.path))
    return hashlib.sha256("\0".join(said).encode(errors="surrogateescape")).hexdigest()


def _stamp(status: os.stat_result, name: str) -> str:
    return f"{name} {status.st_size} {status.st_mtime_ns} {status.st_ino}"


def runtime_version() -> str:
    """The version of the runtime that is running."""
    return _version(_package_folder())


def runtime_requirements() -> tuple[str, ...]:
    """What the runtime depends on, as the metadata of its wheel has it.

    Raises:
        RuntimeUnavailable: Its files or its dependencies cannot be found.
    """
    return tuple(_dependencies(_package_folder()))


def _package_folder() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders or not Path(folders[0]).is_dir():
        raise RuntimeUnavailable(
            "the package 'wherry' is not in a folder", hint="pip install --upgrade wherry"
        )
    return Path(folders[0])


def _version(package: Path) -> str:
    source = (package / "_version.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            return str(node.value.value)
    raise RuntimeUnavailable(f"{package / '_version.py'}: no version")


def _dependencies(package: Path) -> list[str]:
    """What the runtime needs, written and sorted in one way whoever says so."""
    return sorted(map(_normalized, _said_dependencies(package)))


def _normalized(requirement: str) -> str:
    """`requirement` as PEP 508 has it, without blanks, its specifiers sorted, in double quotes.

    A build backend writes into METADATA what is in pyproject.toml, in an order of its own.
    """
    said, _, marker = requirement.partition(";")
    found = _REQUIREMENT.fullmatch(said)
    if found is None:
        return requirement.strip()  # at a URL, in which a comma may be anything
    name, extras, specifiers = found.groups()
    within = f"[{_sorted(extras)}]" if extras else ""
    condition = " ".join(marker.replace("'", '"').split())
    return f"{name}{within}{_sorted(specifiers)}" + (f"; {condition}" if condition else "")


def _sorted(listed: str) -> str:
    return ",".join(sorted("".join(part.split()) for part in listed.split(",") if part.strip()))


def _said_dependencies(package: Path) -> list[str]:
    """Those of the checkout if it is one, else of the installed distribution."""
    checkout = package.parent.parent / "pyproject.toml"
    if checkout.is_file():
        text = checkout.read_text(encoding="utf-8")
        array = _DEPENDENCIES.search(text)
        if 'name = "wherry"' in text and array is not None:
            # An array of plain strings reads the same in TOML and in Python.
            return [str(item) for item in ast.literal_eval(array.group(1))]
    return [item for item in _declared(package) if not re.search(r"\bextra\s*==", item)]


def _declared(package: Path) -> list[str]:
    """What the installed distribution needs, its extras included."""
    beside = package.parent / f"{_PACKAGE}-{_version(package)}.dist-info" / "METADATA"
    if beside.is_file():
        headers = beside.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
        named = (header.partition(": ") for header in headers)
        return [value.strip() for name, _, value in named if name == "Requires-Dist"]
    import importlib.metadata

    try:
        return importlib.metadata.distribution(_PACKAGE).requires or []
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeUnavailable(
            "the runtime's dependencies are unknown: no distribution 'wherry' is installed",
            hint="pip install wherry, or pip install -e . in a checkout",
        ) from None


def _metadata(version: str, dependencies: list[str]) -> str:
    return "\n".join(
        [
            "Metadata-Version: 2.1",
            f"Name: {_PACKAGE}",
            f"Version: {version}",
            "Summary: The light runtime of Wherry",
            "License: Apache-2.0",
            f"Requires-Python: {_REQUIRES_PYTHON}",
            *(f"Requires-Dist: {dependency}" for dependency in dependencies),
            "",
        ]
    )


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = [
        f"{path},sha256={_digest(content)},{len(content)}"
        for path, content in sorted(files.items())
    ]
    return "\n".join([*lines, f"{own},,", ""]).encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _zipped(files: dict[str, bytes]) -> bytes:
    """Stored, not deflated: deflate's output differs between versions of zlib."""
    import zipfile

    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression=zipfile.ZIP_STORED) as archive:
        for path, content in sorted(files.items(), key=lambda item: _order(item[0])):
            member = zipfile.ZipInfo(path, date_time=_EPOCH)
            member.create_system = 3
            member.external_attr = _MODE
            archive.writestr(member, content)
    return written.getvalue()


def _order(path: str) -> tuple[bool, bool, str]:
    return (".dist-info/" in path, path.endswith("/RECORD"), path)
