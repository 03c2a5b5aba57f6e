"""Writes templates into a folder, where faas-cli finds them: `template/NAME/...`.

The bytes are the same each time. What is there already is left alone unless it is ours: a file
that still has the hash which the `SHA256SUMS` of an earlier export gives it. Such a file is brought
up to date, or removed when no template has it any more, as the wheel of an older version must be:
pip would be given two.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wherry_build.errors import DestinationExists, UnsafePath
from wherry_build.template.catalogue import TEMPLATES, template_named
from wherry_build.template.frame import SUMS, plain_files, template_files
from wherry_build.template.overlay import read_sums

PARENT = "template"
_LIST = re.compile(r"(?:[0-9a-f]{64}  [^\n]+\n)+")
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What an export did.

    Attributes:
        folders: The templates' folders.
        written: Files that are new or were brought up to date.
        removed: Files of an earlier export that no template has any more.
        unchanged: How many files were as they should be.
    """

    folders: tuple[Path, ...]
    written: tuple[Path, ...]
    removed: tuple[Path, ...]
    unchanged: int


def export_templates(
    folder: Path,
    chosen: Iterable[str] = (),
    *,
    has_mounts: bool = False,
    has_plain: bool = True,
    force: bool = False,
) -> Export:
    """Write the templates called as in `chosen` below `folder`; all, when none is named.

    Args:
        folder: Folder in which faas-cli is run.
        chosen: Names of templates, faas-cli's or those of `wherry new`.
        has_mounts: Whether their Dockerfiles are for BuildKit alone, and take build secrets.
        has_plain: Whether faas-cli's own `dockerfile` is written beside them.
        force: Whether files that are not ours are written over.

    Raises:
        TemplateNotFound: There is no template of a name.
        DestinationExists: A file is there that is not ours; nothing has been written then.
        UnsafePath: A part of the way is a link to somewhere else.
        RuntimeUnavailable: The runtime cannot be packed.
    """
    names = [template_named(name).language for name in chosen]
    languages = list(dict.fromkeys(names)) or [each.language for each in TEMPLATES]
    files: dict[str, bytes] = {}
    for language in languages:
        files |= template_files(language, has_mounts=has_mounts)
    if has_plain:
        files |= plain_files()
    root = folder / PARENT
    folders = sorted({name.partition("/")[0] for name in files})
    _refuse_links(root, files)
    ours = {path: digest for name in folders for path, digest in _earlier(root / name).items()}
    wanted = {root / name: content for name, content in files.items()}
    stale = [path for path in ours if path not in wanted and path.is_file()]
    changed = {path: content for path, content in wanted.items() if _content(path) != content}
    others = [path for path in (*changed, *stale) if not _is_ours(path, ours)]
    if others and not force:
        raise _not_ours(others)
    removed = [path for path in stale if _is_ours(path, ours)]
    for path in removed:
        path.unlink()
    for path, content in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Export(
        folders=tuple(root / name for name in folders),
        written=tuple(changed),
        removed=tuple(removed),
        unchanged=len(wanted) - len(changed),
    )


def _earlier(folder: Path) -> Mapping[Path, str]:
    """What an earlier export wrote into `folder`: paths and hashes, those of its list too."""
    sums = folder / SUMS
    text = sums.read_text(encoding="utf-8", errors="replace") if sums.is_file() else ""
    if _LIST.fullmatch(text) is None:
        return {}
    found = {folder / name: digest for name, digest in read_sums(text).items() if _is_inside(name)}
    return {**found, sums: hashlib.sha256(sums.read_bytes()).hexdigest()}


def _is_inside(name: str) -> bool:
    return bool(name) and not name.startswith("/") and ".." not in name.split("/")


def _refuse_links(root: Path, files: Iterable[str]) -> None:
    """Refuse to write through a link: what it leads to is not below `root`, or not ours to know."""
    ways = {root} | {parent for name in files for parent in (root / name).parents}
    ways |= {root / name for name in files}
    for way in sorted(ways):
        if root in (way, *way.parents) and way.is_symlink():
            raise UnsafePath(f"{way} is a link", hint="export into a folder of its own")


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _is_ours(path: Path, ours: Mapping[Path, str]) -> bool:
    """Whether nobody loses anything when `path` is written over."""
    content = _content(path)
    if content is None:
        return not path.exists()
    return ours.get(path) == hashlib.sha256(content).hexdigest()


def _not_ours(paths: list[Path]) -> DestinationExists:
    shown = ", ".join(str(path) for path in sorted(paths)[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return DestinationExists(
        f"there already, and not as an export left it: {shown}{more}",
        hint="give --force to write over them, or another folder",
    )
