import wherry


def handle(request):
    return "not this one: another is declared"


@wherry.http(methods=["GET", "POST"])
def chosen(request):
    return "chosen"
