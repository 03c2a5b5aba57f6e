"""What one writes without a framework for functions: Flask, and the cloudevents SDK."""

import time
from dataclasses import dataclass

import flask
from cloudevents.core.bindings.http import (
    HTTPMessage,
    from_http_event,
    to_binary_event,
    to_structured_event,
)

CHUNK = b"0123456789abcdef" * 64
app = flask.Flask(__name__)


@dataclass
class Parcel:
    weight_g: int
    to: str


@app.route("/greet")
def greet():
    return f"hello {flask.request.args['name']}\n"


@app.route("/json")
def json():
    return {"hello": flask.request.args["name"]}


@app.route("/typed", methods=["POST"])
def typed():
    parcel = Parcel(**flask.request.get_json())
    return {"pence": 2 * parcel.weight_g}


@app.route("/block")
def block():
    time.sleep(0.01)
    return f"hello {flask.request.args['name']}\n"


@app.route("/body", methods=["POST"])
def body():
    return flask.request.get_data()


@app.route("/stream")
def stream():
    return flask.Response(CHUNK for _ in range(64))


def sent_event():
    headers = dict(flask.request.headers)
    return from_http_event(HTTPMessage(headers=headers, body=flask.request.get_data()))


@app.route("/echo_binary", methods=["POST"])
def echo_binary():
    message = to_binary_event(sent_event())
    return message.body, 200, message.headers


@app.route("/echo_structured", methods=["POST"])
def echo_structured():
    message = to_structured_event(sent_event())
    return message.body, 200, message.headers


@app.route("/check", methods=["POST"])
def check():
    event = sent_event()
    data = event.get_data()
    if event.get_type() != "com.acme.order.placed" or sum(data["parts"]) != data["total"]:
        raise RuntimeError("not the event that was sent")
    return "", 204
