"""The project: its model, and how it is read from a folder."""

from wherry_build.project.folder import HANDLER_FILES as HANDLER_FILES
from wherry_build.project.folder import function_folders as function_folders
from wherry_build.project.folder import handler_place as handler_place
from wherry_build.project.folder import select as select
from wherry_build.project.location import declared_project as declared_project
from wherry_build.project.location import read_project as read_project
from wherry_build.project.model import Declarations as Declarations
from wherry_build.project.model import Function as Function
from wherry_build.project.model import Project as Project
from wherry_build.project.model import Resources as Resources
from wherry_build.project.model import Scale as Scale
