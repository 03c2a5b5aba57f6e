import wherry
from wherry import start

seen = []


@start
def warm():
    seen.append("start")


async def stop():
    seen.append("stop")


def ready():
    return False, "the model is loading"


@wherry.alive
def breathing():
    return True


def handle(body):
    return body
