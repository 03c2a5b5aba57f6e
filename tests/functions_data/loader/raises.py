SETTINGS = {}
LIMIT = SETTINGS["limit"]


def handle(request):
    return str(LIMIT)
