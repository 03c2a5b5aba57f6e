"""FUNCTION_NAME: takes a CloudEvent and replies with another."""

from wherry import CloudEvent, Context, Drop, cloud_event


@cloud_event(type="com.example.greeting.asked")
def greet(event: CloudEvent, context: Context) -> CloudEvent | Drop:
    """Reply with `com.example.greeting.made`, or drop what can never be answered."""
    if not isinstance(event.data, dict) or "name" not in event.data:
        return Drop("a greeting needs a name")
    context.logger.info("greeting %s", event.id)
    return CloudEvent(
        type="com.example.greeting.made",
        source="/FUNCTION_NAME",
        id=f"{event.id}.made",
        data={"hello": event.data["name"]},
    )
