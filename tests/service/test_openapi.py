# SPDX-License-Identifier: GPL-3.0-or-later
"""test_openapi.py - web/openapi.json is a sound contract, and the real one"""

import json
import re

import harness
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

ROUTES = harness.ROOT / "service" / "routes.def"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}


def distinct(pairs):
    """Make an object of pairs, refusing a key that occurs twice."""
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"duplicate key among {keys}"
    return dict(pairs)


TEXT = (harness.ROOT / "web" / "openapi.json").read_text()
DOCUMENT = json.loads(TEXT, object_pairs_hook=distinct)


def nodes(node, where="#"):
    """Yield (pointer, object) of every object in the document."""
    if isinstance(node, dict):
        yield where, node
        for key, child in node.items():
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield from nodes(child, f"{where}/{escaped}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from nodes(child, f"{where}/{index}")


def operations():
    """Yield (method, path, operation, parameters of path and operation)."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            operation = item[method]
            parameters = item.get("parameters", []) + operation.get(
                "parameters", []
            )
            yield method.upper(), path, operation, [
                resolved(parameter) for parameter in parameters
            ]


def resolved(node):
    """Follow references until there is none."""
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def names_only(path):
    """Forget what the parameters in a path are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_the_document_says_openapi_3_1_and_what_it_is():
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["title"] == "Cumae"
    assert DOCUMENT["info"]["version"]


def test_every_schema_is_json_schema_2020_12():
    schemas = DOCUMENT["components"]["schemas"]
    schemas = {f"components/{name}": schemas[name] for name in schemas}
    for where, node in nodes(DOCUMENT["paths"]):
        if "schema" in node and "/properties/" not in where:
            schemas[where] = node["schema"]
    for where, schema in schemas.items():
        errors = Draft202012Validator(
            Draft202012Validator.META_SCHEMA
        ).iter_errors(schema)
        assert best_match(errors) is None, where


def test_every_reference_resolves():
    references = [n["$ref"] for _, n in nodes(DOCUMENT) if "$ref" in n]
    assert len(references) > 100
    for reference in references:
        assert resolved({"$ref": reference})


def test_every_component_is_used():
    used = {n["$ref"] for _, n in nodes(DOCUMENT) if "$ref" in n}
    for kind in ("schemas", "parameters", "responses", "links"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in used


def test_operations_have_distinct_names_a_summary_and_a_known_tag():
    known = {tag["name"] for tag in DOCUMENT["tags"]}
    found = [operation for _, _, operation, _ in operations()]
    assert len({o["operationId"] for o in found}) == len(found)
    for operation in found:
        assert operation["summary"]
        assert set(operation["tags"]) <= known


def test_the_parameters_of_a_path_are_those_in_its_braces():
    for method, path, _, parameters in operations():
        declared = [p["name"] for p in parameters if p["in"] == "path"]
        assert sorted(declared) == sorted(
            re.findall(r"\{([^}]*)\}", path)
        ), (method, path)
        assert all(p["required"] for p in parameters if p["in"] == "path")


def test_every_operation_says_what_happens_when_it_fails():
    for method, path, operation, _ in operations():
        responses = operation["responses"]
        good = [status for status in responses if status[0] in "23"]
        assert good, (method, path)
        assert "default" in responses, (method, path)
        for response in responses.values():
            assert resolved(response)["description"], (method, path)


def test_an_operation_that_needs_a_token_can_refuse_it():
    schemes = DOCUMENT["components"]["securitySchemes"].keys()
    for method, path, operation, _ in operations():
        needed = operation.get("security", DOCUMENT["security"])
        for requirement in needed:
            assert requirement.keys() <= schemes
        if needed:
            assert "401" in operation["responses"], (method, path)


def test_answers_list_their_fields():
    """An object without additionalProperties would let anything pass."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, name


def test_every_example_obeys_its_schema():
    examples = 0
    for where, node in nodes(DOCUMENT):
        if "example" in node and "schema" in node:
            examples += 1
            schema = {**node["schema"], "components": DOCUMENT["components"]}
            errors = Draft202012Validator(schema).iter_errors(node["example"])
            error = best_match(errors)
            assert error is None, f"{where}: {error.message}"
    assert examples >= 10


def test_the_document_and_the_table_of_routes_name_the_same_calls():
    text = re.sub(r"//[^\n]*", "", ROUTES.read_text())
    listed = re.findall(r'\bROUTE\(\s*(\w+)\s*,\s*"([^"]+)"', text)
    table = {(m.removeprefix("HTTP_"), names_only(p)) for m, p in listed}
    documented = {(m, names_only(p)) for m, p, _, _ in operations()}
    documented.remove(("GET", "/"))  # The page is an asset, not a route.
    assert table - documented == set(), "not in the document"
    assert documented - table == set(), "not in the table of routes"


@pytest.fixture
def plain(instances, sqlite_database):
    """A service on SQLite."""
    return instances(sqlite_database)


def test_the_served_document_is_the_one_in_the_repository(plain):
    answer = plain.api("GET", "/openapi.json", token=None)
    assert answer.status == 200
    assert answer.text == TEXT
    tag = answer.headers["etag"]
    again = plain.api(
        "GET", "/openapi.json", headers={"If-None-Match": tag}, token=None
    )
    assert again.status == 304
    assert again.text == ""
