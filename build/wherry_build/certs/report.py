"""What was issued, told: lines for a person, a document for a program. Never a key."""

from __future__ import annotations

import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from wherry_build.certs.order import Issued, Report
from wherry_build.certs.store import CA_CERTIFICATE, CERTIFICATE, KEY

_ACTION_WIDTH = 8


def text(report: Report) -> str:
    """One line for each certificate, the CA first."""
    lines = [_line(report.action.value, report.authority / CA_CERTIFICATE, report.root)]
    for each in report.issued:
        lines.append(_line(each.action.value, each.folder / CERTIFICATE, each.certificate))
        lines.append(f"{'':{_ACTION_WIDTH}} for {', '.join(each.identity.shown)}")
        lines.append(f"{'':{_ACTION_WIDTH}} Secret {each.secret} in {each.manifest}")
    return "\n".join(lines)


def document(report: Report) -> str:
    """The same as JSON."""
    return json.dumps(
        {
            "ca": {
                "action": report.action.value,
                "certificate": str(report.authority / CA_CERTIFICATE),
                **_facts(report.root),
            },
            "certificates": [_entry(each) for each in report.issued],
            "warnings": list(report.warnings),
        },
        indent=2,
    )


def _line(action: str, file: object, certificate: x509.Certificate) -> str:
    return f"{action:{_ACTION_WIDTH}} {file}, until {certificate.not_valid_after_utc:%F}"


def _entry(issued: Issued) -> dict[str, object]:
    return {
        "action": issued.action.value,
        "service": issued.identity.service,
        "namespace": issued.identity.namespace,
        "names": list(issued.identity.shown),
        "certificate": str(issued.folder / CERTIFICATE),
        "key": str(issued.folder / KEY),
        "secret": issued.secret,
        "manifest": str(issued.manifest),
        **_facts(issued.certificate),
    }


def _facts(certificate: x509.Certificate) -> dict[str, object]:
    return {
        "notBefore": certificate.not_valid_before_utc.isoformat(),
        "notAfter": certificate.not_valid_after_utc.isoformat(),
        "serial": f"{certificate.serial_number:x}",
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }
