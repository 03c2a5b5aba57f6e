"""What is installed on this machine, what is missing, and what to type then."""

from wherry_build.doctor.examination import Asked as Asked
from wherry_build.doctor.examination import examine as examine
from wherry_build.doctor.finding import Finding as Finding
from wherry_build.doctor.finding import State as State
