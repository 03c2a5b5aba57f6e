"""The shape of OpenFaaS's python3-http template: an event and a context, Flask on waitress."""
# ruff: noqa: ARG001 - the signatures are the template's

import json
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


def json_of(event, context):
    return {"statusCode": 200, "body": {"hello": event.query["name"]}}


def typed(event, context):
    parcel = json.loads(event.body)
    return {"statusCode": 200, "body": {"pence": 2 * parcel["weight_g"]}}


def body(event, context):
    return {"statusCode": 200, "body": event.body}


HANDLERS = {"greet": greet, "block": block, "json": json_of, "typed": typed, "body": body}
METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
app = flask.Flask(__name__)


@app.route("/", defaults={"path": ""}, methods=METHODS)
@app.route("/<path:path>", methods=METHODS)
def call(path):
    result = HANDLERS[sys.argv[1]](Event(), Context())
    answer = result["body"]
    if isinstance(answer, dict):
        answer = flask.jsonify(answer)
    return answer, result["statusCode"], result.get("headers", {})


if __name__ == "__main__":
    # The template names no number of threads; waitress then has 4.
    threads = {"threads": int(sys.argv[3])} if len(sys.argv) > 3 else {}
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[2]), **threads)
