"""Wherry's HTTP functions."""

import time
from dataclasses import dataclass

from flask import Request

CHUNK = b"0123456789abcdef" * 64


@dataclass
class Parcel:
    weight_g: int
    to: str


@dataclass
class Quote:
    pence: int


def greet(request: Request):
    return f"hello {request.args['name']}\n"


def json(request: Request):
    return {"hello": request.args["name"]}


def typed(parcel: Parcel) -> Quote:
    return Quote(pence=2 * parcel.weight_g)


def block(request: Request):
    time.sleep(0.01)
    return f"hello {request.args['name']}\n"


def body(request: Request):
    return request.get_data()


def stream():
    for _ in range(64):
        yield CHUNK
