from pathlib import Path

from wherry import CloudEvent
from wherry.loader import load
from wherry.testing import invoke_event

HANDLER = load(Path(__file__).with_name("handler.py"))


def asked(data: object) -> CloudEvent:
    return CloudEvent(type="com.example.greeting.asked", source="/test", id="1", data=data)


def test_it_replies_with_an_event() -> None:
    answer = invoke_event(HANDLER, asked({"name": "Ada"}))
    assert answer.status == 200
    assert answer.event.type == "com.example.greeting.made"
    assert answer.event.data == {"hello": "Ada"}


def test_it_drops_what_has_no_name() -> None:
    assert invoke_event(HANDLER, asked({})).status == 422
