"""The functions that are called while instructions are counted."""

from dataclasses import dataclass

from flask import Request

from wherry import CloudEvent, cloud_event


@dataclass(frozen=True)
class Parcel:
    weight_g: int
    to: str


@dataclass(frozen=True)
class Quote:
    pence: int


def text(request: Request):
    return f"hello {request.args['name']}\n"


@cloud_event
def echo(event: CloudEvent):
    return event


def typed(parcel: Parcel) -> Quote:
    return Quote(pence=2 * parcel.weight_g)
