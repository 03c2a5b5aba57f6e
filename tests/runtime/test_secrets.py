import logging
import os

import pytest

from wherry.context import Context, Identity
from wherry.deadline import Deadline
from wherry.errors import SecretNotFound
from wherry.secrets import REDACTED, Redactor, Secrets

CANARY = "canary-7f3a/quote\"'"


@pytest.fixture
def secrets(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    (first / "api-key").write_text(CANARY + "\n")
    (second / "api-key").write_text("shadowed")
    (second / "pem").write_text("-----BEGIN-----\nMIIBcanaryline\n-----END-----\n")
    (second / "binary").write_bytes(b"\xff\xfe\x00canary\n")
    (second / "crlf").write_bytes(b"value\r\n")
    (second / "..data").mkdir()
    (second / "folder").mkdir()
    (tmp_path / "outside").write_text(CANARY)
    environ = {"DB_PASSWORD": "from-env", "exact.name": "exact", "EXACT_NAME": "upper"}
    return Secrets([first, second, tmp_path / "absent"], environ=environ, redactor=Redactor())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api-key", CANARY),
        ("pem", "-----BEGIN-----\nMIIBcanaryline\n-----END-----"),
        ("crlf", "value"),
        ("db-password", "from-env"),
        ("DB_PASSWORD", "from-env"),
        ("exact.name", "exact"),
    ],
)
def test_files_then_environment(secrets, name, value):
    assert secrets[name] == value
    assert secrets.get(name) == value
    assert name in secrets


def test_a_volume_as_kubernetes_mounts_it(tmp_path):
    (tmp_path / "..2026_11_23").mkdir()
    (tmp_path / "..2026_11_23" / "api-key").write_text(CANARY)
    (tmp_path / "..data").symlink_to("..2026_11_23")
    (tmp_path / "api-key").symlink_to("..data/api-key")
    secrets = Secrets([tmp_path], environ={}, redactor=Redactor())
    assert secrets["api-key"] == CANARY


def test_bytes_are_as_they_are(secrets):
    assert secrets.bytes("binary") == b"\xff\xfe\x00canary\n"
    assert secrets.bytes("api-key") == CANARY.encode() + b"\n"
    with pytest.raises(SecretNotFound, match="no text"):
        secrets["binary"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "..",
        ".",
        "",
        "/etc/passwd",
        "first/api-key",
        "api-key\n",
        "api-key\0",
        ".hidden",
        "..data",
        "a" * 254,
        "nö",
        7,
        None,
    ],
)
def test_no_name_leads_out(secrets, name):
    assert name not in secrets
    with pytest.raises(SecretNotFound, match="no path"):
        secrets[name]


def test_an_absent_one_names_the_places(secrets):
    with pytest.raises(SecretNotFound) as caught:
        secrets["stripe-key"]
    assert "first" in str(caught.value)
    assert "STRIPE_KEY" in str(caught.value)
    assert isinstance(caught.value, KeyError)
    assert secrets.get("stripe-key", "default") == "default"
    assert secrets.get("folder") is None


def test_a_rotated_secret_is_seen(secrets, tmp_path):
    assert secrets["crlf"] == "value"
    (tmp_path / "second" / "crlf").write_text("rotated")
    assert secrets["crlf"] == "rotated"


def test_names_and_repr(secrets):
    assert secrets.names() == ["api-key", "binary", "crlf", "pem"]
    assert repr(secrets) == "<Secrets: 4 in files>"


def test_a_huge_file_is_refused(secrets, tmp_path):
    (tmp_path / "first" / "huge").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(SecretNotFound, match="1 MiB"):
        secrets["huge"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_told_as_such(secrets, tmp_path):
    (tmp_path / "first" / "locked").write_text("x")
    (tmp_path / "first" / "locked").chmod(0)
    with pytest.raises(SecretNotFound, match="cannot be read"):
        secrets["locked"]


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        repr(CANARY),
        repr({"key": CANARY}),
        f"https://x/?key={__import__('urllib.parse').parse.quote(CANARY, safe='')}",
        __import__("json").dumps(CANARY),
    ],
)
def test_the_canary_is_redacted_in_every_form(secrets, text):
    assert secrets.redactor.redact(text) == text
    secrets["api-key"]
    assert "canary-7f3a" not in secrets.redactor.redact(text)
    assert REDACTED in secrets.redactor.redact(text)


def test_a_line_of_a_secret_is_redacted(secrets):
    secrets["pem"]
    assert secrets.redactor.redact("got MIIBcanaryline") == f"got {REDACTED}"


def test_short_values_do_not_garble_logs():
    redactor = Redactor()
    redactor.remember("a")
    redactor.remember("")
    assert redactor.redact("a banana") == "a banana"


def test_the_longest_value_wins():
    redactor = Redactor()
    for value in ("abcd", "abcdefgh"):
        redactor.remember(value)
    assert redactor.redact("abcdefgh abcd") == f"{REDACTED} {REDACTED}"
    assert "abcd" not in repr(redactor)


def test_no_repr_and_no_record_shows_a_secret(secrets, caplog):
    from wherry.log import JsonFormatter

    context = Context(
        call_id="c",
        deadline=Deadline.after(1),
        identity=Identity(function="f"),
        secrets=secrets,
    )
    value = context.secrets["api-key"]
    with caplog.at_level(logging.INFO):
        context.logger.info("got %r of %s", value, context)
        try:
            raise ValueError(value)  # noqa: TRY301
        except ValueError:
            context.logger.exception("failed")
    assert [record.name for record in caplog.records] == ["wherry.function.f"] * 2
    shape = JsonFormatter(secrets.redactor.redact)
    shown = "".join(map(shape.format, caplog.records))
    assert "canary-7f3a" not in shown + repr(context) + repr(secrets) + repr(secrets.redactor)
    assert REDACTED in shown
