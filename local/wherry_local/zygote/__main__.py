"""`python -m wherry_local.zygote DESCRIPTOR`: the zygote, with the socket to its platform."""

from __future__ import annotations

import os
import socket
import sys

from wherry_local.zygote.cradle import Cradle
from wherry_local.zygote.newborn import settle
from wherry_local.zygote.warmth import warm


def main() -> int:
    """Fork for the platform until it is gone; in a child: serve a function. The exit code."""
    if sys.path and sys.path[0] == os.getcwd():  # noqa: PTH109 - before Python 3.11
        del sys.path[0]
    platform = socket.socket(fileno=int(sys.argv[1]))
    warm()
    born = Cradle(platform).run()
    if born is None:
        return 0
    platform.detach()
    settle(*born)
    from wherry import __main__ as entry

    sys.modules["__main__"] = entry
    sys.argv = [entry.__file__]
    return entry.main()


if __name__ == "__main__":
    sys.exit(main())
