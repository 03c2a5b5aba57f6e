"""A wheel's RECORD: which files it has, and the hash of each.

Source: the recording of installed projects and the binary distribution format of
packaging.python.org. No I/O.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
from collections.abc import Mapping

from wherry_build.errors import WheelRefused

_HASHES = frozenset({"sha256", "sha384", "sha512"})
# Signatures are made over RECORD, so that it cannot hold their hashes.
_UNRECORDED = (".dist-info/RECORD", ".dist-info/RECORD.jws", ".dist-info/RECORD.p7s")


class Record:
    """The rows of a RECORD.

    Args:
        content: Its bytes.
        wheel: Name of the wheel, for errors.

    Raises:
        WheelRefused: It is no such file.
    """

    def __init__(self, content: bytes, wheel: str) -> None:
        self._wheel = wheel
        try:
            rows = [row for row in csv.reader(io.StringIO(content.decode())) if row]
            self._hashes = {path: digest for path, digest, _size in rows}
        except (ValueError, csv.Error):
            raise WheelRefused(f"{wheel}: RECORD: expected rows of path, hash and size") from None

    def check(self, path: str, content: bytes) -> str:
        """Check that `content` is what the wheel has at `path`; the hash that it has there.

        The hash is empty where a file has none, as RECORD itself.

        Raises:
            WheelRefused: The row says otherwise, or there is none.
        """
        if path.endswith(_UNRECORDED):
            return ""
        said = self._hashes.get(path)
        if said is None:
            raise WheelRefused(f"{self._wheel}: {path}: no row of RECORD has it")
        name, _, expected = said.partition("=")
        if name not in _HASHES:
            raise WheelRefused(
                f"{self._wheel}: {path}: RECORD has the hash {name!a}, expected sha256 or better"
            )
        got = hashlib.new(name, content, usedforsecurity=False).digest()
        if got != _decoded(expected):
            raise WheelRefused(f"{self._wheel}: {path}: other bytes than RECORD has the hash of")
        return said

    def check_complete(self, paths: Mapping[str, object]) -> None:
        """Check that each file that has a row is among `paths`.

        Raises:
            WheelRefused: One is not.
        """
        absent = sorted(path for path in self._hashes if path not in paths)
        if absent:
            raise WheelRefused(f"{self._wheel}: {absent[0]!a}: in RECORD, and not in the wheel")


def digest(content: bytes) -> str:
    """The hash of `content`, as a row has it."""
    hashed = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def written(rows: Mapping[str, tuple[str, int]], own: str) -> bytes:
    """The RECORD of files of which `rows` has the hash and the size; it is at `own` itself."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((path, *row) for path, row in sorted(rows.items()))
    writer.writerow((own, "", ""))
    return text.getvalue().encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
