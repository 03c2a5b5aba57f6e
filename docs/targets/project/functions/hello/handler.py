"""Greets."""


def handle(request):
    return f"hello, {request.args.get('name', 'world')}"
