"""The part of Apache FreeMarker that an export template uses; checked against the real one."""

from .template import Pairs, Template
from .values import SyntaxProblem, TemplateProblem, Unlistable

__all__ = ["Pairs", "SyntaxProblem", "Template", "TemplateProblem", "Unlistable"]
