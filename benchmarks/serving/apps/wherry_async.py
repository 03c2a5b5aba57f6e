"""Wherry's asynchronous HTTP functions, apart: who has none of them imports no asyncio."""

import asyncio

from flask import Request


async def async_greet(request: Request):
    return f"hello {request.args['name']}\n"


async def pause(request: Request):
    await asyncio.sleep(0.01)
    return f"hello {request.args['name']}\n"
