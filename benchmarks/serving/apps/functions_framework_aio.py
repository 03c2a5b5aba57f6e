"""functions-framework's asynchronous flavour, on starlette and uvicorn."""

import asyncio
import time

import functions_framework.aio
from cloudevents.http import CloudEvent, from_http, to_binary, to_structured
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

CHUNK = b"0123456789abcdef" * 64


@functions_framework.aio.http
async def greet(request: Request):
    return f"hello {request.query_params['name']}\n"


@functions_framework.aio.http
async def json(request: Request):
    return {"hello": request.query_params["name"]}


@functions_framework.aio.http
async def typed(request: Request):
    parcel = await request.json()
    return {"pence": 2 * parcel["weight_g"]}


@functions_framework.aio.http
def block(request: Request):
    time.sleep(0.01)
    return f"hello {request.query_params['name']}\n"


@functions_framework.aio.http
async def pause(request: Request):
    await asyncio.sleep(0.01)
    return f"hello {request.query_params['name']}\n"


@functions_framework.aio.http
async def body(request: Request):
    return Response(await request.body())


@functions_framework.aio.http
async def stream(_: Request):
    async def chunks():
        for _ in range(64):
            yield CHUNK

    return StreamingResponse(chunks())


@functions_framework.aio.http
async def echo_binary(request: Request):
    headers, body = to_binary(from_http(request.headers, await request.body()))
    return Response(body, headers=headers)


@functions_framework.aio.http
async def echo_structured(request: Request):
    headers, body = to_structured(from_http(request.headers, await request.body()))
    return Response(body, headers=headers)


@functions_framework.aio.cloud_event
async def check(event: CloudEvent):
    if event["type"] != "com.acme.order.placed" or sum(event.data["parts"]) != event.data["total"]:
        raise RuntimeError("not the event that was sent")
