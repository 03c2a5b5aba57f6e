"""The parts of a platform, put together in this process."""

import asyncio
import threading

from tests.local.front.wire import Caller

from wherry_build.project import read_project
from wherry_local.platform.composition import Platform
from wherry_local.platform.declared import Addresses
from wherry_local.platform.settings import Settings
from wherry_local.ports import listening
from wherry_local.state import StateFolder
from wherry_local.zygote.client import Nursery

CALL = (
    b"POST /async-function/hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
    b"X-Callback-Url: http://localhost/\r\n\r\n"
)


def test_nothing_of_it_is_left_when_it_has_stopped(tmp_path):
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello/handler.py").write_text("def handle(request):\n    return 'hello'\n")
    state = StateFolder.of(tmp_path)
    state.make()
    settings = Settings(project=read_project(tmp_path), root=tmp_path, logs=False, watch=False)
    before = set(threading.enumerate())

    async def run():
        places = Addresses(gateway="http://127.0.0.1:1", broker="http://127.0.0.1:2")
        nursery = Nursery()
        platform = Platform(
            settings, state, places, password="x", nursery=nursery, tell=lambda _line: None
        )
        with listening("127.0.0.1", 0) as gateway, listening("127.0.0.1", 0) as broker:
            await platform.start([gateway, broker])
            async with await Caller.to(gateway.getsockname()[1]) as caller:
                answer = await caller.ask(CALL)
            await platform.stop(10.0)
            await nursery.close()
        return answer.status

    assert asyncio.run(run()) == 400
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert not thread.is_alive(), thread.name
