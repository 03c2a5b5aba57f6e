import broken_sibling


def handle(request):
    return broken_sibling.value
