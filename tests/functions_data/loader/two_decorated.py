import wherry


@wherry.http
def first(request):
    return "first"


@wherry.cloud_event(type="com.acme.placed")
def second(event):
    return None
