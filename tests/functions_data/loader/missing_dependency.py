import json

import no_such_library_at_all


def handle(request):
    return json.dumps(no_such_library_at_all.answer)
