"""`wherry emit`, `events`, `replay` and `deadletters`."""

import json

import pytest
from tests.cli.admin_recorder import Answer, problem, told

EVENT = {
    "key": "k7",
    "position": 7,
    "id": "A-1",
    "type": "com.acme.order.placed",
    "source": "/shop",
    "subject": None,
    "time": None,
    "broker": "default",
    "namespace": "default",
    "acceptedAt": "2026-01-02T03:04:05.123Z",
    "parent": None,
    "deliveries": [
        {
            "number": 12,
            "trigger": "orders-accept",
            "state": "due",
            "tries": 2,
            "nextAt": "2026-01-02T03:04:09.000Z",
            "lastStatus": 503,
            "lastReason": "the function answered 503",
        }
    ],
    "mismatches": 2,
}
EXPLAINED = EVENT | {
    "attributes": {"specversion": "1.0", "id": "A-1", "type": "com.acme.order.placed"},
    "headers": [["content-type", "application/json"]],
    "data": {"text": '{"id":\x1b"A-1"}', "bytes": 13, "truncated": False},
    "triggers": [
        {"trigger": "orders-accept", "matched": True, "clause": "", "reason": ""},
        {
            "trigger": "ship",
            "matched": False,
            "clause": "exact.type",
            "reason": "got com.acme.order.placed, expected com.acme.order.paid",
        },
    ],
    "deliveries": [
        EVENT["deliveries"][0]
        | {
            "attempts": [
                {"at": "2026-01-02T03:04:05.200Z", "ms": 12.0, "status": 503, "reason": "busy"},
                {"at": "2026-01-02T03:04:06.200Z", "ms": 7.0, "status": 0, "reason": "no answer"},
            ],
            "answer": {"status": 503, "text": "busy"},
        }
    ],
    "replies": ["k8"],
}
LETTER = {
    "number": 12,
    "event": "k7",
    "id": "A-1",
    "type": "com.acme.order.placed",
    "source": "/shop",
    "trigger": "orders-accept",
    "function": "orders",
    "reason": "the function answered 500",
    "status": 500,
    "tries": 5,
    "diedAt": "2026-01-02T03:04:05.123Z",
}


@pytest.fixture
def broker(platform):
    platform.answers["GET /system/triggers"] = told([])
    platform.answers["POST /system/events"] = told({"key": "k7"}, 202)
    platform.answers["GET /system/events"] = told({"events": [EVENT], "next": None})
    for name in ("k7", "A-1"):
        platform.answers[f"GET /system/events/{name}"] = told(EXPLAINED)
    return platform


def test_an_event_is_given_and_its_triggers_are_told(wherry, broker):
    done = wherry(
        *("emit", "--type", "com.acme.order.placed", "--id", "A-1", "--subject", "s"),
        *("-a", "tenant=blue", "-d", '{"id": "A-1"}', "--broker", "slow"),
    )
    assert done.code == 0, done.err
    assert broker.asked[0].json == {
        "broker": "slow",
        "attributes": {
            "specversion": "1.0",
            "id": "A-1",
            "type": "com.acme.order.placed",
            "source": "/wherry/emit",
            "subject": "s",
            "tenant": "blue",
        },
        "data": {"id": "A-1"},
    }
    key, _, accepting, other = done.out.splitlines()
    assert key == "k7"
    assert accepting.split() == ["orders-accept", "yes"]
    assert "no" in other.split()
    assert "exact.type: got com.acme.order.placed" in other


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"plain", {"data": "plain"}),
        (b"\xff", {"dataBase64": "/w=="}),
        (b'"x"', {"data": "x"}),
        (b"", {}),
    ],
)
def test_data_is_sent_as_what_it_is(wherry, broker, here, data, sent):
    (here / "file").write_bytes(data)
    wherry("emit", "--type", "a.b", "-d", "@file", "-o", "json")
    body = broker.asked[0].json
    kind = body["attributes"].get("datacontenttype")
    del body["attributes"]
    assert body == sent
    assert kind == {
        b"plain": "text/plain; charset=utf-8",
        b"\xff": "application/octet-stream",
    }.get(data)


@pytest.mark.parametrize("attribute", ["Tenant=x", "tenant", "a-b=c", "=x"])
def test_attributes_are_checked(wherry, broker, attribute):
    assert wherry("emit", "--type", "a.b", "-a", attribute).code == 2
    assert broker.asked == []


def test_two_events_have_two_ids(wherry, broker):
    wherry("emit", "--type", "a.b")
    wherry("emit", "--type", "a.b")
    sent = [each.json for each in broker.asked if each.method == "POST"]
    assert len({each["attributes"]["id"] for each in sent}) == 2


def test_the_list(wherry, broker):
    done = wherry("events", "--type", "a.b", "--state", "due", "--limit", "5")
    assert done.code == 0
    assert broker.last.query == {"type": "a.b", "state": "due", "limit": "5"}
    _, row = done.out.splitlines()
    assert "orders-accept due (2 tries), not 2 others" in row


def test_the_list_as_json(wherry, broker):
    assert json.loads(wherry("events", "-o", "json").out) == {"events": [EVENT], "next": None}


def test_no_events(wherry, broker):
    broker.answers["GET /system/events"] = told({"events": [], "next": None})
    done = wherry("events")
    assert (done.code, done.out) == (0, "")
    assert "wherry emit" in done.err


@pytest.mark.parametrize("output", ["table", "json"])
def test_following_prints_what_comes_until_the_end(wherry, broker, output):
    line = json.dumps(EVENT).encode()
    broker.answers["GET /system/events"] = Answer(200, [line[:20], line[20:] + b"\n" + line])
    done = wherry("events", "--follow", "-o", output)
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first == second
    assert broker.last.query == {"follow": "1"}
    if output == "json":
        assert json.loads(first) == EVENT
    else:
        assert "k7  com.acme.order.placed  orders-accept due" in first


@pytest.mark.parametrize("name", ["k7", "A-1"])
def test_an_explanation(wherry, broker, name):
    done = wherry("events", "--explain", name)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert any(line.split() == ["led", "to", "k8"] for line in lines)
    assert any("\\x1b" in line for line in lines), "data moves no cursor"
    table = lines[lines.index("") + 1 :]
    assert table[0].split()[:5] == ["TRIGGER", "TAKES", "IT", "STATE", "TRIES"]
    accepting, other = table[1:3]
    assert accepting.split()[:4] == ["orders-accept", "yes", "due", "2"]
    assert accepting.endswith("503 the function answered 503")
    assert other.split()[:2] == ["ship", "no"]
    assert other.endswith("exact.type: got com.acme.order.placed, expected com.acme.order.paid")
    tries = table[table.index("") + 1 :]
    assert [line.split()[-2:] for line in tries[1:]] == [["503", "busy"], ["no", "answer"]]


@pytest.fixture
def replayed(broker):
    """An event whose one dead letter was replayed: nothing of the trigger is kept with it."""
    event = EXPLAINED | {"deliveries": [], "triggers": [], "mismatches": 0, "replies": []}
    broker.answers["GET /system/events"] = told({"events": [event], "next": None})
    broker.answers["GET /system/events/k7"] = told(event)
    return broker


def trigger(name, **more):
    return {"name": name, "namespace": "default", "broker": "default"} | more


@pytest.mark.parametrize("mismatches", [0, 1])
def test_of_an_event_without_deliveries_the_list_says_no_reason(wherry, replayed, mismatches):
    event = EVENT | {"deliveries": [], "mismatches": mismatches}
    replayed.answers["GET /system/events"] = told({"events": [event], "next": None})
    assert wherry("events").out.splitlines()[1].endswith("A-1  no delivery")


def test_an_explanation_says_what_is_not_known(wherry, replayed):
    replayed.answers["GET /system/triggers"] = told(
        [trigger("orders-accept"), trigger("slow", broker="slow"), trigger("x", namespace="y")]
    )
    table = wherry("events", "--explain", "k7").out.partition("\n\n")[2].splitlines()
    assert [line.split()[0] for line in table] == ["TRIGGER", "orders-accept"]
    assert table[1].endswith("or its dead letter was replayed or discarded")
    assert "yes" not in table[1].split() and "no" not in table[1].split()


def test_an_explanation_of_an_event_of_which_nothing_is_known(wherry, replayed):
    said = wherry("events", "--explain", "k7").out.partition("\n\n")[2]
    assert said.startswith("nothing is kept: no trigger was asked, or its dead letter was replayed")


def test_an_explanation_as_json(wherry, broker):
    assert json.loads(wherry("events", "--explain", "k7", "-o", "json").out) == EXPLAINED


def test_an_explanation_is_not_followed(wherry, broker):
    assert wherry("events", "--explain", "k7", "--follow").code == 2


@pytest.mark.parametrize(
    ("arguments", "body"), [((), {}), (("--trigger", "ship"), {"trigger": "ship"})]
)
def test_replay(wherry, broker, arguments, body):
    broker.answers["POST /system/events/k7/replay"] = told({"key": "k9"}, 202)
    assert wherry("replay", "k7", *arguments) == (0, "k9\n", "")
    assert broker.last.json == body


def test_an_id_is_one_segment_of_the_path(wherry, broker):
    wherry("replay", "../../functions?x")
    assert broker.last.path == "/system/events/..%2F..%2Ffunctions%3Fx/replay"


@pytest.mark.parametrize(
    "arguments", [(), ("list",), ("list", "--trigger", "orders-accept"), ("--limit", "3")]
)
def test_dead_letters(wherry, broker, arguments):
    broker.answers["GET /system/dead-letters"] = told({"deadLetters": [LETTER], "next": None})
    done = wherry("deadletters", *arguments)
    assert done.code == 0, done.err
    _, row = done.out.splitlines()
    assert row.split()[:1] == ["12"]
    assert "orders-accept" in row
    assert row.endswith("500     the function answered 500")
    assert broker.last.query.get("trigger") == ("orders-accept" if len(arguments) > 2 else None)


def test_a_dead_letter_is_shown_with_its_event(wherry, broker):
    broker.answers["GET /system/dead-letters/12"] = told(LETTER)
    assert "TRIGGER" in wherry("deadletters", "show", "12").out
    assert wherry("deadletters", "show", "13").code == 1


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ((), {}),
        (("-d", '{"a": 1}'), {"attributes": EXPLAINED["attributes"], "data": {"a": 1}}),
        (("-a", "subject=x"), {"attributes": EXPLAINED["attributes"] | {"subject": "x"}}),
    ],
)
def test_a_dead_letter_is_replayed(wherry, broker, arguments, body):
    broker.answers["GET /system/dead-letters/12"] = told(LETTER)
    broker.answers["POST /system/dead-letters/12/replay"] = told({"key": "k9"}, 202)
    assert wherry("deadletters", "replay", "12", *arguments) == (0, "k9\n", "")
    assert broker.last.json == body


def test_a_dead_letter_that_is_not_there_is_not_mended(wherry, broker):
    broker.answers["GET /system/dead-letters/12"] = problem(404, "there is no dead letter 12")
    assert wherry("deadletters", "replay", "12", "-d", "{}").code == 1


def test_a_dead_letter_is_discarded(wherry, broker):
    broker.answers["DELETE /system/dead-letters/12"] = Answer(202)
    assert wherry("deadletters", "discard", "12").code == 0
    assert broker.last.method == "DELETE"
