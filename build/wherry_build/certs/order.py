"""What is asked of the issuing of certificates, and what was done: values, no I/O."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from wherry_build.certs.identity import Identity, Network


class Action(enum.Enum):
    """What became of a certificate."""

    MADE = "made"
    RENEWED = "renewed"
    REPLACED = "replaced"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for.

    Attributes:
        output: Folder that `NAMESPACE/SERVICE/` folders are made in.
        authority: Folder of the CA; it is made where there is none.
        secret: Name of the Secret; `SERVICE-tls` by default.
        renew_within: A certificate that ends within this time is renewed.
        scopes: Domains and networks that a CA which is made is limited to, besides what the
            identities need; no limit without any.
        is_forced: Whether certificates are made anew whatever is there. Never the CA.
    """

    identities: tuple[Identity, ...]
    output: Path
    authority: Path
    secret: str = ""
    renew_within: dt.timedelta = dt.timedelta(days=30)
    scopes: tuple[str | Network, ...] = ()
    is_forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One certificate, what became of it, and where it is."""

    identity: Identity
    action: Action
    certificate: x509.Certificate
    folder: Path
    secret: str
    manifest: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done.

    Attributes:
        root: The certificate that callers trust.
    """

    authority: Path
    action: Action
    root: x509.Certificate
    issued: tuple[Issued, ...]
    warnings: tuple[str, ...]
