"""The analyses that come with abate, one module a question.

They enter by the same door as anyone's: an entry point of the group `abate`.
"""

from abate import Analysis, hookimpl
from abate_analyses.course import PainCourse
from abate_analyses.durability import Durability
from abate_analyses.paired import PairedChange
from abate_analyses.profile import Profile
from abate_analyses.responders import Responders
from abate_analyses.safety import Safety
from abate_analyses.visit_changes import VisitChanges


@hookimpl
def register_analyses() -> list[type[Analysis]]:
    """The shipped analyses."""
    return [Profile, PainCourse, PairedChange, VisitChanges, Responders, Durability, Safety]
