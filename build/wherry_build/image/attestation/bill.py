"""What the image of one platform consists of, and what it was made from: the bill. Values only."""

from __future__ import annotations

import hashlib
import time
import uuid
from urllib.parse import quote

from wherry_build.values import frozen


@frozen
class Part:
    """One package in an image.

    Attributes:
        name: Its name, normalized.
        version: Its version.
        sha256: Hash of the file that it came in; empty where there was none.
        file_name: Name of that file.
        url: Where that file is, without credentials; empty where nobody can get it.
        licence: What its metadata says of its licence, as an expression of SPDX; empty where it
            says none.
    """

    name: str
    version: str
    sha256: str = ""
    file_name: str = ""
    url: str = ""
    licence: str = ""

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{quote(self.name, safe='')}@{quote(self.version, safe='')}"


@frozen
class Commit:
    """Where the source was.

    Attributes:
        digest: The commit.
        is_changed: Whether the folder has what the commit has not.
        remote: Address of the repository, without credentials; empty where it has none.
    """

    digest: str
    is_changed: bool
    remote: str = ""


@frozen
class Bill:
    """What there is to say of one image.

    Attributes:
        repository: Where the image is, `ghcr.io/acme/hello`.
        function: The function that it serves.
        digest: `sha256:...` of its manifest.
        platform: What it is for, `linux/amd64`.
        base_name: What it stands on.
        base_digest: `sha256:...` of that.
        parts: What it consists of besides, by name.
        maker_version: Version of what made it.
        created_s: The time that is written into it, since 1970, in seconds.
        commit: Where its source was; None where that is not known.
    """

    repository: str
    function: str
    digest: str
    platform: str
    base_name: str
    base_digest: str
    parts: tuple[Part, ...]
    maker_version: str
    created_s: int
    commit: Commit | None = None

    @property
    def name(self) -> str:
        """The last part of the repository."""
        return self.repository.rpartition("/")[2]

    @property
    def moment(self) -> str:
        """The time that is written into it (RFC 3339)."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.created_s))

    @property
    def purl(self) -> str:
        """The image's package URL."""
        return image_purl(self.repository, self.digest)

    @property
    def number(self) -> uuid.UUID:
        """A number that follows from what is said, and that no other bill has."""
        return uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(repr(self).encode()).hexdigest())


def image_purl(repository: str, digest: str) -> str:
    """The package URL of an image (purl specification, type `oci`)."""
    name = repository.rpartition("/")[2]
    where = quote(repository, safe="/")
    return f"pkg:oci/{quote(name)}@{quote(digest, safe='')}?repository_url={where}"
