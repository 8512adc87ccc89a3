# SPDX-License-Identifier: GPL-3.0-or-later
"""openapi.py - compare an answer with the OpenAPI 3.1 document

The route, the status and the shape of the body must all be in the document;
3.1 schemas are JSON Schema of draft 2020-12.
"""

import re
from typing import Any, Optional
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:openapi"


def find_operation(document: dict, method: str, path: str) -> Optional[dict]:
    """Return the operation of a path, or None; fixed segments win over {x}."""
    path = urlsplit(path).path
    found = []
    for prefix in _prefixes(document):
        for template, operations in document["paths"].items():
            pattern = re.escape(prefix + template)
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", pattern)
            if re.fullmatch(pattern, path) and method.lower() in operations:
                found.append((template.count("{"), template, operations))
    if not found:
        return None
    return min(found, key=lambda item: item[:2])[2][method.lower()]


def check(
    document: dict, method: str, path: str, status: int, content_type: str,
    body: Any,
) -> None:
    """Raise AssertionError unless the document allows this answer."""
    where = f"{method} {path} -> {status}"
    operation = find_operation(document, method, path)
    if operation is None:
        assert status in (401, 404, 405), f"{where}: undocumented route"
        return
    responses = operation["responses"]
    response = (
        responses.get(str(status))
        or responses.get(f"{status // 100}XX")
        or responses.get("default")
    )
    assert response is not None, f"{where}: undocumented status"
    response = _resolved(document, response)
    content = response.get("content")
    if not content:
        assert body is None, f"{where}: undocumented body {body!r}"
        return
    media = content_type.split(";")[0].strip()
    assert media in content, f"{where}: undocumented content type {media}"
    schema = content[media].get("schema")
    if schema is not None:
        _check_schema(document, schema, body, where)


def check_component(document: dict, name: str, body: Any) -> None:
    """Raise AssertionError unless the schema of that name allows this."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    _check_schema(document, schema, body, name)


def _check_schema(document, schema, body, where) -> None:
    resource = Resource.from_contents(document, DRAFT202012)
    registry = Registry().with_resource(DOCUMENT, resource)
    validator = Draft202012Validator(_anchored(schema), registry=registry)
    error = best_match(validator.iter_errors(body))
    if error is not None:
        raise AssertionError(f"{where}: {error.json_path}: {error.message}")


def _anchored(schema: Any) -> Any:
    """Make the references inside an inline schema point to the document."""
    if isinstance(schema, list):
        return [_anchored(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: DOCUMENT + value
        if key == "$ref" and str(value).startswith("#")
        else _anchored(value)
        for key, value in schema.items()
    }


def _resolved(document: dict, node: dict) -> dict:
    while "$ref" in node:
        target = document
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _prefixes(document: dict) -> list:
    servers = document.get("servers") or [{"url": ""}]
    paths = {urlsplit(server["url"]).path.rstrip("/") for server in servers}
    return sorted(paths | {""})
