"""What one writes without a framework for functions: Flask, and the cloudevents SDK."""

import time

import flask
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

app = flask.Flask(__name__)


@app.route("/greet")
def greet():
    return f"hello {flask.request.args['name']}\n"


@app.route("/block")
def block():
    time.sleep(0.01)
    return f"hello {flask.request.args['name']}\n"


@app.route("/check", methods=["POST"])
def check():
    headers = dict(flask.request.headers)
    event = from_http_event(HTTPMessage(headers=headers, body=flask.request.get_data()))
    data = event.get_data()
    if event.get_type() != "com.acme.order.placed" or sum(data["parts"]) != data["total"]:
        raise RuntimeError("not the event that was sent")
    return "", 204
