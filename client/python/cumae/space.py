# SPDX-License-Identifier: MIT
"""space.py - the parameters of a study

A space is a dict from names to parameters. Every parameter takes `when`, a dict
from another parameter's name to the values for which this one exists at all:
`Float(0, 0.5, when={"booster": ["dart"]})`. The service checks the ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Dict, Mapping, Optional, Sequence, Union

Scalar = Union[str, int, float, bool, None]
When = Mapping[str, Sequence[Scalar]]


class Parameter:
    """The base of all parameters."""

    kind: ClassVar[str]

    def as_json(self) -> Dict[str, Any]:
        """Return the definition as the service reads it."""
        told: Dict[str, Any] = {"type": self.kind}
        for item in fields(self):  # type: ignore[arg-type]
            value = getattr(self, item.name)
            if value is None or value is False:
                continue
            if item.name in ("choices", "values"):
                value = list(value)
            if item.name == "when":
                value = {name: list(wanted) for name, wanted in value.items()}
            told[item.name] = value
        return told


@dataclass(frozen=True)
class Float(Parameter):
    """A real number from low to high, both included.

    log   search evenly in the logarithm; low must be above 0
    step  only low, low + step, low + 2 step ...
    """

    low: float
    high: float
    log: bool = False
    step: Optional[float] = None
    when: Optional[When] = None
    kind: ClassVar[str] = "float"


@dataclass(frozen=True)
class Int(Parameter):
    """A whole number from low to high, both included; log, step: see Float."""

    low: int
    high: int
    log: bool = False
    step: Optional[int] = None
    when: Optional[When] = None
    kind: ClassVar[str] = "int"


@dataclass(frozen=True)
class Categorical(Parameter):
    """One of `choices`, which have no order: texts, numbers, booleans, None."""

    choices: Sequence[Scalar]
    when: Optional[When] = None
    kind: ClassVar[str] = "categorical"


@dataclass(frozen=True)
class Discrete(Parameter):
    """One of the numbers `values`, in ascending order."""

    values: Sequence[float]
    when: Optional[When] = None
    kind: ClassVar[str] = "discrete"


@dataclass(frozen=True)
class Bool(Parameter):
    """True or False."""

    when: Optional[When] = None
    kind: ClassVar[str] = "bool"


Space = Mapping[str, Union[Parameter, Mapping[str, Any]]]


def space_as_json(space: Space) -> Dict[str, Any]:
    """Return a space as the service reads it; plain dicts pass unchanged."""
    return {
        name: item.as_json() if isinstance(item, Parameter) else dict(item)
        for name, item in space.items()
    }
