"""Skills in Python files, read without running them: mistakes are told with file and line before any call.

A public function at the top level of ``skills/*.py`` is a skill. Files whose names begin with ``_`` hold none; the
others may import from them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from voicebot.errors import ConfigError
from voicebot.skills.spec import TYPES, Parameter, SkillSpec

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_skills(folder: Path) -> Mapping[str, SkillSpec]:
    """Return the skills in the Python files of a folder, by name; none if there is no such folder.

    Raises:
        ConfigError: a file is not Python, or a function is not a proper skill.
    """
    found: dict[str, SkillSpec] = {}
    for file in sorted(folder.glob("[!_]*.py")):
        for function in _functions(file):
            spec = _read_skill(file, function)
            known = found.get(spec.name)
            if known is not None:
                _fail(file, function, f"there is a skill '{spec.name}' in {known.file} already")
            found[spec.name] = spec
    return found


def skill_problems(folder: Path) -> list[str]:
    """Return all that ``read_skills`` refuses, and not only the first, each as ``file:line: problem``."""
    problems: list[str] = []
    for file in sorted(folder.glob("[!_]*.py")):
        try:
            functions = _functions(file)
        except ConfigError as error:
            problems.append(error.message)
            continue
        for function in functions:
            try:
                _read_skill(file, function)
            except ConfigError as error:
                problems.append(error.message)
    return problems


def _functions(file: Path) -> list[_Function]:
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except SyntaxError as error:
        raise ConfigError(f"{file}:{error.lineno or 1}: is not Python: {error.msg}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: is not Python: {error}") from error
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [function for function in functions if not function.name.startswith("_")]


def _read_skill(file: Path, function: _Function) -> SkillSpec:
    doc = (ast.get_docstring(function) or "").strip()
    if not doc:
        problem = "a skill begins with a docstring that says what it does; begin the name of a helper with '_'"
        _fail(file, function, f"{function.name}: {problem}")
    given = function.args
    if given.vararg or given.kwarg or given.posonlyargs:
        _fail(file, function, f"{function.name}: *args, **kwargs and '/' cannot be used in a skill")
    optional = [*[False] * (len(given.args) - len(given.defaults)), *[True] * len(given.defaults)]
    optional += [default is not None for default in given.kw_defaults]
    arguments = [*given.args, *given.kwonlyargs]
    parameters = [
        _read_parameter(file, function, argument, has_default)
        for argument, has_default in zip(arguments, optional, strict=True)
    ]
    return SkillSpec(function.name, doc.splitlines()[0].strip(), tuple(parameters), file)


def _read_parameter(file: Path, function: _Function, argument: ast.arg, has_default: bool) -> Parameter:
    name = _without_none(ast.unparse(argument.annotation)) if argument.annotation is not None else ""
    if name not in TYPES:
        found = f"is '{name}'" if name else "has no type"
        allowed = f"{', '.join(TYPES)}, or one of these '| None'"
        _fail(file, argument, f"{function.name}: parameter '{argument.arg}' {found}; it may be {allowed}")
    return Parameter(argument.arg, TYPES[name], required=not has_default)


def _without_none(annotation: str) -> str:
    if annotation[:1] in "'\"":
        annotation = annotation[1:-1]
    for prefix in ("Optional[", "typing.Optional["):
        if annotation.startswith(prefix):
            return annotation[len(prefix) : -1]
    return annotation.removesuffix(" | None").removeprefix("None | ").replace("List[", "list[")


def _fail(file: Path, node: ast.AST, problem: str) -> NoReturn:
    raise ConfigError(f"{file}:{getattr(node, 'lineno', 1)}: {problem}")
