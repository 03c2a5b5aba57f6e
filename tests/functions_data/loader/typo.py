def hanlde(request):
    return "hello"


def helper():
    return None
