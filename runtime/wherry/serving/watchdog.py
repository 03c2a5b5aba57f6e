"""What OpenFaaS's watchdog adds to answers, for those who read it behind a function.

Sans I/O. Only on OpenFaaS: elsewhere nobody reads it, and each byte of a head is paid for.
"""

from __future__ import annotations

from wherry.reply import Reply


def timed(reply: Reply, seconds: float) -> Reply:
    """The answer with the time that it took, which callers and the queue worker log."""
    duration = (b"x-duration-seconds", b"%f" % seconds)
    return Reply(reply.status, [*reply.headers, duration], reply.body, length=reply.length)


def marked(reply: Reply) -> Reply:
    """The answer with the mark that the platform gave it and not the function.

    The queue worker always tries such a call again, whatever the status. It asks only whether the
    mark is there; the value says who made it.
    """
    headers = [*reply.headers, (b"x-openfaas-internal", b"wherry")]
    return Reply(reply.status, headers, reply.body, length=reply.length)
