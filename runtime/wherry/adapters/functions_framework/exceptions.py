"""The errors of functions_framework, as `functions_framework.exceptions` has them."""


class FunctionsFrameworkException(Exception):  # noqa: N818 - the framework's name, as all of these
    """Root of them all."""


class InvalidConfigurationException(FunctionsFrameworkException):
    """A setting is missing or has no meaning."""


class InvalidTargetTypeException(FunctionsFrameworkException):
    """The target is no function."""


class MissingSourceException(FunctionsFrameworkException):
    """There is no such source file."""


class MissingTargetException(FunctionsFrameworkException):
    """The source file has no such function."""


class EventConversionException(FunctionsFrameworkException):
    """A legacy event could not be read as a CloudEvent, or the reverse."""


class RequestTimeoutException(FunctionsFrameworkException):
    """A call took too long; never raised here, where a deadline is answered with a 504."""
