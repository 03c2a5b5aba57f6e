import json


def handle(body: bytes):
    return json.dumps({"length": len(body)})
