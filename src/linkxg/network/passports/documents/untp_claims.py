"""Claims and performance figures of a content as claims of UNTP 0.7.0.

What a content says without naming a criterion or a topic refers to itself, and to the scheme of topics as a whole.
"""

from typing import Any

from linkxg.clock import rfc3339
from linkxg.network.passports.documents.digest_multibase import digest_multibase
from linkxg.network.passports.documents.model import Redacted

_TOPICS = "https://vocabulary.uncefact.org/conformity-topics/"
_ONE = "C62"
"""UN/CEFACT Recommendation 20: one, of a figure without a unit."""


def claims_of(redacted: Redacted, address: str) -> list[dict[str, Any]]:
    issued_on = rfc3339(redacted.version.issued_at)[:10]
    fields = redacted.fields
    claims = [_claim(one, f"{address}#claim-{n}", issued_on) for n, one in enumerate(fields.get("claims", ()), 1)]
    figures = enumerate(fields.get("performance", ()), 1)
    return claims + [_figure(one, f"{address}#performance-{n}", issued_on) for n, one in figures]


def _claim(claim: dict[str, Any], reference: str, issued_on: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": ["Claim"],
        "id": claim.get("id") or reference,
        "name": claim["name"],
        "referenceCriteria": [_criterion(f"{reference}-criterion", claim.get("referenceStandard") or claim["name"])],
        "claimDate": claim.get("claimDate") or issued_on,
        "claimedPerformance": [],
        "conformityTopic": [_topic(claim.get("topic"))],
    }
    if standard := claim.get("referenceStandard"):
        made["referenceStandard"] = [{"type": ["Standard"], "id": f"{reference}-standard", "name": standard}]
    if evidence := claim.get("evidence"):
        linked = {"linkURL": evidence["url"], "linkName": f"Evidence: {claim['name']}"}
        if digest := evidence.get("sha256"):
            linked["digestMultibase"] = digest_multibase(digest)
        made["evidence"] = [linked]
    return made


def _figure(figure: dict[str, Any], reference: str, issued_on: str) -> dict[str, Any]:
    name, metric = figure["metricName"], figure.get("metricId") or f"{reference}-metric"
    measure = {"value": figure["value"], "unit": figure.get("unit") or _ONE}
    if (tolerance := figure.get("tolerance")) is not None:
        measure |= {"upperTolerance": tolerance, "lowerTolerance": tolerance}
    return {
        "type": ["Claim"],
        "id": reference,
        "name": name,
        "referenceCriteria": [_criterion(metric, name)],
        "claimDate": issued_on,
        "claimedPerformance": [
            {"metric": {"type": ["PerformanceMetric"], "id": metric, "name": name}, "measure": measure}
        ],
        "conformityTopic": [_topic(None)],
    }


def _criterion(id: str, name: str) -> dict[str, Any]:
    return {"type": ["Criterion"], "id": id, "name": name}


def _topic(topic: str | None) -> dict[str, Any]:
    is_uri = topic is not None and topic.startswith(("https://", "http://"))
    return {"type": ["ConformityTopic"], "id": topic if is_uri else _TOPICS, "name": topic or "Conformity"}
