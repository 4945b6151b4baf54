"""A content with every member, and the access of some of them."""

from __future__ import annotations

from harness.answers import JsonObject

FULL: JsonObject = {
    "modelNumber": "M-1",
    "producer": {"name": "Acme", "gln": "4012345000009"},
    "dimensions": {
        "netWeight": {"value": 1, "unit": "KGM"}, "grossWeight": {"value": 2, "unit": "KGM"},
        "length": {"value": 1.5, "unit": "MTR"},
    },
    "materials": [
        {"name": "Steel", "code": "41", "schemeId": "https://cpc.example/", "massFraction": 0.9,
         "recycledMassFraction": 0.25, "originCountry": "SE", "hazardous": False},
    ],
    "performance": [
        {"metricName": "Power", "value": 2, "unit": "KWT", "tolerance": 0.1},
        {"metricName": "Score", "metricId": "https://metrics.example/score", "value": 3},
    ],
    "claims": [
        {"name": "Recyclable", "topic": "circularity", "referenceStandard": "EN 45555", "claimDate": "2026-01-01",
         "evidence": {"url": "https://files.example/report.pdf", "sha256": "0" * 64}},
        {"name": "Fair"},
    ],
    "documents": [
        {"url": "https://files.example/manual.pdf", "title": "Manual", "mediaType": "application/pdf"},
        {"url": "https://files.example/test.pdf", "title": "Test report", "access": ["authority"]},
    ],
    "images": [{"url": "https://files.example/photo.png", "sha256": "1" * 64}],
    "packaging": [{"name": "Box", "quantity": 1, "grossWeight": {"value": 2.2, "unit": "KGM"},
                   "materials": [{"name": "Card"}]}],
    "attributes": {"colour": "red", "cells": 96, "voltage": 400},
}  # fmt: skip
