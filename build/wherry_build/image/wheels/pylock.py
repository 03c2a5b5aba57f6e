"""Reads a lock in the standard format (pylock.toml) and takes from it what fits a target.

Source: the pylock.toml specification of packaging.python.org. No I/O.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockSelectError,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from wherry_build.errors import RequirementsInvalid, WheelNotFound
from wherry_build.image.wheels.locked import (
    LockedFile,
    LockedSource,
    LockedWheel,
    file_name_of,
    file_url,
    without_credentials,
)
from wherry_build.image.wheels.requirements import Requirements
from wherry_build.image.wheels.target import WAYS_OUT, Target

if TYPE_CHECKING:
    from packaging.markers import Environment


def toml_document(text: str, file: Path) -> dict[str, Any]:
    """The TOML in `text`.

    Raises:
        RequirementsInvalid: It is none.
    """
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        return dict(toml.loads(text))
    except toml.TOMLDecodeError as error:
        raise RequirementsInvalid(f"{file}: {error}, expected TOML") from None


def has_project(requirements: Requirements) -> bool:
    """Whether a pyproject.toml is of a project at all, and not of tools' settings alone.

    Raises:
        RequirementsInvalid: It lists its dependencies in a way that is not the standard one.
    """
    document = toml_document(requirements.text, requirements.file)
    if "project" in document:
        return True
    if "dependencies" in document.get("tool", {}).get("poetry", {}):
        raise RequirementsInvalid(
            f"{requirements.file}: the dependencies are in Poetry's own table, expected [project]",
            hint="poetry export -o requirements.txt",
        )
    return False


def selected(
    text: str,
    file: Path,
    target: Target,
    *,
    hashes: Mapping[str, frozenset[str]] | None = None,
) -> tuple[LockedFile, ...]:
    """What a lock has for `target`, sorted by name: wheels, and sources where there is none.

    Args:
        text: The lock.
        file: Where it is, or what it was made of; named in errors, and where paths start.
        target: What the wheels are for.
        hashes: By name, the SHA-256 digests that are allowed; None allows all in the lock.

    Raises:
        RequirementsInvalid: It is no such lock, or not for this Python.
        WheelNotFound: A package has nothing that fits.
    """
    document = toml_document(text, file)
    if hashes is not None:
        _keep(document, hashes)
    try:
        lock = Pylock.from_dict(document)
    except (PylockValidationError, PylockUnsupportedVersionError) as error:
        raise RequirementsInvalid(f"{file}: {error}, expected a lock (pylock.toml 1.0)") from None
    try:
        return tuple(sorted(_chosen(lock, file, target), key=lambda item: item.name))
    except PylockSelectError as error:
        raise WheelNotFound(f"{file}: for {target}: {error}", hint=WAYS_OUT) from None
    except ValueError as error:
        raise RequirementsInvalid(f"{file}: {error}") from None


def _keep(document: dict[str, Any], hashes: Mapping[str, frozenset[str]]) -> None:
    """Take the files out of `document` that have another hash than those allowed."""
    for package in document.get("packages", ()):
        allowed = hashes.get(str(package.get("name")))
        if allowed is None:
            continue
        wheels = [
            wheel
            for wheel in package.get("wheels", ())
            if wheel.get("hashes", {}).get("sha256") in allowed
        ]
        has_source = package.get("sdist", {}).get("hashes", {}).get("sha256") in allowed
        if not wheels and not has_source and "archive" not in package:
            raise RequirementsInvalid(
                f"{package.get('name')}: no file of {package.get('version')} has a hash that the "
                "requirements allow",
                hint="make the hashes anew",
            )
        package["wheels"] = wheels
        if not has_source:
            package.pop("sdist", None)


def _chosen(lock: Pylock, file: Path, target: Target) -> list[LockedFile]:
    chosen = []
    environment = cast("Environment", target.environment())
    for package, source in lock.select(environment=environment, tags=target.tags()):
        kind = type(source).__name__
        if kind not in {"PackageWheel", "PackageSdist", "PackageArchive"}:
            raise WheelNotFound(
                f"{file}: {package.name} is locked to {_where(kind)}, expected a file with a hash",
                hint=f"make a wheel of it: pip wheel --no-deps ... ; {WAYS_OUT}",
            )
        chosen.append(_locked(package, source, file, target))  # type: ignore[arg-type]
    return chosen


def _where(kind: str) -> str:
    return {"PackageVcs": "a repository", "PackageDirectory": "a folder"}.get(kind, kind)


def _locked(
    package: Package,
    source: PackageWheel | PackageSdist | PackageArchive,
    file: Path,
    target: Target,
) -> LockedFile:
    sha256 = source.hashes.get("sha256")
    if sha256 is None:
        raise RequirementsInvalid(
            f"{file}: {package.name}: got hashes {', '.join(sorted(source.hashes))}, expected "
            "sha256"
        )
    url = source.url or file_url(file.parent, source.path or "")
    name = getattr(source, "name", None) or file_name_of(url)
    kind = LockedWheel if name.endswith(".whl") else LockedSource
    if kind is LockedWheel:
        check_fits(name, target)
    return kind(
        name=package.name,
        version=str(package.version or version_of(name)),
        file_name=name,
        sha256=sha256.lower(),
        url=without_credentials(url),
        size_bytes=source.size,
    )


def check_fits(file_name: str, target: Target) -> None:
    """Check that the wheel called `file_name` runs on `target`.

    Raises:
        WheelNotFound: It does not.
    """
    try:
        tags = parse_wheel_filename(file_name)[3]
    except InvalidWheelFilename:
        raise WheelNotFound(f"{file_name}: no name of a wheel") from None
    if tags.isdisjoint(target.tags()):
        raise WheelNotFound(f"{file_name}: does not run on {target}", hint=WAYS_OUT)


def version_of(file_name: str) -> str:
    """The version in the name of a wheel or of a source distribution."""
    try:
        if file_name.endswith(".whl"):
            return str(parse_wheel_filename(file_name)[1])
        return str(parse_sdist_filename(file_name)[1])
    except (InvalidSdistFilename, InvalidWheelFilename):
        raise ValueError(f"{file_name}: no version in its name") from None
