"""The shape of OpenFaaS's python3-http template: an event and a context, Flask on waitress."""
# ruff: noqa: ARG001 - the signatures are the template's

import os
import socket
import sys
import time

import flask
import waitress


class Event:
    def __init__(self):
        self.body = flask.request.get_data()
        self.headers = flask.request.headers
        self.method = flask.request.method
        self.query = flask.request.args
        self.path = flask.request.path


class Context:
    def __init__(self):
        self.hostname = os.getenv("HOSTNAME", socket.gethostname())


def greet(event, context):
    return {"statusCode": 200, "body": f"hello {event.query['name']}\n"}


def block(event, context):
    time.sleep(0.01)
    return greet(event, context)


HANDLERS = {"greet": greet, "block": block}
METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
app = flask.Flask(__name__)


@app.route("/", defaults={"path": ""}, methods=METHODS)
@app.route("/<path:path>", methods=METHODS)
def call(path):
    result = HANDLERS[sys.argv[1]](Event(), Context())
    headers = {"content-type": "text/plain; charset=utf-8", **result.get("headers", {})}
    return result["body"], result["statusCode"], headers


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[2]))
