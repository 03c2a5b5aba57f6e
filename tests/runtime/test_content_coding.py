"""What counts as a coded body, and which refusals it explains."""

from __future__ import annotations

import pytest

from wherry.content_coding import is_coded, why_unread
from wherry.errors import EventError, PayloadError


@pytest.mark.parametrize(
    ("value", "coded"),
    [(b"gzip", True), (b" GZIP ", True), (b"identity", False), (b"", False), (b"br, gzip", True)],
)
def test_every_coding_but_identity(request_of, value: bytes, coded: bool):
    assert is_coded(request_of(headers=[("Content-Encoding", value.decode())])) is coded
    assert not is_coded(request_of())


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (PayloadError("the body must be valid JSON", status=400), 415),
        (EventError("data is not valid JSON", attribute="data"), 415),
        (EventError("the body is not valid JSON"), 415),
        (EventError("required attribute 'id' is missing", attribute="id"), 400),
        (PayloadError("the body does not fit what the function takes"), 422),
    ],
)
def test_only_what_could_not_be_read_is_explained_by_it(request_of, refusal, status: int):
    coded = request_of(headers=[("Content-Encoding", "gzip")])
    assert why_unread(coded, refusal).problem.status == status
    assert why_unread(request_of(), refusal) is refusal
