"""What `wherry.yaml` can say: a typed value for each of its parts, and what each must look like."""

from wherry_build.project.specification.function import (
    FunctionSpecification as FunctionSpecification,
)
from wherry_build.project.specification.project import (
    ProjectSpecification as ProjectSpecification,
)
