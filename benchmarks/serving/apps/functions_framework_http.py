"""functions-framework's HTTP functions; one that replies with an event uses the SDK itself."""

import time
from dataclasses import asdict, dataclass

import flask
import functions_framework
from cloudevents.http import from_http, to_binary, to_structured

CHUNK = b"0123456789abcdef" * 64


@functions_framework.http
def greet(request: flask.Request):
    return f"hello {request.args['name']}\n"


@functions_framework.http
def json(request: flask.Request):
    return {"hello": request.args["name"]}


@functions_framework.http
def block(request: flask.Request):
    time.sleep(0.01)
    return f"hello {request.args['name']}\n"


@functions_framework.http
def body(request: flask.Request):
    return request.get_data()


@functions_framework.http
def stream(_: flask.Request):
    return flask.Response(CHUNK for _ in range(64))


@functions_framework.http
def echo_binary(request: flask.Request):
    headers, body = to_binary(from_http(request.headers, request.get_data()))
    return body, 200, headers


@functions_framework.http
def echo_structured(request: flask.Request):
    headers, body = to_structured(from_http(request.headers, request.get_data()))
    return body, 200, headers


@dataclass
class Parcel:
    weight_g: int
    to: str

    @staticmethod
    def from_dict(given: dict):
        return Parcel(weight_g=given["weight_g"], to=given["to"])


@dataclass
class Quote:
    pence: int

    def to_dict(self):
        return asdict(self)


@functions_framework.typed(Parcel)
def typed(parcel: Parcel):
    return Quote(pence=2 * parcel.weight_g)
