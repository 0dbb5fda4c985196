"""What the Python source of a template calls: the unusual cases, each with FreeMarker's words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from .values import (
    BUILTINS,
    Blank,
    MissingProblem,
    TemplateProblem,
    added,
    calculated,
    compared,
    escaped_json,
    has_content,
    is_listable_hash,
    is_number,
    is_sequence,
    kind,
    printed,
    truth,
)

FILE = "<export template>"  # the file name in the tracebacks of template code
FUNCTION = "F_"  # the Python name of a #function begins like this


class Function:
    """A #function of the template as a value: what a hash or an #assign may carry about."""

    def __init__(self, name: str, parameters: int, run: Callable[..., Any]) -> None:
        self.name, self.parameters, self.run = name, parameters, run

    def call(self, given: list[Any]) -> Any:
        if len(given) > self.parameters:
            raise TemplateProblem(
                f'Function "{self.name}" only accepts {self.parameters} parameters, '
                f"but got {len(given)}."
            )
        return self.run(*given)


class Pairs(list):
    """A hash whose keys are not text (cards -> reports): listable with `as key, value` only."""


def missing(text: str) -> Any:
    raise MissingProblem(
        f"The following has evaluated to null or missing:\n==> {text}\n"
        f"Expression {text} is undefined"
    )


def not_given(function: str, parameter: str, place: int) -> Any:
    raise TemplateProblem(
        f'When calling function "{function}", required parameter "{parameter}" '
        f"(parameter #{place}) was not specified."
    )


def not_a_loop(text: str, builtin: str) -> Any:
    raise TemplateProblem(f"{text} is not a loop variable, ?{builtin} needs one")


def quiet(evaluate: Callable[[], Any]) -> Any:
    """What a parenthesised expression is, None where a step of it is missing; what is missing
    inside a function that it calls stays an error.
    """
    try:
        return evaluate()
    except MissingProblem as problem:
        if any(name.startswith(FUNCTION) for name, _ in template_frames(problem.__traceback__)):
            raise
        return None


def template_frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    """(Python function, line) of the template's own frames, outermost first."""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == FILE:
            yield code.co_name, traceback.tb_lineno
        traceback = traceback.tb_next


def key_of(owner: Any, key: str, text: str) -> Any:
    if isinstance(owner, Mapping):
        return owner.get(key)
    if isinstance(owner, Blank):
        return None
    if owner is None:
        missing(text)
    raise TemplateProblem(
        f'For "." left-hand operand: Expected a hash, but this has evaluated to a '
        f"{kind(owner)}:\n==> {text}"
    )


def member_of(owner: Any, wanted: Any, text: str) -> Any:
    if isinstance(owner, Mapping) and isinstance(wanted, str):
        return owner.get(wanted)
    if is_sequence(owner) and isinstance(wanted, int):
        return owner[wanted] if 0 <= wanted < len(owner) else None
    raise TemplateProblem(
        f"Expected a sequence or string or something automatically convertible to "
        f"string, but this has evaluated to a {kind(owner)}:\n==> {text}"
    )


def called(function: Any, text: str, given: list[Any]) -> Any:
    if isinstance(function, Function):
        return function.call(given)
    if not callable(function):
        raise TemplateProblem(
            f"Expected a method or function, but this has evaluated to a "
            f"{kind(function)}:\n==> {text}"
        )
    return function(*given)


def span(first: Any, last: Any) -> list[int]:
    first, last = int(first), int(last)
    step = 1 if last >= first else -1
    return list(range(first, last + step, step))


def members(found: Any, text: str) -> Iterable[Any]:
    """What `#list found as x` goes through."""
    if isinstance(found, Blank):
        return ()
    if is_sequence(found):
        return found
    raise _unlistable(found, text)


def pairs(found: Any, text: str) -> Iterable[tuple[Any, Any]]:
    """What `#list found as key, value` goes through."""
    if isinstance(found, Blank):
        return ()
    if is_listable_hash(found):
        return found.items()
    if isinstance(found, Pairs):
        return found
    raise _unlistable(found, text)


def _unlistable(found: Any, text: str) -> TemplateProblem:
    return TemplateProblem(
        f"Expected a sequence or collection, but this has evaluated to a {kind(found)}:\n==> {text}"
    )


def ahead(found: Iterable[Any]) -> Iterator[tuple[Any, bool]]:
    """Each member, and whether another follows."""
    nothing = object()
    rest = iter(found)
    member = next(rest, nothing)
    while member is not nothing:
        following = next(rest, nothing)
        yield member, following is not nothing
        member = following


NAMES: dict[str, Any] = {
    "BLANK": Blank(),
    "added": added,
    "ahead": ahead,
    "calculated": calculated,
    "called": called,
    "compared": compared,
    "escaped_json": escaped_json,
    "Function": Function,
    "has_content": has_content,
    "is_number": is_number,
    "key_of": key_of,
    "member_of": member_of,
    "members": members,
    "missing": missing,
    "not_a_loop": not_a_loop,
    "not_given": not_given,
    "pairs": pairs,
    "printed": printed,
    "quiet": quiet,
    "span": span,
    "truth": truth,
    **{f"builtin_{name}": function for name, (function, _, _) in BUILTINS.items()},
}
