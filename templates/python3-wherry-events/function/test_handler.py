from wherry import CloudEvent
from wherry.testing import Invoke


def asked(data: object) -> CloudEvent:
    return CloudEvent(type="com.example.greeting.asked", source="/test", id="1", data=data)


def test_it_replies_with_an_event(wherry_invoke: Invoke) -> None:
    answer = wherry_invoke(event=asked({"name": "Ada"}))
    assert answer.event.type == "com.example.greeting.made"
    assert answer.event.data == {"hello": "Ada"}


def test_it_drops_what_has_no_name(wherry_invoke: Invoke) -> None:
    wherry_invoke(event=asked({})).expect(422)
