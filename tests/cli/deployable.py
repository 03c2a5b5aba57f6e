"""A project on the disk for `wherry deploy` and `wherry diff`."""

PROJECT = """\
namespace: fns
registry: {prefix: ghcr.io/acme}
functions:
  hello: {environment: {GREETING: on-the-quiet}}
  orders: {event_types: [com.acme.order.placed]}
brokers: {default: {}}
"""
HANDLER = "def handle(request):\n    return 'hello'\n"
EVENT_HANDLER = "def handle(event):\n    return None\n"


def write_project(folder):
    """Write it; its folder."""
    (folder / "wherry.yaml").write_text(PROJECT)
    for name in ("hello", "orders"):
        (folder / "functions" / name).mkdir(parents=True)
        (folder / "functions" / name / "handler.py").write_text(
            HANDLER if name == "hello" else EVENT_HANDLER
        )
    return folder
