"""Golden events: the codec reads each as it is written there, and refuses the faults as named."""

import base64

import pytest

from wherry import CloudEvent, EventError
from wherry.cloudevents import HeaderEncoding, Mode, decode, mode_of
from wherry.testing import GOLDEN, GOLDEN_FAULTS, invoke
from wherry.testing.golden.events import _BASE64, _BYTES


def decoded(golden):
    headers = [(name.encode(), value.encode("latin-1")) for name, value in golden.headers]
    found = decode(headers, golden.body, encoding=HeaderEncoding(golden.encoding))
    return tuple(found) if isinstance(found, list) else (found,)


def checked(golden):
    for event in decoded(golden):
        event.check_data()


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_each_means_the_events_that_are_written_beside_it(golden):
    assert decoded(golden) == golden.events


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_data_are_there_or_not(golden):
    for read, written in zip(decoded(golden), golden.events, strict=True):
        assert (read.data_bytes is None) == (written.data_bytes is None)
        assert read.data == written.data


@pytest.mark.parametrize("golden", GOLDEN_FAULTS, ids=str)
def test_each_fault_is_refused_by_name(golden):
    with pytest.raises(EventError) as refused:
        checked(golden)
    assert refused.value.problem.status == golden.status
    assert refused.value.attribute == golden.attribute


@pytest.mark.parametrize("golden", [*GOLDEN, *GOLDEN_FAULTS], ids=str)
def test_each_is_in_the_mode_that_it_says(golden):
    kind = dict(golden.headers).get("content-type")
    names = [name.lower() for name, _ in golden.headers]
    try:
        mode = mode_of(kind, has_ce_headers=any(name.startswith("ce-") for name in names))
    except EventError:
        mode = Mode.STRUCTURED
    assert mode in {golden.mode, Mode.NONE}
    assert (mode is Mode.NONE) == (golden.name == "structured-as-plain-json")


def test_every_name_is_there_once():
    names = [golden.name for golden in (*GOLDEN, *GOLDEN_FAULTS)]
    assert len(names) == len(set(names)) > 80


def test_the_written_out_base64_is_right():
    assert base64.b64decode(_BASE64) == _BYTES


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_a_function_that_echoes_gives_the_same_events(golden):
    def echo(event: CloudEvent):
        return event

    answer = invoke(echo, **golden.request, event_headers=golden.encoding)
    answer.expect(200 if golden.events else 204)
    if golden.encoding == "strict":
        assert tuple(answer.events) == golden.events


@pytest.mark.parametrize("golden", GOLDEN_FAULTS, ids=str)
def test_a_function_is_not_called_with_a_fault(golden):
    def never(event: CloudEvent):
        raise AssertionError(event)

    answer = invoke(never, **golden.request)
    assert answer.expect(golden.status).problem["title"] == "Invalid CloudEvent"
    assert answer.json.get("attribute", "") == golden.attribute
