"""The login that `faas-cli login` has stored for a gateway.

It is in `config.yml` of the folder that `OPENFAAS_CONFIG` names, else of `./.openfaas` where `CI`
is `true`, else of `~/.openfaas`. Nothing of a login is ever in a message or a `repr`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wherry_build.errors import PlatformUnavailable, ProjectFileInvalid
from wherry_build.project.reading.tree import Scalar, Sequence, Table, Tree
from wherry_build.project.reading.yaml_text import LIMIT_BYTES, read_tree

_SCHEMES = {"basic": "Basic", "oauth2": "Bearer"}
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+", re.ASCII)  # RFC 7235 section 2.1, token68


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What lets us in.

    Attributes:
        authorization: Value of the field `Authorization`.
        secrets: What must not be told: the token, and the password in it.
    """

    authorization: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def redacted(self, text: str) -> str:
        """`text` without anything secret of this login."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def login_file(environment: Mapping[str, str], *, home: Path) -> Path:
    """Where faas-cli keeps its logins."""
    if environment.get("OPENFAAS_CONFIG"):
        folder = Path(environment["OPENFAAS_CONFIG"])
        if folder.parts[:1] == ("~",):
            folder = home.joinpath(*folder.parts[1:])
    elif environment.get("CI", "").lower() in {"true", "1"}:
        folder = Path(".openfaas")
    else:
        folder = home / ".openfaas"
    return folder / "config.yml"


def stored_login(gateway: str, file: Path) -> Login | None:
    """The login for `gateway`; None when there is none, for a gateway may ask for none.

    Raises:
        PlatformUnavailable: The file cannot be read, or has no login for `gateway` that we know.
        ExtraMissing: ruamel.yaml is not installed.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, error.strerror or "cannot be read", gateway) from None
    tree = None
    try:
        tree, faults = read_tree(content, path=str(file))
    except ProjectFileInvalid:
        readable = False
    else:
        readable = not faults
    if not readable:  # why not is not told: it quotes what is written there
        raise _unusable(file, "is no YAML that can be read", gateway)
    for entry in _auths(tree):
        if entry.get("gateway", "").rstrip("/").lower() == gateway.rstrip("/").lower():
            return _login(entry, file, gateway)
    return None


def _auths(tree: Tree | None) -> list[dict[str, str]]:
    """The entries of `auths`, each with its single values."""
    if not isinstance(tree, Table) or "auths" not in tree.entries:
        return []
    listed = tree.entries["auths"].value
    return [
        {
            key: entry.value.text
            for key, entry in item.entries.items()
            if isinstance(entry.value, Scalar)
        }
        for item in (listed.items if isinstance(listed, Sequence) else ())
        if isinstance(item, Table)
    ]


def _login(entry: Mapping[str, str], file: Path, gateway: str) -> Login:
    kind, token = entry.get("auth", ""), entry.get("token", "")
    if kind not in _SCHEMES:
        raise _unusable(file, f"has a login of a kind that is not known, {kind[:20]!a},", gateway)
    if not _TOKEN.fullmatch(token):
        raise _unusable(file, "has a login that is no token", gateway)
    password = _password(token) if kind == "basic" else ""
    return Login(
        authorization=f"{_SCHEMES[kind]} {token}",
        secrets=tuple(each for each in (token, password) if each),
    )


def _password(token: str) -> str:
    """The password in a token of `user:password`; empty when it is none."""
    try:
        return base64.b64decode(token, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _unusable(file: Path, why: str, gateway: str) -> PlatformUnavailable:
    return PlatformUnavailable(
        f"{file} {why} for {gateway}", hint=f"faas-cli login --gateway {gateway}"
    )
