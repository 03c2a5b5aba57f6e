"""Brings a folder of certificates up to date: makes what is missing, renews what ends soon.

First everything is looked at, then everything is written: one refusal, and no file is touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from wherry_build import names
from wherry_build.certs.authority import CLOCK_SKEW, LEAF_LIFE, Authority, Pair, make_authority
from wherry_build.certs.constraints import allows, constraints_of, refused
from wherry_build.certs.identity import Identity, scopes_of
from wherry_build.certs.order import Action, Issued, Order, Report
from wherry_build.certs.secret import chain_pem, secret_manifest
from wherry_build.certs.store import (
    CA_CERTIFICATE,
    CA_KEY,
    CERTIFICATE,
    KEY,
    is_issued_by,
    is_open,
    read_authority,
    read_pair,
    write_private,
    write_public,
)
from wherry_build.errors import CertificateError


def issue(order: Order, *, now: dt.datetime) -> Report:
    """Do what `order` says.

    Raises:
        CertificateError: The CA cannot sign, or what is there would be written over.
        InvalidName: A Secret's name is none.
    """
    if order.renew_within >= LEAF_LIFE:
        raise CertificateError(
            f"got {_days(order.renew_within)} days, expected less than {LEAF_LIFE.days}:"
            " a certificate is renewed before it ends, not as it is made"
        )
    found = read_authority(order.authority)
    authority = found or _made(order, now)
    _check(authority, order, now)
    plans = [_plan(each, authority, order, now) for each in order.identities]
    if found is None:
        write_private(order.authority / CA_KEY, authority.issuer.key_pem())
        write_public(order.authority / CA_CERTIFICATE, authority.issuer.certificate_pem())
    issued = tuple(_carry_out(plan, authority, order, now) for plan in plans)
    return Report(
        authority=order.authority,
        action=Action.MADE if found is None else Action.KEPT,
        root=authority.root,
        issued=issued,
        warnings=_warnings(authority, issued, order, now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is going to be done for one identity; `pair` is there when it is kept."""

    identity: Identity
    action: Action
    secret: str
    pair: Pair | None
    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / f"{self.secret}.yaml"


def _made(order: Order, now: dt.datetime) -> Authority:
    scopes = (*scopes_of(order.identities), *order.scopes) if order.scopes else ()
    return make_authority(now=now, scopes=scopes)


def _check(authority: Authority, order: Order, now: dt.datetime) -> None:
    file = order.authority / CA_CERTIFICATE
    another = f"make another CA: --ca {order.authority}-2, and give its ca.crt to every caller"
    for each in (authority.issuer.certificate, *authority.above):
        if each.not_valid_after_utc <= now:
            raise CertificateError(f"{file} ended on {each.not_valid_after_utc:%F}", hint=another)
        if each.not_valid_before_utc > now + CLOCK_SKEW:
            raise CertificateError(
                f"{file} begins on {each.not_valid_before_utc:%F}", hint="is the clock right?"
            )
        for identity in order.identities:
            wrong = refused(identity, each)
            if wrong:
                raise CertificateError(f"{file} may not sign {', '.join(wrong)}", hint=another)
    if order.scopes and not allows(authority.issuer.certificate, order.scopes):
        limited = "to others" if constraints_of(authority.issuer.certificate) else "to no names"
        raise CertificateError(f"{file} was made before and is limited {limited}", hint=another)


def _plan(identity: Identity, authority: Authority, order: Order, now: dt.datetime) -> _Plan:
    folder = order.output / identity.namespace / identity.service
    action, pair = _state(identity, folder, authority, order, now)
    plan = _Plan(
        identity=identity,
        action=action,
        secret=names.secret_name(order.secret or f"{identity.service}-tls"),
        pair=pair,
        folder=folder,
    )
    if action is Action.MADE and not order.is_forced and plan.manifest.exists():
        raise _in_the_way(f"{plan.manifest} is there without its certificate")
    if pair is not None and plan.manifest.exists():
        expected = _manifest(plan, pair, authority)
        if plan.manifest.read_bytes() != expected:
            raise _in_the_way(f"{plan.manifest} holds something else than {folder / KEY}")
    return plan


def _state(
    identity: Identity,
    folder: Path,
    authority: Authority,
    order: Order,
    now: dt.datetime,
) -> tuple[Action, Pair | None]:
    if order.is_forced:
        is_there = any((folder / name).exists() for name in (CERTIFICATE, KEY))
        return (Action.REPLACED if is_there else Action.MADE), None
    try:
        pair = read_pair(folder)
    except CertificateError as error:
        raise _in_the_way(error.message) from None
    if pair is None:
        return Action.MADE, None
    certificate, file = pair.certificate, folder / CERTIFICATE
    issuer = authority.issuer.certificate
    if not is_issued_by(certificate, issuer):
        raise _in_the_way(f"{file} was signed by another CA than {order.authority}")
    if names_in(certificate) != set(identity.shown):
        raise _in_the_way(
            f"{file}: got {_listed(names_in(certificate))}, expected {_listed(identity.shown)}"
        )
    end = certificate.not_valid_after_utc
    if end - now <= order.renew_within and end < issuer.not_valid_after_utc:
        return Action.RENEWED, None
    return Action.KEPT, pair


def _carry_out(plan: _Plan, authority: Authority, order: Order, now: dt.datetime) -> Issued:
    pair = plan.pair or authority.issue(plan.identity, now=now)
    if plan.pair is None:
        replace = plan.action is not Action.MADE or order.is_forced
        write_private(plan.folder / KEY, pair.key_pem(), replace=replace)
        write_public(plan.folder / CERTIFICATE, chain_pem(pair, authority), replace=replace)
        write_private(plan.manifest, _manifest(plan, pair, authority), replace=replace)
    elif not plan.manifest.exists():
        write_private(plan.manifest, _manifest(plan, pair, authority))
    return Issued(
        identity=plan.identity,
        action=plan.action,
        certificate=pair.certificate,
        folder=plan.folder,
        secret=plan.secret,
        manifest=plan.manifest,
    )


def _manifest(plan: _Plan, pair: Pair, authority: Authority) -> bytes:
    return secret_manifest(
        pair,
        authority,
        name=plan.secret,
        namespace=plan.identity.namespace,
        service=plan.identity.service,
    ).encode()


def names_in(certificate: x509.Certificate) -> set[str]:
    """The names that `certificate` speaks for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {str(each.value) for each in found.value}


def _warnings(
    authority: Authority, issued: Sequence[Issued], order: Order, now: dt.datetime
) -> tuple[str, ...]:
    said = [f"{each.manifest} holds the private key: apply it, never commit it" for each in issued]
    end = min(each.not_valid_after_utc for each in (authority.issuer.certificate, *authority.above))
    if end - now < LEAF_LIFE:
        said.append(
            f"the CA in {order.authority} ends on {end:%F}, and so does all that it signs:"
            " make another, and give its ca.crt to every caller"
        )
    keys = [order.authority / CA_KEY, *(each.folder / KEY for each in issued)]
    said += [f"{file} can be read by others: chmod 600 {file}" for file in keys if is_open(file)]
    return tuple(said)


def _in_the_way(message: str) -> CertificateError:
    return CertificateError(message, hint="keep it elsewhere, or write over it with --force")


def _listed(shown: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(shown))


def _days(span: dt.timedelta) -> float:
    return span / dt.timedelta(days=1)
