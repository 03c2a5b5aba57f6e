"""Takes from uv's own lock (uv.lock) what fits a target, without uv.

The lock is a graph: packages, each with what it needs under which marker. It is walked from the
project that it is the lock of, through its dependencies and no development groups. No I/O.
Source: what uv 0.13 writes, `version = 1`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import create_compatible_tags_selector
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from wherry_build.errors import RequirementsInvalid, WheelNotFound
from wherry_build.image.wheels.locked import (
    LockedFile,
    LockedSource,
    LockedWheel,
    file_name_of,
    file_url,
    without_credentials,
)
from wherry_build.image.wheels.pylock import toml_document
from wherry_build.image.wheels.target import WAYS_OUT, Target

_VERSION = 1
_OWN = ({"virtual": "."}, {"editable": "."}, {"directory": "."})


def selected_of_uv(text: str, file: Path, target: Target) -> tuple[LockedFile, ...]:
    """What a lock of uv's has for `target`, sorted by name: wheels, and sources without one.

    Raises:
        RequirementsInvalid: It is no such lock, or not for this Python.
        WheelNotFound: A package has nothing that fits.
    """
    document = toml_document(text, file)
    if document.get("version") != _VERSION:
        raise RequirementsInvalid(
            f"{file}: got version {document.get('version')!r}, expected {_VERSION}",
            hint="uv export --format pylock.toml -o pylock.toml",
        )
    try:
        wanted = SpecifierSet(document.get("requires-python", ""))
        if not wanted.contains(target.environment()["python_full_version"]):
            raise RequirementsInvalid(f"{file}: for Python {wanted}, expected one for {target}")
        found = _Graph(document, file, target).reached()
        return tuple(_locked(item, file, target) for _, item in sorted(found.items()))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InvalidMarker | InvalidSpecifier):
            raise RequirementsInvalid(f"{file}: {error}") from None
        raise RequirementsInvalid(
            f"{file}: expected a lock of uv's: {type(error).__name__} {error}",
            hint="uv lock",
        ) from None


class _Graph:
    """The packages of a lock."""

    def __init__(self, document: dict[str, Any], file: Path, target: Target) -> None:
        self._packages: list[dict[str, Any]] = document["package"]
        self._file = file
        self._target = target

    def reached(self) -> dict[str, dict[str, Any]]:
        """The packages that the project needs, by name."""
        own = next((item for item in self._packages if item.get("source") in _OWN), None)
        if own is None:
            raise RequirementsInvalid(
                f"{self._file}: has no project of its own, expected the lock of this folder",
                hint="uv export --format pylock.toml -o pylock.toml",
            )
        found: dict[str, dict[str, Any]] = {}
        done: set[tuple[str, str]] = set()
        queue = [(own, "")]
        while queue:
            package, extra = queue.pop()
            if (package["name"], extra) in done:
                continue
            done.add((package["name"], extra))
            if package is not own:
                found[package["name"]] = package
            for needed in self._needed(package, extra):
                queue += [(self._package(needed), item) for item in ("", *needed.get("extra", ()))]
        return found

    def _needed(self, package: dict[str, Any], extra: str) -> Iterator[dict[str, Any]]:
        """What `package` needs on the target, or what its `extra` does besides."""
        listed = package.get("dependencies", ())
        if extra:
            listed = package.get("optional-dependencies", {}).get(extra, ())
        for needed in listed:
            marker = needed.get("marker")
            if marker is None or self._target.applies(Marker(marker)):
                yield needed

    def _package(self, needed: dict[str, Any]) -> dict[str, Any]:
        """The package that an entry of a dependency list means."""
        keys = [key for key in ("name", "version", "source") if key in needed]
        means = [
            item for item in self._packages if all(item.get(key) == needed[key] for key in keys)
        ]
        if len(means) != 1:
            raise ValueError(f"{needed['name']}: got {len(means)} packages, expected one")
        return means[0]


def _locked(package: dict[str, Any], file: Path, target: Target) -> LockedFile:
    """The file of `package` that is the best for `target`."""
    select = create_compatible_tags_selector(target.tags())
    files = {_name(item): item for item in package.get("wheels", ())}
    try:
        tagged = [(name, parse_wheel_filename(name)[3]) for name in files]
    except InvalidWheelFilename as error:
        raise ValueError(str(error)) from None
    best = next(select(tagged), None)
    if best is not None:
        return LockedWheel(**_values(package, best, files[best], file))
    source = package.get("sdist")
    if source is None:
        raise WheelNotFound(
            f"{file}: {package['name']} {package.get('version', '')}: no wheel for {target}, nor a "
            f"source with a hash ({', '.join(package.get('source', {}))})",
            hint=WAYS_OUT,
        )
    return LockedSource(**_values(package, _name(source), source, file))


def _name(item: dict[str, Any]) -> str:
    return str(item.get("filename") or file_name_of(item.get("url") or item["path"]))


def _values(package: dict[str, Any], name: str, item: dict[str, Any], file: Path) -> dict[str, Any]:
    source = package.get("source", {})
    url = item.get("url") or source.get("url")
    if url is None:
        # A folder of wheels, or one wheel, beside the lock.
        inside = [source.get("registry", ""), item["path"]] if "path" in item else [source["path"]]
        url = file_url(file.parent, *inside)
    algorithm, _, digest = str(item.get("hash", "")).partition(":")
    if algorithm != "sha256":
        raise ValueError(f"{package['name']}: no sha256 of {name}")
    return {
        "name": package["name"],
        "version": package["version"],
        "file_name": name,
        "sha256": digest,
        "url": without_credentials(url),
        "size_bytes": item.get("size"),
    }
