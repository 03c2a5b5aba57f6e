"""A function that has Flask read the body in the way that the path names."""

import flask


def handle(request: flask.Request):
    what = request.path.strip("/")
    if what == "json":
        return {"type": type(request.get_json()).__name__}
    if what == "form":
        return {"fields": len(request.form)}
    if what == "files":
        return {"files": len(request.files), "fields": len(request.form)}
    if what == "all":
        return {"values": len(request.values), "cookies": len(request.cookies)}
    return request.get_data(), {"Content-Type": "application/octet-stream"}
