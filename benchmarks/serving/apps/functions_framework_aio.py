"""functions-framework's asynchronous flavour, on starlette and uvicorn."""

import time

import functions_framework.aio
from cloudevents.http import CloudEvent
from starlette.requests import Request


@functions_framework.aio.http
async def greet(request: Request):
    return f"hello {request.query_params['name']}\n"


@functions_framework.aio.http
def block(request: Request):
    time.sleep(0.01)
    return f"hello {request.query_params['name']}\n"


@functions_framework.aio.cloud_event
async def check(event: CloudEvent):
    if event["type"] != "com.acme.order.placed" or sum(event.data["parts"]) != event.data["total"]:
        raise RuntimeError("not the event that was sent")
