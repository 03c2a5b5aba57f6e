"""URLs that registries name, which need not be what they should be. No I/O."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

_LIMIT = 16 * 1024  # signed URLs of object stores are long
_PORTS = {"http": 80, "https": 443}


def resolve(base: str, location: str) -> str:
    """The URL that `location` is, seen from `base`.

    Raises:
        ValueError: It is no URL of HTTP, or one with a name and password in it.
    """
    url = urljoin(base, location)
    address = urlsplit(url)
    host = address.hostname or ""
    is_usable = address.scheme in _PORTS and bool(host) and host.isascii() and host.isprintable()
    # Reading the port raises for one that is none.
    if not is_usable or address.port == 0 or address.username is not None or len(url) > _LIMIT:
        raise ValueError("expected a URL of HTTP")
    return url


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    address = urlsplit(url)
    return address.scheme, address.hostname or "", address.port or _PORTS.get(address.scheme)


def host(url: str) -> str:
    """The host, and the port where it is said."""
    return urlsplit(url).netloc


def api(url: str) -> str:
    """Where the host of `url` would answer that it is a registry."""
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}/v2/"
