"""Bodies made to break whoever reads them: the caller's fault, and never an error of the server."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from wherry.testing import Running, running

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PART = b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n'
DEEP = {"lists": b"[" * 100_000, "closed": b"[" * 5_000 + b"]" * 5_000, "dicts": b'{"a":' * 50_000}
NO_JSON = {
    **{f"deep {name}": text for name, text in DEEP.items()},
    "NaN": b"NaN",
    "Infinity": b"[-Infinity]",
    "not UTF-8": b'"\xff"',
    "two documents": b"{}{}",
    "nothing": b"",
    "a NUL": b"{\0}",
}
LONG_NUMBER = b"9" * 5_000
SURROGATE = rb'"\ud800"'


@pytest.fixture(scope="module")
def flask_function() -> Iterator[Running]:
    with running(FUNCTIONS / "parses.py") as served:
        yield served


@pytest.fixture(scope="module")
def typed_function() -> Iterator[Running]:
    with running(FUNCTIONS / "takes_order.py") as served:
        yield served


@pytest.fixture(scope="module")
def event_function() -> Iterator[Running]:
    with running(FUNCTIONS / "events.py") as served:
        yield served


def post(
    function: Running, path: str, body: bytes, content_type: str, **fields: str
) -> tuple[int, dict[str, Any] | bytes]:
    headers = {"Content-Type": content_type}
    headers.update({name.replace("_", "-"): value for name, value in fields.items()})
    with closing(http.client.HTTPConnection("127.0.0.1", function.port, timeout=60)) as client:
        client.request("POST", path, body, headers)
        answer = client.getresponse()
        text = answer.read()
        if answer.headers.get_content_subtype().endswith("json"):
            return answer.status, json.loads(text)
        return answer.status, text


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json(
    flask_function: Running, typed_function: Running, event_function: Running, name: str
):
    text = NO_JSON[name]
    assert post(flask_function, "/json", text, JSON)[0] == 400
    assert post(typed_function, "/", text, JSON)[0] == 400
    assert post(event_function, "/", text, EVENT)[0] == 400
    assert post(event_function, "/", b"[" + text + b"]", BATCH)[0] == (400 if text else 204)
    fields = {"ce_id": "1", "ce_type": "t", "ce_source": "/s", "ce_specversion": "1.0"}
    assert post(event_function, "/", text, JSON, **fields)[0] == (400 if text else 200)
    for function in (flask_function, typed_function, event_function):
        assert "Traceback" not in function.log


def test_json_that_python_or_a_peer_could_not_write(
    flask_function: Running, typed_function: Running, event_function: Running
):
    order = b'{"number": 1, "rest": %s}'
    event = b'{"specversion":"1.0","id":"1","type":"t","source":"/s","data":%s}'
    for value in (LONG_NUMBER, SURROGATE):
        assert post(flask_function, "/json", value, JSON)[0] in {200, 400}
        assert post(typed_function, "/", order % value, JSON)[0] in {200, 400}
        assert post(event_function, "/", event % value, EVENT)[0] in {200, 400}
    assert post(typed_function, "/", b'{"number": %s}' % LONG_NUMBER, JSON)[0] == 400
    for function in (flask_function, typed_function, event_function):
        assert "Traceback" not in function.log


def test_forms_of_too_many_parts(flask_function: Running):
    keys = b"&".join(b"k%d=v" % number for number in range(60_000))
    assert post(flask_function, "/form", keys, FORM)[0] in {200, 413}
    few, many = (
        b"".join(PART % number for number in range(count)) + b"--b--\r\n" for count in (900, 1_001)
    )
    assert post(flask_function, "/files", few, MULTIPART) == (200, {"files": 0, "fields": 900})
    assert post(flask_function, "/files", many, MULTIPART)[0] == 413
    assert "Traceback" not in flask_function.log


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        ("/form", b"a=%ff%00&%=%zz&=&&==", FORM),
        ("/files", b"--b\r\n", MULTIPART),
        ("/files", b"--b\r\nContent-Disposition: form-data\r\n\r\n", MULTIPART),
        ("/files", b"", "multipart/form-data"),
        ("/files", PART % 1, "multipart/form-data; boundary="),
        ("/files", PART % 1, "multipart/form-data; boundary=" + "b" * 4_000),
        ("/files", b"--b\r\n" + b"X: y\r\n" * 20_000 + b"\r\n\r\n--b--", MULTIPART),
        ("/files", b"--b\r\n" + b"x" * 100_000, MULTIPART),
        ("/json", b"{}", "application/json; charset=\xff".encode("latin-1").decode("latin-1")),
        ("/json", b"{}", "application/json; charset=utf-7"),
        ("/all?a=%ff&a=%zz&" + "b" * 3_000, b"", ";;;"),
    ],
)
def test_odd_forms(flask_function: Running, path: str, body: bytes, content_type: str):
    assert post(flask_function, path, body, content_type)[0] < 500
    assert "Traceback" not in flask_function.log


@pytest.mark.parametrize("coding", ["gzip", "deflate", "GZIP", "gzip, gzip", "br"])
def test_a_coded_body_is_not_undone(
    flask_function: Running, typed_function: Running, event_function: Running, coding: str
):
    """A kilobyte of it may hold a gigabyte: it is handed over as it came, or refused."""
    bomb = b'{"number": 1, "rest": "' + b"x" * 3_000_000 + b'"}'
    coded = zlib.compress(bomb) if coding == "deflate" else gzip.compress(bomb)
    fields = {"Content_Encoding": coding}
    assert post(flask_function, "/", coded, JSON, **fields) == (200, coded)
    for function, path, content_type in (
        (flask_function, "/json", JSON),
        (typed_function, "/", JSON),
        (event_function, "/", EVENT),
        (event_function, "/", BATCH),
    ):
        status, problem = post(function, path, coded, content_type, **fields)
        assert status == 415
        assert "Content-Encoding" in str(problem)
    attributes = {"ce_id": "1", "ce_type": "t", "ce_source": "/s", "ce_specversion": "1.0"}
    status, _ = post(event_function, "/", coded, JSON, **attributes, **fields)
    assert status == 415
    attributes.pop("ce_id")  # what is at fault is said first
    status, problem = post(event_function, "/", coded, JSON, **attributes, **fields)
    assert (status, problem["attribute"]) == (400, "id")


def test_identity_is_no_coding(typed_function: Running):
    status, answer = post(typed_function, "/", b'{"number": 7}', JSON, Content_Encoding="identity")
    assert (status, answer) == (200, {"number": 7})
    assert post(typed_function, "/", b"x", JSON, Content_Encoding="identity")[0] == 400
