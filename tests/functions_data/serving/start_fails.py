def start():
    raise OSError("no database")


def handle(request):
    return "never"
