"""Two event functions, none of which takes every type, and a page for everything else."""

import wherry


@wherry.cloud_event(type="a")
async def first(event):
    return wherry.CloudEvent(type="seen", source="/first", id=event.id, data="first")


@wherry.cloud_event(type="b", path="/in/b")
async def second(event):
    return wherry.CloudEvent(type="seen", source="/second", id=event.id, data="second")
