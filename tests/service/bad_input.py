# SPDX-License-Identifier: GPL-3.0-or-later
"""bad_input.py - a table of requests that must be refused

Each row: what is wrong, the request, the status (or the statuses among which
the contract leaves the choice), and a pattern that must occur in `detail`: the
name of the field that is at fault. In paths and tokens, {study} and the like
are filled in from the prepared service.

400: no JSON, a wrong type, an unknown field. 422: well formed, but impossible.
Where a field is missing or null, or a word or a date is none of the known ones,
either will do; where something is too large, 413 as well.
"""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any, Optional

NAN, INFINITY = float("nan"), float("inf")
EITHER = (400, 422)
SIZE = (400, 413, 422)
HIDDEN = (403, 404)
ABSENT = (400, 404)
REFUSED = (400, 409, 422)
GONE = ...  # as a field's value: leave the field out

FLOAT = {"type": "float", "low": 0, "high": 1}
INT = {"type": "int", "low": 0, "high": 10}
GOOD = {
    "name": "bad",
    "objectives": [{"name": "loss", "direction": "minimize"}],
    "space": {"p": FLOAT},
}


@dataclass
class Case:
    """One row of the table."""

    name: str
    method: str
    path: str
    status: Any
    word: str = ""
    body: Any = None
    raw: Optional[bytes] = None
    headers: dict = field(default_factory=dict)
    token: Optional[str] = "{token}"
    validate: bool = True

    @property
    def statuses(self):
        """The statuses that will do, as a tuple."""
        single = isinstance(self.status, int)
        return (self.status,) if single else self.status


def study(name, status, word, /, **fields):
    """POST a definition that is good but for these fields."""
    body = {k: v for k, v in {**GOOD, **fields}.items() if v is not GONE}
    return Case(name, "POST", "/studies", status, word, body)


def space(name, status, word, /, **params):
    """POST a definition with this space."""
    return study(name, status, word, space=params)


def param(name, status, word, /, **fields):
    """POST a definition with the one parameter p."""
    fields = {k: v for k, v in fields.items() if v is not GONE}
    return space(name, status, word, p=fields)


def post(name, path, status, word, /, **body):
    """POST a JSON object."""
    return Case(name, "POST", path, status, word, body)


def get(name, path, status, word, /, **fields):
    """GET a path."""
    return Case(name, "GET", path, status, word, **fields)


def raw(name, data, status, word="", /, **headers):
    """POST bytes that are no good definition."""
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    return Case(
        name, "POST", "/studies", status, word, raw=data, headers=headers
    )


def text(name, old, new, status, word=""):
    """POST the good definition with a piece of its text replaced."""
    good = json.dumps(GOOD)
    assert old in good
    return raw(name, good.replace(old, new, 1).encode(), status, word)


def several(name, status, word, /, **fields):
    """POST a definition with two objectives that is good but for these."""
    good = {"sampler": "random", "objectives": [{"name": "a"}, {"name": "b"}]}
    return study(name, status, word, **{**good, **fields})


def bounds(name, status, word, /, **fields):
    """POST a definition with the outcome constraint ms, but for these."""
    bound = {"name": "ms", "upper": 20, **fields}
    bound = {k: v for k, v in bound.items() if v is not GONE}
    return study(name, status, word, outcome_constraints=[bound])


ASK = "/studies/{study}/ask"
EVENTS = "/studies/{study}/events"
TRIALS = "/studies/{study}/trials"
HOOKS = "/studies/{study}/webhooks"
RUNNING, COMPLETE, FAILED = (f"{TRIALS}/{n}" for n in (0, 1, 2))

NOT_JSON = [
    raw("an empty body", b"", EITHER, "json|body|name"),
    raw("half an object", b'{"name": "x', 400, "json"),
    raw("an array", b"[]", 400, "object"),
    raw("null", b"null", 400, "object|json"),
    raw("a number", b"17", 400, "object|json"),
    raw("a string", b'"study"', 400, "object|json"),
    raw("single quotes", b"{'name': 'x'}", 400, "json"),
    raw("a comma too many", b'{"name": "x",}', 400, "json"),
    raw("two documents", b"{} {}", 400, "json"),
    raw("a form", b"name=x&space=y", 400, "json"),
    raw("bytes that are no text", bytes(range(256)), 400),
    raw("100 000 arrays deep", b"[" * 100_000, 400),
    raw("100 000 closed arrays deep", b"[" * 100_000 + b"]" * 100_000, 400),
    raw("100 000 objects deep", b'{"a":' * 100_000, 400),
    text("a deep constant", '"bad"', '"bad", "constants": {"a": '
         + "[" * 100_000 + "]" * 100_000 + "}", 400),
    raw("invalid UTF-8 in a value", b'{"name": "\xff\xfe", "space": {}}', 400),
    raw("invalid UTF-8 in a key", b'{"\xc3": 1}', 400),
    raw("an overlong encoding", b'{"name": "\xc0\xaf", "space": {}}', 400),
    text("an escaped NUL in the name", '"bad"', r'"a\u0000b"', EITHER),
    text("half a surrogate pair", '"bad"', r'"\ud800"', 400),
    text("a raw newline in a string", '"bad"', '"a\nb"', 400),
    text("the name twice", '"bad"', '"bad", "name": "other"', 400,
         "duplicate|twice|name"),
    text("a parameter twice", '{"p":', '{"p": {"type": "bool"}, "p":', 400,
         "duplicate|twice|p"),
    raw("5 MB of spaces", b" " * 5_000_000, 413),
    raw("5 MB of JSON", json.dumps({**GOOD, "notes": "x" * 5_000_000})
        .encode(), 413),
    raw("5 MB in a few gzipped bytes", gzip.compress(b" " * 5_000_000), 413,
        Content_Encoding="gzip"),
    raw("no gzip at all", b"this is no gzip stream", 400, "gzip",
        Content_Encoding="gzip"),
    raw("half a gzip stream", gzip.compress(json.dumps(GOOD).encode())[:-9],
        400, "gzip", Content_Encoding="gzip"),
    raw("an unknown encoding", b"{}", (400, 415), Content_Encoding="br"),
]

DEFINITION = [
    study("no name", EITHER, "name", name=GONE),
    study("a number as name", 400, "name", name=5),
    study("null as name", EITHER, "name", name=None),
    study("an array as name", 400, "name", name=["x"]),
    study("an empty name", EITHER, "name", name=""),
    study("a name of 10 000 letters", SIZE, "name", name="x" * 10_000),
    study("the name of another study", 409, "name|prepared", name="prepared"),
    study("an unknown field", 400, "colour", colour="blue"),
    study("a field of the answer", 400, "revision", revision=3),
    study("a number as kind", 400, "kind", kind=1),
    study("an unknown kind", EITHER, "kind", kind="banana"),
    study("a grid without a plan", 422, "grid is required", kind="grid",
          space={"p": INT}),
    study("a plan of another kind", 422, "grid", grid={"points": "list"}),
    study("a list as a plan", 400, "grid", kind="grid", grid=[1]),
    study("a plan without points", 422, "points", kind="grid", grid={}),
    study("a plan with other points", 422, "points.*banana", kind="grid",
          grid={"points": "banana"}),
    study("a number as points", 400, "points", kind="grid",
          grid={"points": 7}),
    study("no replicas", 422, "replicas", kind="grid",
          grid={"points": "list", "replicas": 0}),
    study("1001 replicas", 422, "replicas.*1000", kind="grid",
          grid={"points": "list", "replicas": 1001}),
    study("a text as replicas", 400, "replicas", kind="grid",
          grid={"points": "list", "replicas": "two"}),
    study("a plan with a colour", 400, "colour", kind="grid",
          grid={"points": "list", "colour": 1}),
    study("a grid without steps", 422, "space.p needs a step", kind="grid",
          grid={"points": "cartesian"}),
    study("a grid with too many runs", 422, "1000000", kind="grid",
          space={"p": {"type": "int", "low": 1, "high": 1001}},
          grid={"points": "cartesian", "replicas": 1000}),
    study("a grid with too many cells to restrict", 422, "100000", kind="grid",
          space={"p": {"type": "int", "low": 1, "high": 100001}},
          constraints=["p > 1"], grid={"points": "cartesian"}),
    study("a grid with a sampler", 422, "sampler", kind="grid",
          sampler="random", grid={"points": "list"}),
    study("an object as objectives", 400, "objectives",
          objectives={"direction": "minimize"}),
    study("no objective", EITHER, "objective", objectives=[]),
    study("nine objectives", 422, "objectives.*8", objectives=[
        {"name": str(i)} for i in range(9)]),
    several("an objective twice", 422, r"objectives\[1\].name",
            objectives=[{"name": "a"}, {"name": "a"}]),
    several("one of several without a name", EITHER, "name",
            objectives=[{"name": "a"}, {}]),
    several("a sampler of one objective", 422, "sampler.*random",
            sampler="cmaes"),
    several("a pruner for several", 422, "pruner.*nop", pruner="median"),
    several("a target of several", 422, "target", budget={"target": 1}),
    several("patience with several", 422, "patience",
            budget={"patience": 1}),
    several("a name of 201 bytes for an objective", SIZE, "name", objectives=[
        {"name": "x" * 201}, {"name": "b"}]),
    study("a string as objective", 400, "objective", objectives=["loss"]),
    study("an unknown direction", EITHER, "direction",
          objectives=[{"name": "a", "direction": "sideways"}]),
    study("a number as direction", 400, "direction",
          objectives=[{"name": "a", "direction": 1}]),
    study("a number as objective's name", 400, "name",
          objectives=[{"name": 1, "direction": "minimize"}]),
    study("an unknown field in an objective", 400, "weight",
          objectives=[{"name": "a", "direction": "minimize", "weight": 1}]),
    study("no space", EITHER, "space", space=GONE),
    study("an array as space", 400, "space", space=[FLOAT]),
    study("a string as space", 400, "space", space="p"),
    study("null as space", EITHER, "space", space=None),
    study("an array as constants", 400, "constants", constants=[1]),
    study("a string as lease", 400, "lease_s", lease_s="600"),
    study("a lease of no time", 422, "lease_s", lease_s=0),
    study("a negative lease", 422, "lease_s", lease_s=-1),
    study("a lease of 30 000 years", 422, "lease_s", lease_s=1e12),
    study("a string as attempts", 400, "max_attempts", max_attempts="3"),
    study("half an attempt", 400, "max_attempts", max_attempts=1.5),
    study("no attempt", 422, "max_attempts", max_attempts=0),
    study("negative attempts", 422, "max_attempts", max_attempts=-1),
    study("a million attempts", 422, "max_attempts", max_attempts=10**6),
    study("a string as tags", 400, "tags", tags="tth"),
    study("a number as tag", 400, "tag", tags=[1]),
    study("a number as notes", 400, "notes", notes=5),
    study("notes of 100 kB", SIZE, "notes", notes="x" * 100_000),
]

PARAMETERS = [
    space("a number as parameter", 400, "p", p=5),
    space("null as parameter", EITHER, "p", p=None),
    param("no type", EITHER, "type", low=0, high=1),
    param("a number as type", 400, "type", type=1, low=0, high=1),
    param("an unknown type", EITHER, "type|complex", type="complex"),
    param("an unknown field in a float", 400, "size", **FLOAT, size=1),
    param("choices in a float", 400, "choices", **FLOAT, choices=[1]),
    param("a string as low", 400, "low", type="float", low="0", high=1),
    param("null as high", EITHER, "high", type="float", low=0, high=None),
    param("a bool as high", 400, "high", type="float", low=0, high=True),
    param("no low", EITHER, "low", type="float", high=1),
    param("no high", EITHER, "high", type="float", low=0),
    param("NaN as low", EITHER, "low|nan|json", type="float", low=NAN, high=1),
    param("NaN as high", EITHER, "high|nan|json", type="float", low=0,
          high=NAN),
    param("Infinity as high", EITHER, "high|inf|json", type="float", low=0,
          high=INFINITY),
    param("-Infinity as low", EITHER, "low|inf|json", type="float",
          low=-INFINITY, high=1),
    text("1e999 as high", '"high": 1', '"high": 1e999', EITHER),
    text("-1e999 as low", '"low": 0', '"low": -1e999', EITHER),
    param("low above high", 422, "low", type="float", low=3, high=1),
    param("a string as log", 400, "log", **FLOAT, log="yes"),
    param("log from zero", 422, "log|low", **FLOAT, log=True),
    param("log from below zero", 422, "log|low", type="float", low=-1, high=1,
          log=True),
    param("a step of zero", 422, "step", **FLOAT, step=0),
    param("a negative step", 422, "step", **FLOAT, step=-0.1),
    param("a step beyond the range", 422, "step", **FLOAT, step=2),
    param("a string as step", 400, "step", **FLOAT, step="0.1"),
    param("NaN as step", EITHER, "step|nan|json", **FLOAT, step=NAN),
    param("log with a step", 422, "step|log", type="float", low=1, high=9,
          log=True, step=1),
    param("a fraction as low of an int", EITHER, "low", type="int", low=0.5,
          high=3),
    param("a fraction as high of an int", EITHER, "high", type="int", low=0,
          high=3.5),
    param("a string as high of an int", 400, "high", type="int", low=0,
          high="3"),
    param("a bool as low of an int", 400, "low", type="int", low=False,
          high=3),
    param("low above high of an int", 422, "low", type="int", low=4, high=3),
    param("an int beyond 2^53", 422, "high", type="int", low=0, high=2**60),
    param("an int beyond int64", EITHER, "", type="int", low=0, high=2**64),
    param("an int step of zero", 422, "step", **INT, step=0),
    param("a negative int step", 422, "step", **INT, step=-1),
    param("half an int step", EITHER, "step", **INT, step=1.5),
    param("an int step beyond the range", 422, "step", **INT, step=11),
    param("log int from zero", 422, "log|low", **INT, log=True),
    param("no choices", EITHER, "choices", type="categorical"),
    param("a string as choices", 400, "choices", type="categorical",
          choices="ab"),
    param("empty choices", EITHER, "choice", type="categorical", choices=[]),
    param("the same choice twice", 422, "choice", type="categorical",
          choices=["a", "b", "a"]),
    param("an array as choice", EITHER, "choice", type="categorical",
          choices=["a", [1]]),
    param("an object as choice", EITHER, "choice", type="categorical",
          choices=[{"a": 1}]),
    param("NaN as choice", EITHER, "", type="categorical", choices=[NAN]),
    param("10 001 choices", SIZE, "choice", type="categorical",
          choices=list(range(10_001))),
    param("low in a categorical", 400, "low", type="categorical",
          choices=["a"], low=0),
    param("low in a bool", 400, "low", type="bool", low=0),
    param("no values", EITHER, "values", type="discrete"),
    param("empty values", EITHER, "value", type="discrete", values=[]),
    param("a string among values", EITHER, "value", type="discrete",
          values=[1, "2"]),
    param("null among values", 400, "value", type="discrete", values=[None]),
    param("the same value twice", 422, "value", type="discrete",
          values=[1, 2, 2.0]),
    param("values that fall", 422, "value", type="discrete", values=[2, 1]),
    param("NaN among values", EITHER, "", type="discrete", values=[1, NAN]),
    space("an empty name of a parameter", EITHER, "name|param|empty",
          **{"": FLOAT}),
    space("a parameter's name of 201 bytes", SIZE, "name|param|x",
          **{"x" * 201: FLOAT}),
    space("1001 parameters", SIZE, "param|space|1000",
          **{f"x{i}": FLOAT for i in range(1001)}),
]

OUTCOMES = [
    study("an object as outcome constraints", 400, "outcome_constraints",
          outcome_constraints={"ms": 20}),
    study("a string as outcome constraint", 400, "outcome_constraints",
          outcome_constraints=["ms < 20"]),
    study("17 outcome constraints", SIZE, "outcome_constraints.*16",
          outcome_constraints=[
              {"name": str(i), "upper": 1} for i in range(17)]),
    study("an outcome constraint twice", 422, "name", outcome_constraints=[
        {"name": "ms", "upper": 1}, {"name": "ms", "lower": 0}]),
    bounds("an outcome constraint without a name", EITHER, "name", name=GONE),
    bounds("an outcome constraint with an empty name", EITHER, "name",
           name=""),
    bounds("a number as outcome constraint's name", 400, "name", name=1),
    bounds("an outcome constraint's name of 201 bytes", SIZE, "name",
           name="x" * 201),
    bounds("an outcome constraint without a bound", 422, "upper|lower",
           upper=GONE),
    bounds("null as both bounds", 422, "upper|lower", upper=None, lower=None),
    bounds("a string as upper", 400, "upper", upper="20"),
    bounds("NaN as upper", EITHER, "upper|nan|json", upper=NAN),
    bounds("-Infinity as lower", EITHER, "lower|inf|json", lower=-INFINITY),
    bounds("lower above upper", 422, "lower", lower=21),
    bounds("an unknown field in an outcome constraint", 400, "max", max=1),
]

CONSTRAINTS = [
    study("a string as constraints", 400, "constraints",
          constraints="p < 0.5"),
    study("an object as constraint", 400, r"constraints\[0\].*string",
          constraints=[{"p": 1}]),
    study("NaN as constraint", 400, r"constraints\[1\]|json",
          constraints=["p > 0", NAN]),
    study("21 constraints", SIZE, "constraints.*20.*21",
          constraints=["p >= 0"] * 21),
    study("an empty constraint", 422, r"constraints\[0\].*column 1",
          constraints=[""]),
    study("half a constraint", 422, r"constraints\[1\].*column 4.*end",
          constraints=["p > 0", "p <"]),
    study("a constraint on what is no parameter", 422, "column 5.*y",
          constraints=["p < y"]),
    study("a number as constraint", 422, "column 1.*comparison",
          constraints=["p + 1"]),
    study("a constraint without a parameter", 422, "column 1.*parameter",
          constraints=["1 < 2"]),
    study("chained comparisons", 422, "column 9.*chain",
          constraints=["0.1 < p < 0.5"]),
    study("a constraint of 1001 bytes", SIZE, "column 1001.*1000.*1001",
          constraints=["p > 0" + " " * 996]),
    study("33 parentheses", 422, "column 3[23]",
          constraints=["(" * 33 + "p" + ")" * 33 + " > 0"]),
    study("code as constraint", 422, r"constraints\[0\]",
          constraints=["__import__('os').system('true')"]),
]

CHOICE = {"type": "categorical", "choices": ["a", "b"]}


def when(name, status, word, /, condition, parent=None):
    """POST a parameter q that depends on the parameter p."""
    return space(
        name, status, word, p=parent or CHOICE, q={**FLOAT, "when": condition}
    )


CONDITIONS = [
    when("an unknown parent", 422, "when|nobody", {"nobody": ["a"]}),
    when("itself as parent", 422, "when|q", {"q": ["a"]}),
    space("a cycle", 422, "when|p|q",
          p={"type": "bool", "when": {"q": [True]}},
          q={"type": "bool", "when": {"p": [True]}}),
    when("a value that is no choice", 422, "when|p|c", {"p": ["c"]}),
    when("a value of another type", EITHER, "when|p", {"p": [1]}),
    when("an array as condition", 400, "when", ["p"]),
    when("an object as values", EITHER, "when|p", {"p": {"a": 1}}),
    when("no value", EITHER, "when|p", {"p": []}),
    when("a float as parent", 422, "when|p", {"p": [0.5]}, FLOAT),
    when("a string for a bool", EITHER, "when|p", {"p": ["true"]},
         {"type": "bool"}),
]

ALGORITHMS = [
    study("a number as sampler", 400, "sampler", sampler=1),
    study("an unknown sampler", 422, "sampler|oracle",
          sampler={"name": "oracle"}),
    study("an unknown sampler's name alone", 422, "sampler|oracle",
          sampler="oracle"),
    study("a number as sampler's name", 400, "name", sampler={"name": 1}),
    study("an unknown field in the sampler", 400, "args",
          sampler={"name": "tpe", "args": {}}),
    study("an array as options", 400, "options",
          sampler={"name": "tpe", "options": []}),
    study("an unknown option", EITHER, "luck",
          sampler={"name": "tpe", "options": {"luck": 1}}),
    study("an option of another sampler", EITHER, "n_startup_trials",
          sampler={"name": "random", "options": {"n_startup_trials": 1}}),
    study("an option out of range", 422, "n_startup_trials",
          sampler={"name": "tpe", "options": {"n_startup_trials": -1}}),
    study("a string as option", EITHER, "n_startup_trials",
          sampler={"name": "tpe", "options": {"n_startup_trials": "ten"}}),
    study("half a trial as option", EITHER, "n_startup_trials",
          sampler={"name": "tpe", "options": {"n_startup_trials": 1.5}}),
    study("a negative seed", 422, "seed", sampler={"name": "tpe", "seed": -1}),
    study("a fraction as seed", 400, "seed",
          sampler={"name": "tpe", "seed": 1.5}),
    study("a string as seed", 400, "seed",
          sampler={"name": "tpe", "seed": "7"}),
    study("a grid over a continuum", 422, "grid|p|step",
          sampler={"name": "grid"}),
    study("an array as pruner", 400, "pruner", pruner=["median"]),
    study("an unknown pruner", 422, "pruner|axe", pruner={"name": "axe"}),
    study("an unknown field in the pruner", 400, "seed",
          pruner={"name": "nop", "seed": 1}),
    study("an unknown option of the pruner", EITHER, "clemency",
          pruner={"name": "median", "options": {"clemency": 1}}),
    study("a pruner without an option that it needs", 422, "max_resource",
          pruner={"name": "extrapolate"}),
    study("an option of the pruner out of range", 422, "n_warmup_steps",
          pruner={"name": "median", "options": {"n_warmup_steps": -1}}),
    study("a string as option of the pruner", EITHER, "n_warmup_steps",
          pruner={"name": "median", "options": {"n_warmup_steps": "5"}}),
    study("NaN as option of the pruner", EITHER, "",
          pruner={"name": "median", "options": {"n_warmup_steps": NAN}}),
]


def budget(name, status, word, /, **fields):
    """POST a definition with this budget."""
    return study(name, status, word, budget=fields)


BUDGETS = [
    study("a number as budget", 400, "budget", budget=100),
    budget("negative trials", 422, "max_trials", max_trials=-1),
    budget("half a trial", 400, "max_trials", max_trials=1.5),
    budget("a string as trials", 400, "max_trials", max_trials="10"),
    budget("negative running", 422, "max_running", max_running=-1),
    budget("a bool as running", 400, "max_running", max_running=True),
    budget("negative failed", 422, "max_failed", max_failed=-1),
    budget("trials beyond int64", EITHER, "", max_trials=10**30),
    budget("a word as deadline", EITHER, "deadline", deadline="tomorrow"),
    budget("a day that is not", EITHER, "deadline",
           deadline="2031-02-30T00:00:00Z"),
    budget("a deadline after the year 9999", EITHER, "deadline",
           deadline="9999-12-31T23:59:59-00:01"),
    budget("a deadline before the year 1970", 422, "deadline",
           deadline="1969-12-31T23:59:59Z"),
    budget("a number as deadline", 400, "deadline", deadline=1900000000),
    budget("a string as target", 400, "target", target="0.1"),
    budget("NaN as target", EITHER, "", target=NAN),
    budget("an unknown limit", 400, "max_money", max_money=3),
    budget("a cost of nothing", 422, "max_cost", max_cost=0),
    budget("a negative cost", 422, "max_cost", max_cost=-1),
    budget("a cost beyond all limits", 422, "max_cost", max_cost=1e10),
    budget("a string as cost", 400, "max_cost", max_cost="3"),
    budget("NaN as cost", EITHER, "max_cost", max_cost=NAN),
    study("a number as iteration", 400, "iteration", iteration=20),
    study("an iteration without points", 422, "points", iteration={}),
    study("an iteration of no points", 422, "points",
          iteration={"points": 0}),
    study("an iteration of too many points", 422, "points",
          iteration={"points": 10001}),
    study("an iteration of half a point", 400, "points",
          iteration={"points": 0.5}),
    study("an iteration that begins at once", 422, "trigger_fraction",
          iteration={"points": 2, "trigger_fraction": 0}),
    study("an iteration that never begins", 422, "trigger_fraction",
          iteration={"points": 2, "trigger_fraction": 1.5}),
    study("an unknown field in the iteration", 400, "size",
          iteration={"points": 2, "size": 1}),
]


def patch(name, status, word, /, **body):
    """PATCH the prepared study."""
    return Case(name, "PATCH", "/studies/{study}", status, word, body)


CHANGES = [
    patch("patch an unknown field", 400, "colour", colour="blue"),
    patch("patch with a number as name", 400, "name", name=1),
    patch("patch the state", 400, "state", state="finished"),
    patch("patch with a negative budget", 422, "max_trials",
          budget={"max_trials": -1}),
    patch("patch with a negative cost", 422, "max_cost",
          budget={"max_cost": -1}),
    patch("patch with an iteration of no points", 422, "points",
          iteration={"points": 0}),
    patch("patch with a number as notes", 400, "notes", notes=1),
    patch("patch with an unknown sampler", 422, "sampler|oracle",
          sampler={"name": "oracle"}),
    patch("patch with a string as tags", 400, "tags", tags="a"),
    patch("patch a constraint on what is no parameter", 422,
          r"constraints\[0\].*column 1.*nothing", constraints=["nothing > 0"]),
    patch("patch with a string as constraints", 400, "constraints",
          constraints="x > 0"),
    patch("patch the space away", REFUSED, "space|x", space={}),
    patch("patch the space narrower", REFUSED, "x|low|high|space",
          space={"x": {**FLOAT, "low": 0.25}}),
    Case("patch with an array", "PATCH", "/studies/{study}", 400, "object",
         []),
    Case("patch a study that is not", "PATCH", "/studies/AAAAAAAAAAAA", 404,
         "study", {"notes": "x"}),
    Case("delete a study that is not", "DELETE", "/studies/AAAAAAAAAAAA",
         404, "study"),
    post("pause a study that is not", "/studies/AAAAAAAAAAAA/pause", 404,
         "study"),
]

ASKS = [
    post("ask for none", ASK, 422, "n", n=0),
    post("ask for 1001", ASK, SIZE, "n", n=1001),
    post("ask for 1.5", ASK, 400, "n", n=1.5),
    post("ask for -1", ASK, 422, "n", n=-1),
    post("ask for a string", ASK, 400, "n", n="1"),
    post("ask for true", ASK, 400, "n", n=True),
    post("ask beyond int64", ASK, EITHER, "", n=10**30),
    post("ask with a number as worker", ASK, 400, "worker", worker=5),
    post("ask with no lease", ASK, 422, "lease_s", lease_s=0),
    post("ask with a negative lease", ASK, 422, "lease_s", lease_s=-5),
    post("ask with a string as lease", ASK, 400, "lease_s", lease_s="1h"),
    post("ask with no time left", ASK, 422, "max_seconds", max_seconds=0),
    post("ask with less than no time left", ASK, 422, "max_seconds",
         max_seconds=-5),
    post("ask with more than all time left", ASK, 422, "max_seconds",
         max_seconds=1e10),
    post("ask with NaN seconds left", ASK, EITHER, "max_seconds|nan|json",
         max_seconds=NAN),
    post("ask with a string as time left", ASK, 400, "max_seconds",
         max_seconds="1h"),
    post("ask with an unknown field", ASK, 400, "count", count=2),
    Case("ask with an array", "POST", ASK, 400, "object", [1]),
    post("ask a study that is not", "/studies/AAAAAAAAAAAA/ask", 404, "study"),
    post("ask without a study", "/ask", EITHER, "study", n=1),
    post("ask with a name as study", "/ask", 400, "study", study="prepared"),
    post("ask with a bad study", "/ask", 422, "low", study={
        **GOOD, "space": {"p": {**FLOAT, "low": 2}}}),
    post("ask with another definition", "/ask", 409, "name|prepared",
         study={**GOOD, "name": "prepared"}),
    post("ask with an unknown field in the study", "/ask", 400, "colour",
         study={**GOOD, "colour": 1}),
    Case("a key of 10 000 letters", "POST", ASK, EITHER + (431,), "", {},
         headers={"Idempotency-Key": "k" * 10_000}),
    Case("a key with another body", "POST", ASK, 422, "key", {"n": 2},
         headers={"Idempotency-Key": "used"}),
]



def bring(name, status, word, /, **fields):
    """POST a list of one trial that is good but for these fields."""
    trial = {"params": {"x": 0.5}, **fields}
    trial = {k: v for k, v in trial.items() if v is not GONE}
    return post(name, TRIALS, status, word, trials=[trial])


def result(name, status, word, /, **fields):
    """POST a result that is good but for these fields."""
    return bring(name, status, word,
                 **{"state": "complete", "value": 1, **fields})


BRINGS = [
    post("bring nothing", TRIALS, EITHER, "trials"),
    post("bring no trials", TRIALS, 422, "trials", trials=[]),
    post("bring 1001 trials", TRIALS, SIZE, "trials",
         trials=[{"params": {}}] * 1001),
    post("bring an object", TRIALS, 400, "trials", trials={"params": {}}),
    post("bring numbers", TRIALS, 400, "trials", trials=[1]),
    post("bring an unknown field", TRIALS, 400, "skip",
         trials=[{"params": {}}], skip=True),
    post("bring with a number for skip_existing", TRIALS, 400, "skip_existing",
         trials=[{"params": {}}], skip_existing=1),
    post("bring to a study that is not", "/studies/AAAAAAAAAAAA/trials", 404,
         "study", trials=[{"params": {}}]),
    Case("bring with a reader's token", "POST", TRIALS, 403, "ask",
         {"trials": [{"params": {}}]}, token="{reader}"),
    bring("enqueue without params", EITHER, "params", params=GONE),
    bring("enqueue an array as params", 400, "params", params=[0.5]),
    bring("enqueue an unknown parameter", 422, "y", params={"y": 1}),
    bring("enqueue a value out of range", 422, "x", params={"x": 1.5}),
    bring("enqueue NaN", 422, "x", params={"x": NAN}),
    bring("enqueue null", EITHER, "x", params={"x": None}),
    bring("enqueue a string", 400, "x", params={"x": "0.5"}),
    bring("enqueue an object", 400, "x", params={"x": {}}),
    bring("enqueue a bool for a float", 400, "x", params={"x": True}),
    bring("enqueue an unknown field", 400, "number", number=7),
    bring("enqueue a number as id", 400, "id", id=7),
    bring("enqueue an empty id", 422, "id", id=""),
    bring("enqueue an id of 101 bytes", SIZE, "id", id="i" * 101),
    bring("enqueue half a priority", 400, "priority", priority=0.5),
    bring("enqueue a huge priority", 422, "priority", priority=10**9),
    bring("enqueue an array as meta", 400, "meta", meta=[1]),
    bring("enqueue with a value", 422, "value", value=1),
    bring("enqueue with reports", 422, "reports",
          reports=[{"step": 0, "value": 1}]),
    bring("bring a running trial", 422, "state", state="running"),
    bring("bring a number as state", 400, "state", state=2),
    result("import without a value", 422, "value", value=GONE),
    result("import two values", 422, "values", value=GONE, values=[1, 2]),
    result("import a string as value", 400, "value", value="1"),
    result("import with a priority", 422, "priority", priority=1),
    result("import without x", 422, "x", params={}),
    result("import an object as reports", 400, "reports", reports={}),
    result("import a report without a step", EITHER, "step",
           reports=[{"value": 1}]),
    result("import a report without a value", EITHER, "value",
           reports=[{"step": 1}]),
    result("import a negative step", 422, "step",
           reports=[{"step": -1, "value": 1}]),
    result("import 10 001 reports", SIZE, "reports",
           reports=[{"step": i, "value": 1} for i in range(10_001)]),
    result("import a negative uncertainty", 422, "uncertainty",
           uncertainty=-1),
    result("import constraints of a study that has none", 422, "constraints",
           constraints={"ms": 1}),
]

LEARNING = [
    study("a string as warm start", 400, "warm_start", warm_start="x"),
    study("a warm start from nothing", EITHER, "studies", warm_start={}),
    study("an unknown field in the warm start", 400, "weight",
          warm_start={"studies": [], "weight": 1}),
    study("a number as study to learn from", 400, "studies",
          warm_start={"studies": [1]}),
    study("a study that is not to learn from", 422, "warm_start",
          warm_start={"studies": ["AAAAAAAAAAAA"]}),
    study("11 studies to learn from", SIZE, "studies",
          warm_start={"studies": ["AAAAAAAAAAAA"] * 11}),
    get("importances by an unknown method",
        "/studies/{study}/importances?method=shap", 422, "method"),
    get("importances of an unknown objective",
        "/studies/{study}/importances?objective=beauty", 422, "objective"),
    get("importances with an unknown parameter",
        "/studies/{study}/importances?trees=3", 400, "trees"),
]

TERMS = {"high": 4}


def limit(name, status, word, /, **fields):
    """POST a limit study with these terms."""
    limit = {k: v for k, v in {**TERMS, **fields}.items() if v is not GONE}
    return study(name, status, word, kind="limit", space=GONE,
                 objectives=GONE, limit=limit)


def told(name, status, word, /, **fields):
    """Tell a trial of another study of toys."""
    return post(name, TRIALS + "/0/tell", status, word, toys=fields)


LIMITS = [
    study("a limit study without terms", 422, "limit", kind="limit",
          space=GONE, objectives=GONE),
    study("a limit study with a space", 422, "space", kind="limit",
          objectives=GONE, limit=TERMS),
    study("a limit study with a sampler", 422, "sampler", kind="limit",
          objectives=GONE, space=GONE, limit=TERMS, sampler="tpe"),
    study("a limit study with a target", 422, "target", kind="limit",
          objectives=GONE, space=GONE, limit=TERMS, budget={"target": 1}),
    study("terms of a limit in another study", 422, "limit", limit=TERMS),
    limit("an unknown term", 400, "limit.colour", colour=1),
    limit("a limit without a range", 422, "limit.high", high=GONE),
    limit("a range upside down", 422, "limit.low", low=5),
    limit("a negative low", 422, "limit.low", low=-1),
    limit("an infinite high", 422, "limit.high", high=INFINITY),
    limit("a hint of 0", 422, "limit.hint", hint=0),
    limit("an empty poi", 422, "limit.poi", poi=""),
    limit("a poi that is taken", 422, "limit.poi", poi="want"),
    limit("a level of 1", 422, "limit.cl", cl=1),
    limit("an unknown rule", 422, "limit.rule", rule="CLb"),
    limit("an unknown statistic", 422, "limit.test_stat", test_stat="chi2"),
    limit("an unknown tail", 422, "limit.tail", tail="both"),
    limit("no curves", 422, "limit.curves", curves=[]),
    limit("an unknown curve", 422, "limit.curves", curves=["exp+3"]),
    limit("a curve twice", 422, "limit.curves", curves=["obs", "obs"]),
    limit("a number as curve", 400, "limit.curves", curves=[1]),
    limit("a tolerance above 1", 422, "limit.rel_tol", rel_tol=2),
    limit("a negative tolerance", 422, "limit.abs_tol", abs_tol=-1),
    limit("more toys at least than at most", 422, "limit.min_toys",
          min_toys=10, max_toys=9),
    limit("no toys", 422, "limit.max_toys", max_toys=0),
    limit("201 points", 422, "limit.max_points", max_points=201),
    limit("batches of 50001 toys", 422, "limit.batch_max", batch_max=50001),
    limit("batches upside down", 422, "limit.batch_min", batch_min=20000),
    limit("points of no grid", 422, "limit.points", points=[1]),
    limit("a grid without points", 422, "limit.points", mode="grid"),
    limit("a grid of no points", 422, "limit.points", mode="grid", points=[]),
    limit("a point twice", 422, "limit.points", mode="grid", points=[1, 1]),
    limit("a point below 0", 422, "limit.points", mode="grid", points=[-1]),
    limit("a string as point", 400, "limit.points", mode="grid",
          points=["1"]),
    limit("a list as context", 400, "limit.context", context=[]),
    limit("a context that is too large", SIZE, "limit.context",
          context={"x": "y" * 65536}),
    told("neither q nor q_b64", 422, "toys.q"),
    told("q and q_b64", 422, "toys.q", q=[], q_b64=""),
    told("a string as q", 400, "toys.q", q="1"),
    told("a string among the toys", 400, "toys.q", q=["one"]),
    told("50001 toys", SIZE, "toys.q", q=[1] * 50001),
    told("50001 toys in rows", SIZE, "toys.q", q=[[1] * 3] * 16667),
    told("rows of two lengths", 422, "toys.q", q=[[1, 2], [1]]),
    told("base64 of half a double", 400, "toys.q_b64", q_b64="AAAA"),
    told("base64 with blanks", 400, "toys.q_b64", q_b64="AAAAA AAAAA="),
    told("a shape of three", 422, "toys.shape", q=[1], shape=[1, 1, 1]),
    told("a shape that does not fit", 422, "toys.shape", q=[1], shape=[2]),
    told("a shape with a fraction", 422, "toys.shape", q=[1], shape=[1.5]),
    told("a negative number of failures", 422, "toys.n_failed", q=[1],
         n_failed=-1),
    told("an unknown field of toys", 400, "toys.mu", q=[1], mu=2),
    told("toys in a study of another kind", 422, "kind limit", q=[1]),
    post("data without q", TRIALS + "/0/tell", 422, "obs.q",
         obs={"muhat": 1}),
    post("a number as data", TRIALS + "/0/tell", 400, "obs", obs=1),
    post("data in a study of another kind", TRIALS + "/0/tell", 422,
         "kind limit", obs={"q": 1}),
    get("the limit of a study of another kind", "/studies/{study}/limit", 422,
        "kind hpo"),
    get("a limit with a parameter", "/studies/{study}/limit?cl=0.9", 400,
        "cl"),
    get("toys without mu", "/studies/{study}/limit/toys", 422, "mu"),
    get("toys at a word", "/studies/{study}/limit/toys?mu=x", 400, "mu"),
    get("toys in 1001 bins", "/studies/{study}/limit/toys?mu=1&bins=1001", 422,
        "bins"),
]

NUMBERS = [
    Case(f"{method} {call or 'itself'} of trial {number}", method,
         f"{TRIALS}/{number}{call}", status, word, body)
    for method, call, body in (
        ("GET", "", None),
        ("PATCH", "", {"notes": "x"}),
        ("DELETE", "", None),
        ("POST", "/rerun", {}),
        ("POST", "/report", {"step": 1, "value": 1}),
        ("POST", "/tell", {"value": 1}),
        ("POST", "/heartbeat", {}),
        ("POST", "/release", {}),
        ("POST", "/cancel", {}),
    )
    for number, status, word in (
        ("-1", ABSENT, ""), ("abc", ABSENT, ""), ("1.0", ABSENT, ""),
        (2**63, ABSENT, ""), ("9" * 40, ABSENT, ""), (77, 404, "trial"),
    )
]

REPORTS = [
    post("report no step", RUNNING + "/report", EITHER, "step", value=1),
    post("report no value", RUNNING + "/report", EITHER, "value", step=1),
    post("report a negative step", RUNNING + "/report", 422, "step", step=-1,
         value=1),
    post("report half a step", RUNNING + "/report", 400, "step", step=1.5,
         value=1),
    post("report a string as step", RUNNING + "/report", 400, "step",
         step="1", value=1),
    post("report null as step", RUNNING + "/report", EITHER, "step", step=None,
         value=1),
    post("report a step beyond int64", RUNNING + "/report", EITHER, "",
         step=2**63, value=1),
    post("report a string as value", RUNNING + "/report", 400, "value",
         step=1, value="low"),
    post("report null as value", RUNNING + "/report", EITHER, "value", step=1,
         value=None),
    post("report a bool as value", RUNNING + "/report", 400, "value", step=1,
         value=True),
    post("report an unknown field", RUNNING + "/report", 400, "epoch", step=1,
         value=1, epoch=1),
]


def tell(name, status, word, /, **body):
    """Tell the running trial."""
    return post(name, RUNNING + "/tell", status, word, **body)


def tell_two(name, status, word, /, **body):
    """Tell the running trial of the study with two objectives and bounds."""
    return post(name, "/studies/{two}/trials/0/tell", status, word, **body)


TELLS = [
    tell("tell nothing", EITHER, "value"),
    tell("tell complete without a value", EITHER, "value", state="complete"),
    tell("tell a string as value", 400, "value", value="0.5"),
    tell("tell null as value", EITHER, "value", value=None),
    tell("tell a bool as value", 400, "value", value=True),
    tell("tell an array as value", 400, "value", value=[1]),
    tell("tell no values", EITHER, "values", values=[]),
    tell("tell two values", EITHER, "values", values=[1, 2]),
    tell("tell a number as values", 400, "values", values=1),
    tell("tell a string among values", 400, "values", values=["1"]),
    tell("tell value and values", EITHER, "value", value=1, values=[1]),
    tell("tell an unknown state", EITHER, "state", state="done", value=1),
    tell("tell a number as state", 400, "state", state=1, value=1),
    tell("tell running", EITHER, "state", state="running", value=1),
    tell("tell queued", EITHER, "state", state="queued"),
    tell("tell a negative uncertainty", 422, "uncertainty", value=1,
         uncertainty=-1),
    tell("tell a string as uncertainty", 400, "uncertainty", value=1,
         uncertainty="1"),
    tell("tell an array as outputs", 400, "outputs", value=1, outputs=[1]),
    tell("tell a string as meta", 400, "meta", value=1, meta="x"),
    tell("tell a number as env", 400, "env", value=1, env=5),
    tell("tell a number as error", 400, "error", state="failed", error=5),
    tell("tell a string as wall_s", 400, "wall_s", value=1, wall_s="1"),
    tell("tell a negative wall_s", 422, "wall_s", value=1, wall_s=-1),
    tell("tell a string as cost", 400, "cost", value=1, cost="1"),
    tell("tell a negative cost", 422, "cost", value=1, cost=-1),
    tell("tell a cost beyond all limits", 422, "cost", value=1, cost=1e10),
    tell("tell NaN as cost", 422, "cost", value=1, cost=NAN),
    tell("tell an infinite cost", 422, "cost", value=1, cost=float("inf")),
    tell("tell an unknown field", 400, "loss", value=1, loss=1),
    tell("tell nine values", EITHER, "values.*8", values=[1] * 9),
    tell("tell null among values", 400, "values", values=[None]),
    tell("tell constraints that the study has not", 422, "constraints.ms",
         value=1, constraints={"ms": 1}),
    tell("tell an array of constraints too many", 422, "constraints",
         value=1, constraints=[1]),
    tell("tell no constraints", EITHER, "constraints", value=1,
         constraints={}),
    tell("tell 17 constraints", SIZE, "constraints.*16", value=1,
         constraints={str(i): 1 for i in range(17)}),
    tell("tell a number as constraints", 400, "constraints", value=1,
         constraints=1),
    tell("tell a string among constraints", 400, "constraints", value=1,
         constraints={"ms": "1"}),
    tell("tell NaN as uncertainty", EITHER, "uncertainty|nan|json", value=1,
         uncertainty=NAN),
    tell_two("tell one value of two", 422, "values.*2", value=1),
    tell_two("tell three values of two", 422, "values.*2", values=[1, 2, 3]),
    tell_two("tell two values without constraints", 422, "constraints",
             values=[1, 2]),
    tell_two("tell one constraint of two", 422, "constraints.mb", values=[1, 2],
             constraints={"ms": 1}),
    tell_two("tell three constraints of two", 422, "constraints.kg",
             values=[1, 2], constraints={"ms": 1, "mb": 1, "kg": 1}),
    tell_two("tell the uncertainty of two values", 422, "uncertainty",
             values=[1, 2], constraints=[1, 1], uncertainty=0.1),
    post("tell another value", COMPLETE + "/tell", 409, "value|0.5|told",
         value=0.25),
    post("tell another state", COMPLETE + "/tell", 409, "state|complete|told",
         state="failed"),
    post("tell a value of a failed trial", FAILED + "/tell", 409,
         "state|failed|told", value=1),
    post("heartbeat with an unknown field", RUNNING + "/heartbeat", 400,
         "pulse", pulse=60),
    tell("overwrite with a word", 400, "overwrite", value=1, overwrite="yes"),
    post("release with an unknown field", RUNNING + "/release", 400, "why",
         why="x"),
    post("release with a number as reason", RUNNING + "/release", 400,
         "reason", reason=5),
    post("release with a reason of 501 bytes", RUNNING + "/release", SIZE,
         "reason.*500", reason="x" * 501),
    post("release with a list as meta", RUNNING + "/release", 400, "meta",
         meta=[1]),
    post("release with too much meta", RUNNING + "/release", SIZE, "meta",
         meta={"x": "y" * 262_144}),
    post("cancel with an unknown field", RUNNING + "/cancel", 400, "meta",
         meta={}),
    post("cancel with a number as reason", RUNNING + "/cancel", 400, "reason",
         reason=5),
    post("cancel with a reason of 501 bytes", RUNNING + "/cancel", SIZE,
         "reason.*500", reason="x" * 501),
    post("cancel a complete trial", COMPLETE + "/cancel", 409, "complete"),
    post("cancel a failed trial", FAILED + "/cancel", 409, "failed"),
    post("tell many without tells", "/tell", EITHER, "tells"),
    post("tell many with an object", "/tell", 400, "tells", tells={}),
    post("tell many with an unknown field", "/tell", 400, "colour", tells=[],
         colour=1),
    post("tell many of 1001", "/tell", SIZE, "tells|1000", tells=[
        {"study_id": "AAAAAAAAAAAA", "number": 0, "value": 1}] * 1001),
]


def edit(name, status, word, /, trial=COMPLETE, **body):
    """PATCH a trial."""
    return Case("edit " + name, "PATCH", trial, status, word, body)


def rerun(name, status, word, /, **body):
    """POST /rerun."""
    return post("run again " + name, "/studies/{study}/rerun", status, word,
                **body)


CLONE = "/studies/{study}/clone"
MERGE = "/studies/{study}/merge"


def clone(what, status, mention, /, **fields):
    """Clone the study with a body that is wrong in these fields."""
    body = {"name": "a clone", "trials": "none", **fields}
    body = {key: value for key, value in body.items() if value is not GONE}
    return post(f"clone with {what}", CLONE, status, mention, **body)


def merge(what, status, mention, /, **fields):
    """Merge with a body that is wrong in these fields."""
    body = {"from": ["AAAAAAAAAAAA"], **fields}
    body = {key: value for key, value in body.items() if value is not GONE}
    return post(f"merge with {what}", MERGE, status, mention, **body)


COPIES = [
    clone("no name", EITHER, "name", name=GONE),
    clone("an empty name", 422, "name", name=""),
    clone("a number as name", 400, "name", name=7),
    clone("201 bytes of name", SIZE, "name|200", name="x" * 201),
    clone("an unknown field", 400, "colour", colour=1),
    clone("trials that are a number", 400, "trials", trials=1),
    clone("trials that are an array", 400, "trials", trials=[1]),
    clone("trials that are no word", 422, "trials|ended", trials="all"),
    clone("an unknown filter", 400, "worker", trials={"worker": "w"}),
    clone("states that are a word", 400, "states", trials={"states": "lost"}),
    clone("no states", 400, "states", trials={"states": []}),
    clone("the state lost", 422, "states|lost", trials={"states": ["lost"]}),
    clone("a state that is a number", 422, "states", trials={"states": [2]}),
    clone("tags that are a word", 400, "tags", trials={"tags": "a"}),
    clone("a tag that is a number", 400, "tags", trials={"tags": [1]}),
    clone("an empty tag", 422, "tags", trials={"tags": [""]}),
    clone("one number", 400, "numbers", trials={"numbers": [1]}),
    clone("numbers that are halves", 400, "numbers",
          trials={"numbers": [0.5, 1.5]}),
    clone("numbers that fall", 422, "numbers", trials={"numbers": [3, 1]}),
    clone("negative numbers", 422, "numbers", trials={"numbers": [-1, 1]}),
    clone("a bound that is a word", 400, "value_min",
          trials={"value_min": "low"}),
    clone("a bound that is NaN", 422, "value_max", trials={"value_max": NAN}),
    clone("bounds that cross", 422, "value_min|value_max",
          trials={"value_min": 2, "value_max": 1}),
    clone("unfit that is no word", 422, "unfit|skip", unfit="drop"),
    clone("unfit that is true", 400, "unfit", unfit=True),
    clone("changes that are an array", 400, "changes", changes=[]),
    clone("a change of the name", 400, "changes|name", changes={"name": "x"}),
    clone("a change of the objectives", 400, "objectives",
          changes={"objectives": [{"name": "x"}]}),
    clone("a space of no sense", 422, "changes.space.x|low",
          changes={"space": {"x": {"type": "float", "low": 2, "high": 1}}}),
    clone("an unknown sampler", 422, "changes.sampler",
          changes={"sampler": "magic"}),
    clone("a budget of no trials", 422, "max_trials",
          changes={"budget": {"max_trials": 0}}),
    clone("notes that are a number", 400, "notes", changes={"notes": 1}),
    clone("to learn from what is not", 422, "warm_start",
          changes={"warm_start": {"studies": ["AAAAAAAAAAAA"]}}),
    post("clone what is not", "/studies/AAAAAAAAAAAA/clone", 404, "study",
         name="x"),
    Case("a reader clones", "POST", CLONE, 403, "scope|ask", {"name": "x"},
         token="{reader}"),
    Case("another study's token clones", "POST", CLONE, HIDDEN, "",
         {"name": "x"}, token="{elsewhere}"),
    merge("nothing to merge", EITHER, "from", **{"from": GONE}),
    merge("no studies", 422, "from", **{"from": []}),
    merge("101 studies", SIZE, "from|100", **{"from": ["AAAAAAAAAAAA"] * 101}),
    merge("a word as studies", 400, "from", **{"from": "AAAAAAAAAAAA"}),
    merge("a number as study", 400, "from", **{"from": [7]}),
    merge("a study that is not", 422, "from"),
    merge("itself", 422, "from", **{"from": ["{study}"]}),
    merge("an unknown field", 400, "name", name="x"),
    merge("trials that are no word", 422, "trials", trials="all"),
    merge("unfit that is no word", 422, "unfit", unfit="drop"),
    post("merge into what is not", "/studies/AAAAAAAAAAAA/merge", 404, "study",
         **{"from": ["{study}"]}),
    Case("a worker merges", "POST", MERGE, 403, "scope|steer",
         {"from": ["AAAAAAAAAAAA"]}, token="{worker}"),
]

EXPORTS = [
    post("import nothing", "/studies/import", EITHER, "line 1"),
    post("import a definition", "/studies/import", EITHER, "line 1", **GOOD),
    post("import under a wrong field", "/studies/import?nom=x", 400, "nom",
         study=GOOD),
    post("import an empty name", "/studies/import?name=", 422, "name",
         study=GOOD),
    post("import 201 bytes of name", "/studies/import?name=" + "x" * 201, SIZE,
         "name", study=GOOD),
    post("import a study of no sense", "/studies/import", 422, "space",
         study={**GOOD, "space": {"x": {"type": "float", "low": 2,
                                        "high": 1}}}),
    Case("a reader imports", "POST", "/studies/import", 403, "scope|ask",
         {"study": GOOD}, token="{reader}"),
    Case("one study's token imports", "POST", "/studies/import", HIDDEN, "",
         {"study": GOOD}, token="{elsewhere}"),
    get("export as xml", "/studies/{study}/export?format=xml", 422, "format"),
    get("export from a word", "/studies/{study}/export?cursor=x", 400,
        "cursor"),
    get("export with a limit", "/studies/{study}/export?limit=3", 400,
        "limit"),
    get("export what is not", "/studies/AAAAAAAAAAAA/export", 404, "study"),
]

EDITS = [
    edit("an unknown field", 400, "colour", colour=1),
    edit("a parameter", 400, "params", params={"x": 1}),
    edit("notes that are a number", 400, "notes", notes=1),
    edit("65537 bytes of notes", SIZE, "notes|65536", notes="x" * 65537),
    edit("tags that are a string", 400, "tags", tags="a"),
    edit("a tag that is a number", 400, "tags", tags=[1]),
    edit("an empty tag", 422, "tags", tags=[""]),
    edit("a tag of 101 bytes", 422, "tags|100", tags=["x" * 101]),
    edit("51 tags", 422, "tags|50", tags=["x"] * 51),
    edit("meta that is an array", 400, "meta", meta=[]),
    edit("300 kB of meta", SIZE, "meta", meta={"x": "x" * 300_000}),
    edit("invalid with a word", 400, "invalid", invalid="yes"),
    edit("a reason that is a number", 400, "reason", invalid=True, reason=1),
    edit("1001 bytes of reason", SIZE, "reason|1000", invalid=True,
         reason="x" * 1001),
    edit("a reason without a cause", 422, "reason", reason="x"),
    edit("a value that is a string", 400, "value", value="low"),
    edit("value and values", 422, "value", value=1, values=[1]),
    edit("two values of one", 422, "values", values=[1, 2]),
    edit("a negative uncertainty", 422, "uncertainty", uncertainty=-1),
    edit("constraints of none", 422, "constraints", constraints=[1]),
    edit("the state running", 422, "state", state="running"),
    edit("the state lost", 422, "state", state="lost"),
    edit("a revision that is a word", 400, "revision", revision="now"),
    edit("a negative revision", 422, "revision", revision=-1),
    edit("an old revision", 409, "revision", notes="x", revision=0),
    edit("a value of a running trial", 409, "running", RUNNING, value=1),
    edit("a running trial to be invalid", 409, "running", RUNNING,
         invalid=True),
    edit("no value into a failed trial", 422, "value", FAILED,
         state="complete"),
    Case("delete a running trial", "DELETE", RUNNING, 409, "running"),
    post("run one again with a field", FAILED + "/rerun", 400, "n", n=1),
    rerun("nothing", EITHER, "states|numbers"),
    rerun("states and numbers", 422, "states", states=["failed"], numbers=[2]),
    rerun("an unknown field", 400, "number", number=2),
    rerun("a state alone", 400, "states", states="failed"),
    rerun("a state that is none", 422, "states|banana", states=["banana"]),
    rerun("a state before the end", 422, "states", states=["running"]),
    rerun("a state that is a number", EITHER, "states", states=[4]),
    rerun("a number alone", 400, "numbers", numbers=2),
    rerun("no numbers", 422, "numbers|1000", numbers=[]),
    rerun("a half", 400, "numbers", numbers=[0.5]),
    rerun("a negative number", 404, "-1", numbers=[-1]),
    rerun("a number without a trial", 404, "77", numbers=[2, 77]),
    rerun("1001 numbers", SIZE, "numbers|1000", numbers=[2] * 1001),
]


def lists(*rows):
    """GET the trials and the studies with a bad query."""
    return [
        get(f"{path.split('/')[-1]}?{query}", f"{path}?{query}", status, word)
        for path in (TRIALS, "/studies") for query, status, word in rows
    ]


LISTS = lists(
    ("limit=0", EITHER, "limit"), ("limit=-1", EITHER, "limit"),
    ("limit=1001", EITHER, "limit"), ("limit=abc", EITHER, "limit"),
    ("limit=1.5", EITHER, "limit"), ("limit=", EITHER, "limit"),
    ("limit=99999999999999999999", EITHER, "limit"),
    ("cursor=%21%21%21", EITHER, "cursor"), ("state=banana", EITHER, "state"),
) + [
    get("trials?since=abc", TRIALS + "?since=abc", EITHER, "since"),
    get("trials?deleted=2", TRIALS + "?deleted=2", EITHER, "deleted"),
    get("trials?since=-5", TRIALS + "?since=-5", EITHER, "since"),
    get("trials?state=a,b", TRIALS + "?state=complete,b", EITHER, "state"),
    get("trials?state=a,", TRIALS + "?state=complete,", EITHER, "state"),
    get("trials?value_min=low", TRIALS + "?value_min=low", 400, "value_min"),
    get("trials?value_min=nan", TRIALS + "?value_min=nan", 400, "value_min"),
    get("trials?value_max=1e999", TRIALS + "?value_max=1e999", 400,
        "value_max"),
    get("trials?value_max=0x1p3", TRIALS + "?value_max=0x1p3", 400,
        "value_max"),
    get("trials?value_min=2&value_max=1",
        TRIALS + "?value_min=2&value_max=1", 422, "value_min"),
    get("studies?kind=banana", "/studies?kind=banana", 422, "kind"),
    get("studies with a tag of 101 letters", "/studies?tag=" + "x" * 101, 422,
        "tag.*100"),
    get("studies with a name of 201 letters", "/studies?q=" + "x" * 201, 422,
        "q .*200"),
    get("studies of an owner of 201 letters", "/studies?owner=" + "x" * 201,
        422, "owner.*200"),
    get("trials with a tag of 101 letters", TRIALS + "?tag=" + "x" * 101, 422,
        "tag.*100"),
    get("trials of a worker of 201 letters", TRIALS + "?worker=" + "x" * 201,
        422, "worker.*200"),
    get("trials since 2^53", TRIALS + f"?since={2**53}", 422, "since"),
    get("events since 2^53 after an event", EVENTS + f"?since={2**53}", 422,
        "since", headers={"Last-Event-ID": "0"}),
    get("studies?colour=1", "/studies?colour=1", 400, "colour"),
    get("trials?order=up", TRIALS + "?order=up", EITHER, "order"),
    get("trials of a study that is not", "/studies/AAAAAAAAAAAA/trials", 404,
        "study"),
    get("best of a study that is not", "/studies/AAAAAAAAAAAA/best", 404,
        "study"),
] + [
    get(f"events?{query}", f"{EVENTS}?{query}", status, word)
    for query, status, word in (
        ("since=abc", 400, "since"), ("since=-1", 422, "since"),
        ("since=1.5", 400, "since"), ("since=", 400, "since"),
        ("since=9007199254740992", 422, "since"),
        ("wait_s=61", 422, "wait_s"), ("wait_s=-1", 422, "wait_s"),
        ("wait_s=soon", 400, "wait_s"), ("wait_s=0.5", 400, "wait_s"),
        ("limit=0", 422, "limit"), ("limit=1001", 422, "limit"),
        ("limit=x", 400, "limit"), ("state=running", 400, "state"),
    )
] + [
    get(f"Last-Event-ID: {last}", EVENTS, 400, "Last-Event-ID",
        headers={"Last-Event-ID": last})
    for last in ("x", "-1", "1.5", "9" * 17, "9" * 99, "5 6")
] + [
    get("events of a study that is not", "/studies/AAAAAAAAAAAA/events", 404,
        "study"),
    get("best of two objectives", "/studies/{two}/best", 422, "pareto"),
    get("pareto of a study that is not", "/studies/AAAAAAAAAAAA/pareto", 404,
        "study"),
    get("pareto?limit=1001", "/studies/{two}/pareto?limit=1001", EITHER,
        "limit"),
    get("pareto?cursor=-1", "/studies/{two}/pareto?cursor=-1", EITHER,
        "cursor"),
    get("pareto?since=1", "/studies/{two}/pareto?since=1", 400, "since"),
    get("the grid of a study that has none", "/studies/{study}/grid", 422,
        "grid.*hpo"),
    get("the grid of a study that is not", "/studies/AAAAAAAAAAAA/grid", 404,
        "study"),
    get("grid?state=lost", "/studies/{study}/grid?state=lost", EITHER,
        "state"),
    get("grid?limit=1001", "/studies/{study}/grid?limit=1001", EITHER,
        "limit"),
    get("grid?cursor=0", "/studies/{study}/grid?cursor=0", EITHER, "cursor"),
    get("grid?since=1", "/studies/{study}/grid?since=1", 400, "since"),
    get("a study with a colon", "/studies/a:b", ABSENT, ""),
    get("a study's name of 5000 letters", "/studies/" + "x" * 5000,
        ABSENT + (414,), ""),
]


def token(name, status, word, /, **fields):
    """POST a token that is good but for these fields."""
    good = {"name": "t", "expires": "1d", "scopes": ["read"]}
    body = {k: v for k, v in {**good, **fields}.items() if v is not GONE}
    return Case(name, "POST", "/tokens", status, word, body)


WEBHOOKS = [
    post("no url", HOOKS, EITHER, "url"),
    post("a number as url", HOOKS, EITHER, "url", url=7),
    post("a path as url", HOOKS, 422, "url", url="/hook"),
    post("an unencrypted url", HOOKS, 422, "url", url="http://example.org/"),
    post("a url into the machine", HOOKS, 422, "url",
         url="https://127.0.0.1/"),
    post("a url into the network", HOOKS, 422, "url",
         url="https://192.168.0.1/"),
    post("a url with a password", HOOKS, 422, "url",
         url="https://u:p@example.org/"),
    post("2001 bytes of url", HOOKS, SIZE, "url.*2000",
         url="https://example.org/" + "x" * 1981),
    post("an unknown field of a webhook", HOOKS, 400, "method",
         url="https://example.org/", method="PUT"),
    post("no kinds of events", HOOKS, EITHER, "events",
         url="https://example.org/", events=[]),
    post("33 kinds of events", HOOKS, SIZE, "events.*32",
         url="https://example.org/", events=["a"] * 33),
    post("a number as events", HOOKS, EITHER, "events",
         url="https://example.org/", events=3),
    post("a number as a kind of event", HOOKS, EITHER, "events",
         url="https://example.org/", events=[3]),
    post("a kind with a space", HOOKS, EITHER, "events.*a b",
         url="https://example.org/", events=["a b"]),
    post("a short secret", HOOKS, 422, "secret",
         url="https://example.org/", secret="whsec_c2hvcnQ="),
    post("a number as secret", HOOKS, EITHER, "secret",
         url="https://example.org/", secret=1),
    get("webhooks with a query", HOOKS + "?limit=1", 400, "limit"),
    Case("a change of no webhook", "PATCH", HOOKS + "/1", 404, "webhook", {}),
    Case("a webhook that is no number", "PATCH", HOOKS + "/x", 404, "hook",
         {}),
    Case("a number as enabled", "PATCH", HOOKS + "/1", 400, "enabled",
         {"enabled": 1}),
    Case("another secret", "PATCH", HOOKS + "/1", 400, "secret",
         {"secret": "whsec_"}),
    Case("no webhook to delete", "DELETE", HOOKS + "/1", 404, "webhook"),
    post("no webhook to test", HOOKS + "/1/test", 404, "webhook"),
]

MEMBERS = "/studies/{study}/members"
LINKS = "/studies/{study}/links"


def member(name, status, word, /, **body):
    """PUT a member."""
    return Case(name, "PUT", MEMBERS, status, word, body)


SHARING = [
    member("a member without a role", EITHER, "role", user="admin"),
    member("a role that is none", 422, "role.*king", user="admin",
           role="king"),
    member("a number as role", 400, "role", user="admin", role=4),
    member("nobody as a member", EITHER, "user", role="viewer"),
    member("a user and a group at once", EITHER, "user", user="admin",
           group="a", role="viewer"),
    member("a number as a user", 400, "user", user=1, role="viewer"),
    member("an unknown user", 404, "user", user="nobody", role="viewer"),
    member("an unknown group", 404, "group", group="nobody", role="viewer"),
    member("201 bytes of a user", SIZE, "user.*200", user="x" * 201,
           role="viewer"),
    member("an unknown field of a member", 400, "until", user="admin",
           role="owner", until="1d"),
    member("the last owner as an editor", 409, "owner", user="admin",
           role="editor"),
    get("members with a query", MEMBERS + "?limit=1", 400, "limit"),
    Case("no member to remove", "DELETE", MEMBERS + "?user=nobody", 404,
         "user"),
    Case("the last owner leaves", "DELETE", MEMBERS + "?user=admin", 409,
         "owner"),
    Case("a removal of nobody", "DELETE", MEMBERS, EITHER, "user"),
    Case("a removal of a user and a group", "DELETE",
         MEMBERS + "?user=a&group=b", EITHER, "user"),
    Case("a removal of a role", "DELETE", MEMBERS + "?role=owner", 400,
         "role"),
    post("a link for a word", LINKS, EITHER, "expires", expires="forever"),
    post("a link for two years", LINKS, 422, "expires",
         expires="2999-01-01T00:00:00Z"),
    post("a number as the name of a link", LINKS, 400, "name", name=1),
    post("201 bytes of a link's name", LINKS, SIZE, "name.*200",
         name="x" * 201),
    post("an unknown field of a link", LINKS, 400, "scopes",
         scopes=["read"]),
    get("links with a query", LINKS + "?limit=1", 400, "limit"),
    Case("no link to revoke", "DELETE", LINKS + "/1", 404, "link"),
    Case("a link that is no number", "DELETE", LINKS + "/x", 404, "link"),
    study("an unknown visibility", 422, "visibility.*secret",
          visibility="secret"),
    study("a number as visibility", 400, "visibility", visibility=2),
    study("visible to no group", EITHER, "group", visibility="group"),
    study("visible to an unknown group", 422, "group.*nobody",
          visibility="group", group="nobody"),
    study("a group of a public study", 422, "group", visibility="public",
          group="a"),
    study("a group alone", 422, "group", group="a"),
    Case("a change to an unknown visibility", "PATCH", "/studies/{study}", 422,
         "visibility", {"visibility": "secret"}),
    Case("a change to an unknown group", "PATCH", "/studies/{study}", 422,
         "group", {"visibility": "group", "group": "nobody"}),
    get("studies of an unknown role", "/studies?role=king", 422, "role"),
    get("studies shared in an unknown way", "/studies?shared=x", 422,
        "shared"),
    post("a group without a name", "/groups", EITHER, "name"),
    post("a group with an empty name", "/groups", EITHER, "name", name=""),
    post("a number as the name of a group", "/groups", 400, "name", name=1),
    post("201 bytes of a group's name", "/groups", SIZE, "name.*200",
         name="x" * 201),
    post("an unknown field of a group", "/groups", 400, "users", name="a",
         users=[]),
    get("groups with a query", "/groups?q=a", 400, "q"),
    get("members of no group", "/groups/999/members", 404, "group"),
    get("members of a group that is no number", "/groups/x/members", 404,
        "group"),
    Case("no group to delete", "DELETE", "/groups/999", 404, "group"),
    Case("a member of no group", "PUT", "/groups/999/members", 404, "group",
         {"user": "admin"}),
    Case("a group member without a name", "PUT", "/groups/999/members",
         EITHER, "user", {}),
    Case("a group member to remove without a name", "DELETE",
         "/groups/999/members", EITHER, "user"),
    Case("no group member to remove", "DELETE",
         "/groups/999/members?user=admin", 404, "group"),
]

def campaign(name, status, word, /, **fields):
    """POST a campaign that is good but for these fields."""
    body = {"name": "bad", "template": {"space": {"p": FLOAT}},
            "segments": [{"name": "a"}], **fields}
    body = {k: v for k, v in body.items() if v is not GONE}
    return Case(name, "POST", "/campaigns", status, word, body)


def segment(name, status, word, /, **fields):
    """POST a campaign with one segment, good but for these fields."""
    fields = {"name": "a", **fields}
    return campaign(name, status, word, segments=[
        {k: v for k, v in fields.items() if v is not GONE}])


CAMPAIGNS = [
    campaign("a campaign without a name", EITHER, "name", name=GONE),
    campaign("a campaign with an empty name", EITHER, "name", name=""),
    campaign("a campaign with a name of 101 bytes", SIZE, "name.*100",
             name="n" * 101),
    campaign("a campaign with an unknown field", 400, "colour", colour=1),
    campaign("a campaign without a template", EITHER, "template",
             template=GONE),
    campaign("an array as template", 400, "template", template=[]),
    campaign("a template with a name", 422, "template.*name",
             template={"name": "t", "space": {"p": FLOAT}}),
    campaign("a template of 65 537 bytes", SIZE, "template.*65536",
             template={"space": {"p": FLOAT}, "notes": "n" * 65_536}),
    campaign("a template without a space", EITHER, r"segments\[0\].*space",
             template={}),
    campaign("a template with an unknown field", 400,
             r"segments\[0\].*colour", template={
                 "space": {"p": FLOAT}, "colour": 1}),
    campaign("a campaign without segments", EITHER, "segments", segments=GONE),
    campaign("a campaign of no segments", 422, "segments.*1000.*0",
             segments=[]),
    campaign("a campaign of 1001 segments", SIZE, "segments.*1000.*1001",
             segments=[{"name": str(i)} for i in range(1001)]),
    campaign("an object as segments", 400, "segments", segments={"a": {}}),
    campaign("a text as segment", 400, r"segments\[0\]", segments=["a"]),
    campaign("two segments of one name", 422, "segments.*twice",
             segments=[{"name": "a"}, {"name": "a"}]),
    campaign("a number as axis", 400, "axis", axis=1),
    campaign("an axis of 201 bytes", SIZE, "axis", axis="a" * 201),
    campaign("a number as notes of a campaign", 400, "notes", notes=1),
    segment("a segment without a name", EITHER, r"segments\[0\].name",
            name=GONE),
    segment("a segment with an empty name", EITHER, r"segments\[0\].name",
            name=""),
    segment("a segment with a name of 100 bytes", SIZE,
            r"segments\[0\].name.*99", name="n" * 100),
    segment("a segment with an unknown field", 400, r"segments\[0\].*y", y=1),
    segment("a string as x", 400, r"segments\[0\].x", x="300"),
    segment("NaN as x", EITHER, "x|json", x=NAN),
    segment("an array as overrides", 400, r"segments\[0\].overrides",
            overrides=[]),
    segment("overrides with a name", 422, r"segments\[0\].overrides.*name",
            overrides={"name": "x"}),
    segment("overrides that break the space", 422, r"segments\[0\].*low",
            overrides={"space": {"p": {"low": 2}}}),
    Case("a campaign as an array", "POST", "/campaigns", 400, "object", []),
    Case("a campaign with a reader's token", "POST", "/campaigns", 403, "ask",
         {}, token="{reader}"),
    Case("a campaign with a token of a study", "POST", "/campaigns", 403,
         "study", {}, token="{elsewhere}"),
    get("a campaign that is not", "/campaigns/AAAAAAAAAAAA", 404, "campaign"),
    get("campaigns of no page", "/campaigns?limit=0", 422, "limit"),
    get("campaigns with an unknown parameter", "/campaigns?q=x", 400, "q"),
    get("an export of a campaign that is not",
        "/campaigns/AAAAAAAAAAAA/export", 404, "campaign"),
    get("an export of a campaign as a table",
        "/campaigns/AAAAAAAAAAAA/export?format=xml", 422, "format"),
    get("an export of a campaign from nowhere",
        "/campaigns/AAAAAAAAAAAA/export?cursor=x", 400, "cursor"),
    post("ask a campaign that is not", "/campaigns/AAAAAAAAAAAA/ask", 404,
         "campaign"),
    post("pause a campaign that is not", "/campaigns/AAAAAAAAAAAA/pause", 404,
         "campaign"),
    Case("delete a campaign and some studies", "DELETE",
         "/campaigns/AAAAAAAAAAAA?studies=2", 422, "studies"),
    post("a token of a study and a campaign", "/tokens", 422, "campaign_id",
         name="t", study_id="{study}", campaign_id="AAAAAAAAAAAA"),
    post("a token of a campaign that is not", "/tokens", 404, "campaign",
         name="t", campaign_id="AAAAAAAAAAAA"),
]

TOKENS = [
    token("a token without a name", EITHER, "name", name=GONE),
    token("a token with an empty name", EITHER, "name", name=""),
    token("a token with a number as name", 400, "name", name=1),
    token("a token with a name of 10 000 letters", SIZE, "name",
          name="x" * 10_000),
    token("a token for five days", EITHER, "expires", expires="5d"),
    token("a token for a word", EITHER, "expires", expires="forever"),
    token("a token with a number as end", 400, "expires", expires=3600),
    token("a token that has ended", 422, "expires",
          expires="2001-01-01T00:00:00Z"),
    token("a token with a day that is not", EITHER, "expires",
          expires="2031-02-30T00:00:00Z"),
    token("a token with no scope", EITHER, "scopes", scopes=[]),
    token("a token with an unknown scope", EITHER, "scope", scopes=["fly"]),
    token("a token with a string as scopes", EITHER, "scopes", scopes="read"),
    token("a token with a number as scope", EITHER, "scope", scopes=[1]),
    token("a token for a study that is not", (404, 422), "study",
          study_id="AAAAAAAAAAAA"),
    token("a token with a number as study", 400, "study_id", study_id=1),
    token("a token with an unknown field", 400, "colour", colour=1),
    Case("revoke a token that is not", "DELETE", "/tokens/999999", 404,
         "token"),
    Case("revoke a word", "DELETE", "/tokens/abc", ABSENT),
    Case("revoke a negative token", "DELETE", "/tokens/-1", ABSENT),
    Case("rotate a token that is not", "POST", "/tokens/999999/rotate", 404,
         "token", {}),
    Case("rotate a word", "POST", "/tokens/abc/rotate", ABSENT, "id", {}),
    post("overlap below zero", "/tokens/1/rotate", 422, "overlap_s",
         overlap_s=-1),
    post("overlap above a day", "/tokens/1/rotate", 422, "86400",
         overlap_s=86401),
    post("overlap is text", "/tokens/1/rotate", 400, "overlap_s",
         overlap_s="1"),
    post("overlap is a fraction", "/tokens/1/rotate", EITHER, "overlap_s",
         overlap_s=0.5),
    post("rotated token lives for two days", "/tokens/1/rotate", EITHER,
         "expires", expires="2d"),
    post("rotated token has ended", "/tokens/1/rotate", 422, "expires",
         expires="2020-01-01T00:00:00Z"),
    post("rotate with a name", "/tokens/1/rotate", 400, "name", name="x"),
    Case("rotate with a list", "POST", "/tokens/1/rotate", 400, "", []),
    Case("end a session that is not", "DELETE", "/sessions/999999", 404,
         "session"),
    Case("end a session by a word", "DELETE", "/sessions/abc", ABSENT, "id"),
    get("sign in through nobody", "/sign-in/nobody", 404, "provider"),
    get("come back from nobody", "/sign-in/nobody/callback", 404, "provider"),
    Case("sign in without a code", "POST", "/session", EITHER, "code", {},
         token=None),
    Case("sign in with a number", "POST", "/session", 400, "code",
         {"code": 1}, token=None),
    Case("sign in with a made-up code", "POST", "/session", 401, "code|link",
         {"code": "cuml_" + "A" * 36}, token=None),
    Case("sign in with a token", "POST", "/session", (400, 401), "code|link",
         {"code": "{token}"}, token=None),
    Case("sign in with an unknown field", "POST", "/session", 400, "user",
         {"code": "cuml_" + "A" * 36, "user": "me"}, token=None),
]


def authorization(name, value):
    """GET the study with this header."""
    return get(name, "/studies/{study}", 401, "token", token=None,
               headers={"Authorization": value})


PEOPLE = [
    get("no token", "/studies/{study}", 401, "token", token=None),
    authorization("an empty header", ""),
    authorization("Bearer alone", "Bearer"),
    authorization("Basic", "Basic dXNlcjpwYXNz"),
    authorization("the token without Bearer", "{token}"),
    authorization("a token that is none", "Bearer hello"),
    authorization("a token of 8000 letters", "Bearer cum_" + "a" * 8000),
    authorization("a truncated token", "Bearer {token:.20}"),
    authorization("a token and more", "Bearer {token}x"),
    authorization("a token of another kind", "Bearer cums_" + "A" * 36),
    authorization("a wrong checksum", "Bearer {wrong_checksum}"),
    authorization("an unknown token", "Bearer {unknown}"),
    authorization("a revoked token", "Bearer {revoked}"),
    authorization("an expired token", "Bearer {expired}"),
    Case("a reader asks", "POST", ASK, 403, "ask|scope", {}, token="{reader}"),
    Case("a reader asks for a new study", "POST", "/ask", 403, "ask|scope",
         {"study": GOOD}, token="{reader}"),
    Case("a reader creates", "POST", "/studies", 403, "scope|ask|steer", GOOD,
         token="{reader}"),
    Case("a reader reports", "POST", RUNNING + "/report", 403, "ask|scope",
         {"step": 1, "value": 1}, token="{reader}"),
    Case("a reader tells", "POST", RUNNING + "/tell", 403, "ask|scope",
         {"value": 1}, token="{reader}"),
    Case("a reader deletes", "DELETE", "/studies/{study}", 403, "scope|steer",
         token="{reader}"),
    Case("a worker edits", "PATCH", COMPLETE, 403, "scope|steer",
         {"notes": "x"}, token="{worker}"),
    Case("a worker overwrites", "POST", COMPLETE + "/tell", 403, "scope|steer",
         {"value": 1, "overwrite": True}, token="{worker}"),
    Case("a worker deletes a trial", "DELETE", COMPLETE, 403, "scope|steer",
         token="{worker}"),
    Case("a worker runs a trial again", "POST", FAILED + "/rerun", 403,
         "scope|steer", {}, token="{worker}"),
    Case("another study's token edits", "PATCH", COMPLETE, HIDDEN, "",
         {"notes": "x"}, token="{elsewhere}"),
    Case("a worker changes", "PATCH", "/studies/{study}", 403, "scope|steer",
         {"notes": "x"}, token="{worker}"),
    Case("a worker stops", "POST", "/studies/{study}/stop", 403,
         "scope|steer", token="{worker}"),
    Case("a worker makes a token", "POST", "/tokens", 403, "scope|admin",
         {"name": "t", "expires": "1d", "scopes": ["admin"]},
         token="{worker}"),
    get("another study's token looks", "/studies/{study}", HIDDEN, "",
        token="{elsewhere}"),
    Case("another study's token asks", "POST", ASK, HIDDEN, "", {},
         token="{elsewhere}"),
    Case("another study's token tells", "POST", RUNNING + "/tell", HIDDEN, "",
         {"value": 1}, token="{elsewhere}"),
    Case("one study's token creates", "POST", "/studies", HIDDEN, "", GOOD,
         token="{elsewhere}"),
]

def user(name, status, word, /, **fields):
    """POST a user that is good but for these fields."""
    return post(name, "/users", status, word, **{"name": "bad", **fields})


def quotas(name, status, word, /, **fields):
    """PATCH quotas of the first user."""
    return Case(name, "PATCH", "/users/admin", status, word,
                {"quotas": fields})


USERS = [
    post("a user without a name", "/users", EITHER, "name"),
    user("a user with an empty name", EITHER, "name", name=""),
    user("a user with a blank in the name", 422, "name.*a b", name="a b"),
    user("a user with a slash in the name", 422, "name", name="a/b"),
    user("a user with 64 letters", SIZE, "name.*63", name="x" * 64),
    user("a number as a user's name", 400, "name", name=7),
    user("a user who is there", 409, "admin", name="admin"),
    user("a number as admin", 400, "admin", admin=1),
    user("a new user who is disabled", 400, "disabled", disabled=True),
    user("201 bytes of display name", SIZE, "display_name.*200",
         display_name="x" * 201),
    user("a number as address", 400, "email", email=1),
    user("a word as groups", EITHER, "groups", groups="a"),
    user("101 groups", SIZE, "groups.*100", groups=["a"] * 101),
    user("a number as a group", EITHER, "groups", groups=[1]),
    user("a user in a group without a name", EITHER, "groups", groups=[""]),
    user("201 bytes of a group", SIZE, "groups.*200", groups=["x" * 201]),
    user("an unknown field of a user", 400, "colour", colour=1),
    quotas("a negative quota", 422, "quotas.max_trials", max_trials=-1),
    quotas("a quota beyond all", 422, "quotas.max_bytes", max_bytes=10**16),
    quotas("half a running trial", EITHER, "quotas.max_running", max_running=0.5),
    quotas("a word as quota", 400, "quotas.max_studies", max_studies="all"),
    quotas("an unknown quota", 400, "max_fun", max_fun=1),
    Case("a list as quotas", "PATCH", "/users/admin", EITHER, "quotas",
         {"quotas": []}),
    Case("another name of a user", "PATCH", "/users/admin", 400, "name", {"name": "x"}),
    Case("a number as disabled", "PATCH", "/users/admin", 400, "disabled",
         {"disabled": 1}),
    Case("a change of nobody", "PATCH", "/users/nobody", 404, "user", {}),
    get("nobody", "/users/nobody", 404, "user"),
    get("a list of users with a query", "/users?colour=1", 400, "colour"),
    get("a page of 1001 users", "/users?limit=1001", 422, "limit.*1000"),
    get("a word as cursor of users", "/users?cursor=x", 400, "cursor"),
    post("an invitation of nobody", "/users/nobody/invitation", 404, "user"),
    post("an invitation with a field", "/users/admin/invitation", 400, "days",
         days=9),
    get("an audit of nobody", "/audit?user=nobody", 404, "user"),
    get("an audit since a word", "/audit?since=yesterday", 422, "since"),
    get("an audit until a day that is not", "/audit?until=2031-02-30", 422,
        "until"),
    get("an audit with a query", "/audit?colour=1", 400, "colour"),
    get("a study's audit of a user", "/studies/{study}/audit?user=admin", 400,
        "user"),
    get("a page of no lines", "/audit?limit=0", 422, "limit"),
    get("settings with a query", "/admin/settings?q=1", 400, "q"),
    get("load with a query", "/admin/load?q=1", 400, "q"),
    get("a reader looks at users", "/users", 403, "scope|admin",
        token="{reader}"),
    get("a worker reads a study's audit", "/studies/{study}/audit", 403,
        "scope|steer", token="{worker}"),
    get("another study's token reads the audit", "/studies/{study}/audit",
        HIDDEN, "", token="{elsewhere}"),
]

METHODS = [
    Case(f"{method} {path}", method, path, 405)
    for method, path in (
        ("PUT", "/studies"), ("DELETE", "/studies"),
        ("POST", "/studies/{study}"), ("PUT", "/studies/{study}"),
        ("GET", "/ask"), ("GET", ASK), ("GET", "/tell"), ("DELETE", TRIALS),
        ("POST", RUNNING), ("GET", RUNNING + "/report"),
        ("GET", RUNNING + "/tell"), ("PUT", RUNNING + "/heartbeat"),
        ("POST", "/studies/{study}/best"), ("DELETE", "/me"),
        ("POST", "/info"), ("PUT", "/session"), ("PATCH", "/tokens"),
        ("POST", "/healthz"), ("DELETE", "/metrics"), ("POST", "/api/version"),
        ("GET", "/studies/import"), ("DELETE", "/studies/import"),
        ("TRACE", "/"), ("POST", "/"),
    )
]

PATHS = [
    get(f"no such path {path:.30}", path, status, "", validate=False)
    for path, status in (
        ("/nope", 404), ("/studies/{study}/nope", 404),
        (RUNNING + "/nope", 404), ("/api/v2/studies", 404), ("/api/", 404),
        ("/api/nope", 404), ("/studies/{study}/trials/0/reports/1", 404),
        ("/studies%00", ABSENT), ("/studies/%ff%fe", ABSENT),
        ("/studies/%zz", ABSENT), ("/studies/..%2f..%2fetc%2fpasswd", ABSENT),
    )
]

CASES = [
    *NOT_JSON, *DEFINITION, *PARAMETERS, *OUTCOMES, *CONSTRAINTS, *CONDITIONS, *ALGORITHMS,
    *BUDGETS, *CHANGES, *ASKS, *BRINGS, *LEARNING, *LIMITS, *NUMBERS,
    *REPORTS, *TELLS,
    *EDITS, *COPIES, *EXPORTS, *LISTS, *SHARING, *WEBHOOKS, *TOKENS, *PEOPLE,
    *CAMPAIGNS,
    *USERS,
    *METHODS, *PATHS,
]
