"""Events as they happen, followed over the admin route."""

import http.client
import json
import threading

from tests.local.broker.served_events import ADMIN, served_events


class Follower:
    """Reads a stream of lines in a thread."""

    def __init__(self, served, query=""):
        self.lines = []
        self.changed = threading.Condition()
        self.connection = http.client.HTTPConnection("127.0.0.1", served.admin_port, timeout=10)
        self.connection.request("GET", f"/system/events?follow=1{query}", headers=ADMIN)
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        assert self.response.headers["content-type"] == "application/x-ndjson"
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        while line := self.response.readline():
            with self.changed:
                self.lines.append(json.loads(line))
                self.changed.notify_all()

    def wait(self, fits):
        with self.changed:
            assert self.changed.wait_for(lambda: any(map(fits, self.lines)), 10), self.lines

    def close(self):
        self.thread.join()
        self.connection.close()


def delivered(line):
    return line["deliveries"] and all(e["state"] == "delivered" for e in line["deliveries"])


def test_what_happens_is_followed_until_the_end(tmp_path):
    yaml = "triggers: {t: {function: hello}}"
    with served_events(tmp_path, yaml) as on:
        follower = Follower(on)
        on.post(b"x")
        follower.wait(delivered)
        assert {line["id"] for line in follower.lines} == {"1"}
        on.run(on.events.close())
        follower.close()


def test_only_what_is_asked_for_is_followed(served):
    follower = Follower(served, "&type=com.acme.order.*")
    served.post(type="x", id="2")
    served.post()
    follower.wait(lambda line: line["id"] == "1")
    assert {line["id"] for line in follower.lines} == {"1"}
    served.run(served.events.close())
    follower.close()


def test_a_follower_that_goes_is_forgotten(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.admin_port, timeout=10)
    connection.request("GET", "/system/events?follow=1", headers=ADMIN)
    response = connection.getresponse()
    watchers = served.events._flow._watchers
    assert len(watchers) == 1
    response.close()
    connection.close()
    served.post()
    served.wait_for(lambda: len(watchers), lambda count: count == 0)
