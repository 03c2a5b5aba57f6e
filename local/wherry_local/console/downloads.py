"""A body in full, as bytes that no browser acts upon."""

from __future__ import annotations

from wherry.reply import Reply


def raw(body: bytes, name: str) -> Reply:
    """The body: as plain text where it is text, else as a file called `name`."""
    try:
        body.decode()
    except UnicodeDecodeError:
        kind, way = b"application/octet-stream", b"attachment"
    else:
        kind, way = b"text/plain; charset=utf-8", b"inline"
    return Reply(
        200,
        [
            (b"content-type", kind),
            (b"content-disposition", b'%s; filename="%s"' % (way, name.encode("ascii", "replace"))),
            (b"content-security-policy", b"default-src 'none'; sandbox"),
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"cache-control", b"no-store"),
        ],
        body,
    )
