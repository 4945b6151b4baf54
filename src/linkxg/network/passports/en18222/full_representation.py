"""The full representation of EN 18223: the header, and every field as an element with its type."""

from typing import Any

from linkxg.network.passports.documents.json_envelope import PassportView

HEADER = frozenset(PassportView.__struct_encode_fields__) - {"content"}
"""The members of a passport that are no elements."""
_XSD = {bool: "xsd:boolean", int: "xsd:integer", float: "xsd:double", str: "xsd:string"}


def full(document: dict[str, Any]) -> dict[str, Any]:
    """The full representation of a PassportView in JSON: `elements` takes the place of its content."""
    header = {name: value for name, value in document.items() if name != "content" and value is not None}
    return header | {"elements": [element(name, value) for name, value in document["content"].items()]}


def element(name: str, value: Any) -> dict[str, Any]:
    """A related resource is a link; a list of plain values has many, and anything else is a collection."""
    if isinstance(value, dict):
        if "url" in value:
            return _resource(name, value)
        inner = [element(key, one) for key, one in value.items()]
        return {"elementId": name, "objectType": "DataElementCollection", "elements": inner}
    if isinstance(value, list):
        if any(isinstance(one, dict | list) for one in value):
            inner = [element(f"{name}[{index}]", one) for index, one in enumerate(value)]
            return {"elementId": name, "objectType": "DataElementCollection", "elements": inner}
        return {"elementId": name, "objectType": "MultiValuedDataElement", "value": value}
    kind = _XSD.get(type(value), _XSD[str])
    return {"elementId": name, "objectType": "SingleValuedDataElement", "valueDataType": kind, "value": value}


def _resource(name: str, value: dict[str, Any]) -> dict[str, Any]:
    resource = {
        "resourceTitle": value.get("title"),
        "contentType": value.get("mediaType"),
        "url": value["url"],
        "language": value.get("language"),
    }
    shown = {key: one for key, one in resource.items() if one is not None}
    return {"elementId": name, "objectType": "RelatedResource", **shown}
