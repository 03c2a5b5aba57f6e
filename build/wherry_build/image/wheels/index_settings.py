"""Which package indexes there are and how to reach them: what pip and uv were told already.

PIP_* and UV_* variables and pip's configuration files are read, so that whoever can `pip install`
can build. Passwords are in here, and in no repr, no key and no text that is made of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from wherry_build.image.wheels.locked import without_credentials
from wherry_build.image.wheels.pip_configuration import pip_options
from wherry_build.values import frozen

if TYPE_CHECKING:
    from wherry_build.image.engine import WheelSources

PYPI = "https://pypi.org/simple"
# Compiled at first use: most projects need none of them.
_VARIABLE = r"\$\{([A-Z0-9_]+)\}"
_USER_INFORMATION = r"(?<=://)[^/\s@'\"]+@"
_URL_OPTION = r"(-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host)(?:[ \t]+|=)(\S+)"
_NAMED = r"[A-Za-z0-9_.-]+=(?=[a-z]+://)"
_BY_NAME = r"UV_INDEX_.+_(USERNAME|PASSWORD)"
_TRUE = frozenset({"1", "on", "true", "t", "y", "yes"})


@frozen(hidden=("index", "extra", "find_links"))
class IndexSettings:
    """The indexes, and the way to them.

    Attributes:
        index: URL of the index.
        extra: URLs of further ones.
        find_links: Folders and pages of wheels.
        has_index: Whether the indexes may be asked, or only `find_links`.
        is_offline: Whether only folders may be asked.
        certificates: File of the certificates that servers are trusted by; empty for the system's.
        client_certificate: File of the certificate that is shown to servers.
        trusted_hosts: Hosts whose certificates are not looked at.
        builds: Whether a wheel may be made of a source.
    """

    index: str = PYPI
    extra: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    has_index: bool = True
    is_offline: bool = False
    certificates: str = ""
    client_certificate: str = ""
    trusted_hosts: tuple[str, ...] = ()
    builds: bool = True

    @property
    def urls(self) -> tuple[str, ...]:
        """Every URL in here, with its credentials."""
        return (self.index, *self.extra, *(item for item in self.find_links if "://" in item))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of wheels."""
        return tuple(Path(item) for item in self.find_links if "://" not in item)

    def public(self) -> dict[str, object]:
        """What decides which versions there are, without credentials."""
        return {
            "index": without_credentials(self.index),
            "extra": [without_credentials(url) for url in self.extra],
            "find_links": [
                without_credentials(item) if "://" in item else _listing(Path(item))
                for item in self.find_links
            ],
            "has_index": self.has_index,
            "is_offline": self.is_offline,
        }

    def credentials(self, url: str) -> tuple[str, str] | None:
        """The user and the password that an index of the same origin as `url` has."""
        for candidate in self.urls:
            parts = urlsplit(candidate)
            if parts.username is not None and _origin(candidate) == _origin(url):
                return unquote(parts.username), unquote(parts.password or "")
        return None

    def redacted(self, text: str) -> str:
        """`text` without the passwords that are known, nor what looks like one in a URL."""
        for url in self.urls:
            parts = urlsplit(url)
            # A user name alone is a token as often as not.
            for secret in (parts.password, None if parts.password else parts.username):
                for form in {secret, unquote(secret)} if secret else ():
                    text = text.replace(form, "****")
        return re.sub(_USER_INFORMATION, "****@", text)

    def environment(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment in which pip and uv see the same indexes.

        Variables, since anybody on the machine can read a command line.
        """
        links = [
            # As URLs, since pip divides the list at blanks and uv at commas.
            item if "://" in item else Path(item).absolute().as_uri()
            for item in self.find_links
        ]
        # With their names, by which a pyproject.toml may ask for them.
        named = environ.get("UV_INDEX", "").split()
        known = {with_credentials(url, environ) for url in named}
        is_folder = Path(self.certificates).is_dir() if self.certificates else False
        if not self.builds:  # a stranger's project asks for no index by its name
            named, known = [], set()
        # Where nothing was said, a project's own settings of uv count.
        index = "" if self.index == PYPI else self.index
        told = {
            "PIP_INDEX_URL": index,
            "PIP_EXTRA_INDEX_URL": " ".join(self.extra),
            "PIP_FIND_LINKS": " ".join(links),
            "PIP_NO_INDEX": "" if self.has_index else "1",
            "PIP_TRUSTED_HOST": " ".join(self.trusted_hosts),
            "PIP_CERT": self.certificates,
            "PIP_CLIENT_CERT": self.client_certificate,
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_DEFAULT_INDEX": index,
            "UV_INDEX": " ".join([*named, *(url for url in self.extra if url not in known)]),
            "UV_FIND_LINKS": ",".join(links),
            "UV_NO_INDEX": "" if self.has_index else "1",
            "UV_NO_CONFIG": environ.get("UV_NO_CONFIG", "") if self.builds else "1",
            "UV_OFFLINE": "1" if self.is_offline else environ.get("UV_OFFLINE", ""),
            "UV_INSECURE_HOST": " ".join(self.trusted_hosts),
            "SSL_CERT_DIR" if is_folder else "SSL_CERT_FILE": self.certificates,
            "SSL_CLIENT_CERT": self.client_certificate,
        }
        replaced = {*told, "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"}
        kept = {
            name: value
            for name, value in environ.items()
            # What goes by an index's name goes wherever a stranger puts that name.
            if name not in replaced and (self.builds or not re.fullmatch(_BY_NAME, name))
        }
        return {**kept, **{name: value for name, value in told.items() if value}}


def read_index_settings(
    sources: WheelSources,
    options: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> IndexSettings:
    """What pip's files, the environment, `sources` and a requirements file's `options` say.

    Raises:
        RequirementsInvalid: A configuration file of pip's cannot be read.
    """
    files = pip_options(environ)

    def told(*names: str) -> str:
        variables = (name for name in names if name.isupper())
        value = next((environ[name] for name in variables if environ.get(name)), "")
        return value or next((files[name] for name in names if files.get(name)), "")

    # Only variables of uv's name indexes: what a function or a build argument says has no name.
    index = with_credentials(told("UV_DEFAULT_INDEX", "UV_INDEX_URL"), environ)
    index = index or told("PIP_INDEX_URL", "index-url") or PYPI
    ours = f"{environ.get('UV_INDEX', '')} {environ.get('UV_EXTRA_INDEX_URL', '')}".split()
    extra = [
        *(with_credentials(url, environ) for url in ours),
        *told("PIP_EXTRA_INDEX_URL", "extra-index-url").split(),
    ]
    links = [
        *environ.get("UV_FIND_LINKS", "").replace(",", " ").split(),
        *told("PIP_FIND_LINKS", "find-links").split(),
    ]
    trusted = told("PIP_TRUSTED_HOST", "UV_INSECURE_HOST", "trusted-host").split()
    for option in options:
        found = re.fullmatch(_URL_OPTION, _expanded(option, environ))
        if found is None:
            continue
        name, value = found.groups()
        if name in {"-i", "--index-url"}:
            index = value
        else:
            {"--extra-index-url": extra, "--trusted-host": trusted}.get(name, links).append(value)
    folder = [str(sources.folder.absolute())] if sources.folder is not None else []
    switched = {told("PIP_NO_INDEX", "no-index").lower(), environ.get("UV_NO_INDEX", "").lower()}
    return IndexSettings(
        index=index,
        extra=tuple(dict.fromkeys(extra)),
        find_links=tuple(dict.fromkeys([*folder, *links])),
        has_index=not (sources.is_offline or switched & _TRUE or "--no-index" in options),
        is_offline=sources.is_offline,
        certificates=told(
            "PIP_CERT", "cert", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"
        ),
        client_certificate=told("PIP_CLIENT_CERT", "SSL_CLIENT_CERT", "client-cert"),
        trusted_hosts=tuple(dict.fromkeys(trusted)),
        builds=sources.builds,
    )


def with_credentials(url: str, environ: Mapping[str, str]) -> str:
    """The URL of an index of uv's, `name=https://...`, with what is set for that name.

    The credentials are in UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD.
    """
    named = re.match(_NAMED, url) if "=" in url else None
    if named is None:
        return url
    name = re.sub(r"[^A-Z0-9]", "_", named.group()[:-1].upper())
    user = environ.get(f"UV_INDEX_{name}_USERNAME", "")
    password = environ.get(f"UV_INDEX_{name}_PASSWORD", "")
    parts = urlsplit(url[named.end() :])
    if not (user or password) or parts.username is not None:
        return urlunsplit(parts)
    information = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{information}@{parts.netloc}"))


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    return re.sub(_VARIABLE, lambda found: environ.get(found.group(1), found.group()), text)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def _listing(folder: Path) -> list[list[object]]:
    """What is in a folder of wheels: new ones there are new versions to choose from."""
    try:
        with os.scandir(folder) as found:
            return sorted(
                [item.name, item.stat().st_size, item.stat().st_mtime_ns] for item in found
            )
    except OSError:
        return []
