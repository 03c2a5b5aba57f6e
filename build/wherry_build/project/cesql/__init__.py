"""CESQL: expressions over the attributes of an event (CloudEvents SQL Expression Language 1.0).

Where the specification's prose and the implementation that Knative runs differ, this does what
Knative does: AND, OR and XOR bind alike and to the right, and the first error ends it.
"""

from wherry_build.project.cesql.errors import CesqlError as CesqlError
from wherry_build.project.cesql.errors import ErrorKind as ErrorKind
from wherry_build.project.cesql.errors import ParseError as ParseError
from wherry_build.project.cesql.explanation import explanation as explanation
from wherry_build.project.cesql.expression import Attributes as Attributes
from wherry_build.project.cesql.expression import Expression as Expression
from wherry_build.project.cesql.expression import Outcome as Outcome
from wherry_build.project.cesql.parsing import parse as parse
