"""Studies: the face that users and their programs talk to."""

from bayesopt.study.factory import create_study, delete_study, list_studies, load_study
from bayesopt.study.one_liner import minimize
from bayesopt.study.stopping import StopWhenIdle
from bayesopt.study.study import Study

__all__ = [
    "StopWhenIdle",
    "Study",
    "create_study",
    "delete_study",
    "list_studies",
    "load_study",
    "minimize",
]
