value = 1
import no_such_library_at_all  # noqa: E402, F401
