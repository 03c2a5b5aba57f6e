"""The builder's server with a workshop that records, as a program.

`python serving.py FOLDER BODY_TIMEOUT_S` says its URL on a line of standard output. A build says
one line, and ends when `FOLDER/go` is there; every order becomes a file `FOLDER/order-N` with its
image.
"""

import sys
import time
from pathlib import Path

from tests.builder.remote.client import SECRET

from wherry_build.errors import ImageBuildFailed
from wherry_build.remote.sealing import SealingKey
from wherry_build.remote.service import Address, Settings, serve

FOLDER = Path(sys.argv[1])


class Workshop:
    def build(self, order, listener):
        image = order.configuration.image
        (FOLDER / f"order-{len(list(FOLDER.glob('order-*')))}").write_text(image)
        listener.say(f"building {image}")
        while not (FOLDER / "go").exists():
            listener.check()
            time.sleep(0.01)
        if "failing" in image:
            raise ImageBuildFailed("a step failed", hint="mend it")
        return f"{image}@sha256:{'0' * 64}"


sys.exit(
    serve(
        Settings(
            address=Address.parse("127.0.0.1:0"),
            secret=SECRET,
            key=SealingKey.generate(),
            builds=1,
            waiting=1,
            receiving=3,
            body_timeout_s=float(sys.argv[2]),
            limit_body_bytes=2_000_000,
        ),
        Workshop(),
        lambda url: (sys.stdout.write(f"{url}\n"), sys.stdout.flush()),
    )
)
