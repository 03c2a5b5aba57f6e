"""`wherry up` and every command that asks it, from end to end, with real processes."""

import json
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from tests.cli.conftest import eventually
from tests.cli.project import Project

ROOT = Path(__file__).resolve().parents[2]
HELLO = """
def handle(request, context):
    context.logger.info("greeted %s", request.query_string.decode())
    return {"hello": "world"}
"""
ORDERS = """
from wherry import CloudEvent, Drop, cloud_event

@cloud_event(type="com.acme.order.placed")
def accept(event: CloudEvent) -> CloudEvent | Drop:
    if not event.data or "id" not in event.data:
        return Drop("an order needs an id")
    return CloudEvent(type="com.acme.order.accepted", source="/orders", data=event.data)
"""
SECRET = """
def handle(request, context):
    return {"length": len(context.secrets["api-key"])}
"""
TRIGGER = """
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: from-a-file}
spec:
  broker: default
  filters: [{prefix: {type: com.other.}}]
  subscriber:
    ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: orders}
"""
PLACED = ("--type", "com.acme.order.placed")


@pytest.fixture(scope="module")
def wherry(tmp_path_factory):
    """A project whose platform runs in the background."""
    project = Project(tmp_path_factory.mktemp("shop"))
    for name, code in (("hello", HELLO), ("orders", ORDERS), ("secretive", SECRET)):
        project.write(name, code)
    (project.folder / "wherry.yaml").write_text(
        "functions: {hello: {}, orders: {}, secretive: {secrets: [api-key]}}\n"
    )
    (project.folder / "trigger.yaml").write_text(TRIGGER)
    done = project.up("--port", "0", "--triggers", "trigger.yaml")
    assert done.code == 0, done.err
    yield project
    done = project("down")
    assert done.code == 0, done.err
    assert project("list").code == 3
    eventually(lambda: not _left(project.folder))


def _left(folder):
    """Processes of the platform in `folder`."""
    return [each for each in Path("/proc").glob("[0-9]*/cmdline") if _is_of(folder, each)]


def _is_of(folder, cmdline):
    try:
        return str(folder) in cmdline.read_text() + str((cmdline.parent / "cwd").readlink())
    except OSError:
        return False


def test_functions_are_listed_and_called(wherry):
    listed = {each["name"]: each for each in wherry.json("list")}
    assert listed.keys() == {"hello", "orders", "secretive"}
    done = wherry("invoke", "hello")
    assert (done.code, done.out) == (0, '{"hello":"world"}')
    assert wherry("invoke", "nobody").code == 1
    described = wherry.json("describe", "hello")
    assert described["state"] == "ready"
    assert described["calls"] >= 1
    triggers = wherry.json("describe", "orders")["triggers"]
    assert [each["name"] for each in triggers] == ["from-a-file", "orders"]
    assert wherry("describe", "nobody").code == 1


def test_lines_of_a_call_are_found_by_its_id(wherry):
    wherry("invoke", "hello?name=elsewhere")
    assert wherry("invoke", "hello?name=here", "-H", "X-Call-Id: call-of-a-test").code == 0
    lines = eventually(lambda: wherry("logs", "hello", "--call", "call-of-a-test").out)
    assert "greeted name=here" in lines
    assert "elsewhere" not in lines
    assert "greeted name=elsewhere" in wherry("logs", "hello", "--grep", "name=elsewhere").out
    assert wherry("logs", "hello", "--since", "1h", "--tail", "1").out.count("\n") == 1


def test_logs_are_followed(wherry):
    with wherry.running("logs", "hello", "-f", "--tail", "0", code=130) as said:
        eventually(lambda: wherry("invoke", "hello?followed").code == 0 and "followed" in said())


def test_an_event_is_explained_by_each_trigger(wherry):
    done = wherry("emit", *PLACED, "--id", "A-1", "-d", '{"id": "A-1"}')
    assert done.code == 0, done.err
    key = done.out.splitlines()[0]
    event = wherry.event(key)
    assert [each["state"] for each in event["deliveries"]] == ["delivered"]
    (reply,) = event["replies"]
    refusals = {each["trigger"]: each for each in wherry.event(reply)["triggers"]}
    refusal = refusals["orders"]
    assert not refusal["matched"]
    told = wherry("events", "--explain", reply).out
    assert refusal["clause"] in told
    assert "'com.acme.order.accepted', expected 'com.acme.order.placed'" in told
    assert wherry.json("events", "--explain", "A-1")["key"] == key
    assert wherry("events", "--explain", "nothing").code == 1


def test_triggers_of_a_cluster_are_taken_as_they_are(wherry):
    key = wherry("emit", "--type", "com.other.thing").out.splitlines()[0]
    taking = [each["trigger"] for each in wherry.event(key)["triggers"] if each["matched"]]
    assert taking == ["from-a-file"]


def test_events_are_followed(wherry):
    kind = "com.acme.followed"
    with wherry.running("events", "-f", "--type", kind, "-o", "json", code=130) as said:
        eventually(lambda: wherry("emit", "--type", kind).code == 0 and said())
        assert json.loads(said().splitlines()[0])["type"] == kind


def test_an_event_is_replayed(wherry):
    key = wherry("emit", *PLACED, "-d", '{"id": "A-2"}').out.splitlines()[0]
    again = wherry("replay", key)
    assert again.code == 0, again.err
    first, second = wherry.event(key), wherry.event(again.out.strip())
    assert first["id"] == second["id"]
    assert second["parent"] == key
    assert wherry("replay", key, "--trigger", "nobody").code == 1
    assert wherry("replay", "nothing").code == 1


def test_a_dead_letter_is_mended(wherry):
    key = wherry("emit", *PLACED, "-d", '{"item": "oar"}').out.splitlines()[0]
    assert [each["state"] for each in wherry.event(key)["deliveries"]] == ["dead"]
    letters = wherry.json("deadletters")["deadLetters"]
    (number,) = [each["number"] for each in letters if each["event"] == key]
    assert "422" in wherry("deadletters", "show", number).out
    mended = wherry("deadletters", "replay", number, "-d", '{"id": "A-3"}')
    assert mended.code == 0, mended.err
    assert [each["state"] for each in wherry.event(mended.out.strip())["deliveries"]] == [
        "delivered"
    ]
    assert wherry("deadletters", "replay", number).code == 1
    told = wherry("events", "--explain", key).out
    row = next(line for line in told.splitlines() if line.startswith("orders"))
    assert row.endswith("its dead letter was replayed or discarded")


def test_a_dead_letter_is_discarded(wherry):
    key = wherry("emit", *PLACED, "-d", "{}").out.splitlines()[0]
    wherry.event(key)
    letters = wherry.json("deadletters")["deadLetters"]
    (number,) = [each["number"] for each in letters if each["event"] == key]
    assert wherry("deadletters", "discard", number).code == 0
    assert wherry("deadletters", "discard", number).code == 1
    assert key not in wherry("deadletters").out


def test_a_call_for_later(wherry):
    done = wherry("invoke", "hello", "--async", "--wait")
    assert (done.code, done.out) == (0, '{"hello":"world"}'), done.err
    call_id = wherry("invoke", "hello", "--async").out.strip()
    eventually(lambda: wherry("calls", "show", call_id).code == 0)
    assert wherry.json("calls", "show", call_id)["state"] == "delivered"
    assert call_id in [each["id"] for each in wherry.json("calls")["calls"]]
    assert wherry("calls", "show", call_id).out == '{"hello":"world"}'
    assert wherry("calls", "cancel", call_id).code == 1
    again = wherry("calls", "replay", call_id).out.strip()
    assert again not in {"", call_id}
    assert wherry("calls", "show", "nothing").code == 1
    assert wherry("invoke", "nobody", "--async").code == 1


def test_a_function_sleeps_and_wakes_up(wherry):
    assert wherry("scale", "hello", "0").code == 0
    eventually(lambda: wherry.json("describe", "hello")["state"] == "asleep")
    assert wherry("invoke", "hello").code == 0
    assert wherry("scale", "nobody", "1").code == 1
    assert wherry("scale", "hello", "2").code == 0
    eventually(lambda: wherry.json("describe", "hello")["availableReplicas"] == 2)


def test_a_secret_reaches_its_function(wherry):
    done = wherry("secret", "create", "api-key", given=b"s3cret\n")
    assert done.code == 0, done.err
    assert [each["name"] for each in wherry.json("secret", "list")] == ["api-key"]
    assert wherry("invoke", "secretive").out == '{"length":6}'
    assert wherry("secret", "create", "api-key", given=b"x").code == 1, "it is there already"
    assert wherry("secret", "remove", "api-key").code == 0
    assert wherry("secret", "remove", "api-key").code == 1
    assert "s3cret" not in "".join(
        each.read_text(errors="replace") for each in (wherry.folder / ".wherry/logs").iterdir()
    )


def test_what_is_not_allowed_is_2(wherry):
    assert wherry("secret", "create", "Not A Name", given=b"x").code == 2
    assert wherry("scale", "hello", "many").code == 2
    assert wherry("emit", "--type", "").code == 2


def test_only_one_platform_runs_for_a_project(wherry):
    done = wherry.up("--port", "0")
    assert done.code == 3
    assert "a platform runs for this project already" in done.err
    assert wherry("list").code == 0, "the first one stays"


def test_another_gateway_is_asked_without_a_project(wherry, tmp_path):
    url = json.loads((wherry.folder / ".wherry/platform.json").read_text())["gateway"]
    elsewhere = Project(tmp_path)
    assert elsewhere("invoke", "hello", "--gateway", url).out == '{"hello":"world"}'
    assert elsewhere("list", "--gateway", url).code == 1, "the administration asks for a password"
    assert elsewhere("list", "--project", wherry.folder).code == 0


# Beginning and ending ------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.write("hello", HELLO)
    yield made
    made("down")


def test_in_the_foreground_it_says_where_it_is_and_ends_with_ctrl_c(project):
    with project.running("up", "--port", "0", "--broker-port", "0", code=0) as said:
        url = eventually(lambda: re.search(r"^hello +(http://\S+)$", said(), re.MULTILINE))[1]
        assert project.json("list")[0]["url"] == url
    assert project("list").code == 3


def test_a_port_in_use_is_3(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for done in (
            project.up("--port", str(port)),
            project("up", "--port", port, "--broker-port", "0"),
        ):
            assert done.code == 3
            assert f"port {port} is in use" in done.err


def test_of_two_ports_in_use_both_are_told_with_what_is_free(project):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        ports = [each.getsockname()[1] for each in (one, two)]
        done = project("up", "--port", ports[0], "--broker-port", ports[1])
        assert f"port {ports[0]} is in use, port {ports[1]} is in use" in done.err
        assert "hint: wherry up --port 0 --broker-port 0 takes" in done.err
        done = project("up", "--port", "0", "--broker-port", ports[1])
        assert "hint: wherry up --broker-port 0 takes" in done.err


def test_in_the_background_it_says_where_each_broker_is(project):
    (project.folder / "wherry.yaml").write_text("functions: {hello: {}}\nbrokers: {slow: {}}\n")
    done = project.up("--port", "0")
    brokers = re.findall(r"^broker +http://127\.0\.0\.1:\d+/(\S+)$", done.out, re.MULTILINE)
    assert brokers == ["default/default", "default/slow"]


def test_triggers_that_say_what_cannot_be_are_2(project):
    (project.folder / "trigger.yaml").write_text(TRIGGER.replace("name: orders", "name: nobody"))
    done = project("up", "--port", "0", "--broker-port", "0", "--triggers", "trigger.yaml")
    assert done.code == 2
    assert "trigger.yaml" in done.err
    assert "'nobody'" in done.err


def test_where_it_is_as_json(project):
    done = project.up("--port", "0", "-o", "json")
    told = json.loads(done.out)
    assert told["project"] == str(project.folder)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["gateway"])


def test_an_edit_counts_and_a_broken_one_does_not(project):
    assert project.up("--port", "0").code == 0
    assert project("invoke", "hello").out == '{"hello":"world"}'
    project.write("hello", HELLO.replace("world", "edited"))
    eventually(lambda: project("invoke", "hello").out == '{"hello":"edited"}')
    project.write("hello", "def handle(request: return 1\n")
    eventually(lambda: project.json("list")[0]["fault"])
    assert project("invoke", "hello").out == '{"hello":"edited"}'
    assert "SyntaxError" in project("list").out
    project.write("hello", HELLO)
    eventually(lambda: project("invoke", "hello").out == '{"hello":"world"}')


def test_what_was_accepted_outlives_a_kill(project):
    project.write("orders", ORDERS)
    assert project.up("--port", "0").code == 0
    key = project("emit", *PLACED, "-d", '{"id": "A-1"}').out.splitlines()[0]
    endpoint = json.loads((project.folder / ".wherry/platform.json").read_text())
    os.kill(endpoint["pid"], signal.SIGKILL)
    eventually(lambda: project("list").code == 3)
    assert project.up("--port", "0").code == 0
    assert [each["state"] for each in project.event(key)["deliveries"]] == ["delivered"]


def test_a_function_that_does_not_start_says_why(project):
    project.write("hello", "import no_such_module\n\ndef handle(request): return 'x'\n")
    assert project.up("--port", "0").code == 0
    assert project("invoke", "hello").code == 1
    listed = project("list").out
    assert "failing" in listed
    assert "no_such_module" in listed
    time_before = time.monotonic()
    assert project("invoke", "hello").code == 1
    assert time.monotonic() - time_before < 10, "it is told at once"
