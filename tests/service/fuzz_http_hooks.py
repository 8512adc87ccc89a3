# SPDX-License-Identifier: GPL-3.0-or-later
"""fuzz_http_hooks.py - what schemathesis must know of this service

A member of a request that may be left out may be null as well: the document
says so in its first paragraph, and here for each schema of a request.

The run has a token of a user, and must not take them away from itself: a call
that would do so gets another one.

A schema cannot ask for low below high, or for a study that is there. Requests
that are meant to be good get what they need for it here; those at the limits of
the document, and those that are meant to be wrong, stay as they are.
"""

import itertools
import os

import requests
import schemathesis

URL = os.environ["CUMAE_FUZZ_URL"]
TOKEN = os.environ["CUMAE_FUZZ_TOKEN"]
LINE = {"type": "float", "low": 0, "high": 1}
HOOK = "https://receiver.invalid/"
SCHEMAS = "#/components/schemas/"


def call(method, path, body=None):
    """Return the JSON of an answer to the run's own request."""
    answer = requests.request(
        method, URL + path, json=body, timeout=60,
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    answer.raise_for_status()
    return answer.json()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Let optional members of requests be null, but not those of answers."""
    schemas = raw_schema["components"]["schemas"]

    def requested(node):
        if isinstance(node, list):
            return [requested(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            name = node["$ref"].removeprefix(SCHEMAS)
            if name + "Asked" not in schemas:
                schemas[name + "Asked"] = {}
                schemas[name + "Asked"] = requested(schemas[name])
            return {**node, "$ref": SCHEMAS + name + "Asked"}
        made = {key: requested(child) for key, child in node.items()}
        if "required" in made.get("not", {}):  # both of them there
            made["not"]["properties"] = {
                name: {"not": {"type": "null"}}
                for name in made["not"]["required"]
            }
        for name, child in made.get("properties", {}).items():
            if name not in made.get("required", []) and child is not False:
                made["properties"][name] = {
                    "anyOf": [child, {"type": "null"}]
                }
        return made

    for path, item in raw_schema["paths"].items():
        for operation in item.values():
            if path.startswith("/api/v1/") and "requestBody" in operation:
                for media in operation["requestBody"]["content"].values():
                    media["schema"] = requested(media["schema"])


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """Send an import: a text as it is, anything else as one line of JSON."""
    return value if isinstance(value, bytes) else str(value).encode()


TOKEN_ID = next(
    token["id"]
    for token in call("GET", "/api/v1/tokens")["tokens"]
    if TOKEN.startswith(token["prefix"])
)
USER = call("GET", "/api/v1/me")["user"]
numbers = itertools.count()


def fresh(parameters):
    """Name a study, trial and webhook that are there."""
    study = call(
        "POST", "/api/v1/studies",
        {"name": f"fresh {next(numbers)}", "space": {"x": LINE},
         "sampler": "random"},
    )
    path = f"/api/v1/studies/{study['id']}"
    parameters["id"] = study["id"]
    if "n" in parameters:
        trial = call("POST", f"{path}/ask", {})["trials"][0]
        parameters["n"] = trial["number"]
    if "hook" in parameters:
        parameters["hook"] = call("POST", f"{path}/webhooks", {"url": HOOK})["id"]


def fresh_campaign(parameters):
    """Name a campaign that is there."""
    made = call("POST", "/api/v1/campaigns", {
        "name": f"fresh {next(numbers)}", "segments": [{"name": "a"}],
        "template": {"space": {"x": LINE}, "sampler": "random"}})
    parameters["id"] = made["id"]


def repair(param):
    """Return the parameter, but possible: low below high, levels ascending."""
    param = {k: v for k, v in param.items() if k not in ("when", "step", "log")}
    if "low" in param:
        low = max(-1e9, min(param["low"], 1e9))
        param.update(low=low, high=low + 1)
    if "values" in param:
        param["values"] = sorted({max(-1e9, min(v, 1e9)) for v in param["values"]})
    return param


def mend(body):
    """Repair what a schema cannot demand, that more than refusals is seen."""
    study = body.get("study", body)
    if study.get("space") and not study.get("warm_start"):
        study["space"] = {n: repair(p) for n, p in study["space"].items() if p}
    for choice in ("sampler", "pruner"):
        if isinstance(study.get(choice), dict):
            study[choice].pop("options", None)
    if "url" in body:
        body["url"] = HOOK
    if "template" in body:
        body["template"] = {"space": {"x": LINE}, "sampler": "random"}
    for segment in body.get("segments") or []:
        segment.pop("overrides", None)


def spare(path, parameters):
    """Let nothing happen to the token and the user of the run."""
    if path.startswith("/api/v1/tokens/{id}"):
        if str(parameters["id"]) == str(TOKEN_ID):
            body = {"name": "spare"}
            parameters["id"] = call("POST", "/api/v1/tokens", body)["id"]
    if path.startswith("/api/v1/users/{name}") and parameters["name"] == USER:
        parameters["name"] = "nobody"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make requests that can succeed."""
    path, parameters = case.operation.path, case.path_parameters
    spare(path, parameters)
    if not case.meta or case.meta.generation.mode.is_negative:
        return
    phase = case.meta.phase.name.value
    if path.endswith("/events"):
        case.query["wait_s"] = 0
    if phase == "fuzzing" and path.startswith("/api/v1/studies/{id}"):
        fresh(parameters)
    if phase == "fuzzing" and path.startswith("/api/v1/campaigns/{id}"):
        fresh_campaign(parameters)
    if phase != "coverage" and isinstance(case.body, dict):
        mend(case.body)
