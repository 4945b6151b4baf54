"""Every answer to a generated request keeps its promises.

schemathesis makes requests from the served document, valid ones and broken ones, and sends them as the Owner. Each
answer is held against the document (status, headers, media type, schema) and against security rules U1 to U11.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from conftest import ServerFactory, checked_for_leaks
from fuzz.known_ids import KnownIds
from harness.answers import Answer
from harness.people import sign_in
from harness.world import World, build_world

CONFIG = SchemathesisConfig.from_dict(
    {
        # Unknown query parameters are ignored, as RFC 6749 §3.2 has it for forms.
        "generation": {"allow-extra-parameters": False},
        "checks": {
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429]},
            # What the document says is not implemented; security rule U1 still wants its error.
            "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", 501]},
        },
    }
)
# The same requests in every run: a failure can be repeated, and a run cannot fail for luck.
BOUNDS = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Making texts of thousands of characters takes minutes and finds nothing that a hundred do not.
LONGEST_TEXT = 90
# Not among them: that whatever the schema allows is accepted. It cannot say all that is refused (control characters,
# host bits in an address range, a password on a list of common ones).
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
# A part of a file is bytes, whatever it is called.
schemathesis.serializer.alias(["application/partial-upload", "application/offset+octet-stream"], "text/plain")
REVEALING = {
    "login",
    "refresh",
    "requestToken",
    "registerClient",
    "rotateSecret",
    "inviteUser",
    "createScimToken",
    "createPasswordLink",
}
# What these do, they do to the caller or take away for good.
USING_UP = {
    "deleteClient",
    "deleteProduct",
    "publishProduct",
    "discardDraft",
    "unarchiveProduct",
    "withdrawVersion",
    "removeSecret",
    "revokeScimToken",
    "removeUser",
    "endSession",
    "acceptInvitation",
    "cancelImport",
    "appendUpload",
}


@pytest.fixture(scope="module")
def fuzzed(new_server: ServerFactory) -> Iterator[World]:
    """A server of its own: the fuzzer leaves a mess."""
    yield from checked_for_leaks(build_world(new_server()))


@pytest.fixture(scope="module")
def described(fuzzed: World) -> Any:
    """The served document, as schemathesis reads it."""
    document = fuzzed.api.get("/openapi.json").expect(200).object()
    _shorten(document)
    return schemathesis.openapi.from_dict(document, config=CONFIG)


def _shorten(part: Any) -> None:
    if isinstance(part, dict):
        if isinstance(part.get("maxLength"), int) and part["maxLength"] > LONGEST_TEXT:
            del part["maxLength"]
        for member in part.values():
            _shorten(member)
    elif isinstance(part, list):
        for item in part:
            _shorten(item)


@pytest.fixture(scope="module")
def known(fuzzed: World) -> KnownIds:
    return KnownIds(fuzzed)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_generated_request_is_answered_as_documented(
    mode: GenerationMode,
    subtests: pytest.Subtests,
    described: Any,
    fuzzed: World,
    known: KnownIds,
) -> None:
    turns = itertools.cycle([True, False])
    for found in described.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not _takes_anything(operation):
            continue

        @BOUNDS
        @given(case=operation.as_strategy(generation_mode=mode))
        def send_and_check(case: Any) -> None:
            _send_and_check(case, fuzzed, known, use_known=next(turns))

        with subtests.test(operation.label):
            send_and_check()


def _send_and_check(case: Any, fuzzed: World, known: KnownIds, *, use_known: bool) -> None:
    name = case.operation.definition.raw["operationId"]
    if case.path_parameters and use_known:
        case.path_parameters.update(known.of(case.path_parameters, fresh=name in USING_UP))
    bearer = sign_in(fuzzed.api, fuzzed.account.owner).access if name == "logout" else fuzzed.owner.access
    if not _takes_client_credentials(case):
        # In the case itself: what is judged is what was sent.
        case.headers["Authorization"] = f"Bearer {bearer}"
    response = case.call(base_url=fuzzed.server.url, timeout=30)
    case.validate_response(response, checks=CHECKS)
    answer = Answer(
        method=response.request.method or "",
        path=response.request.path_url.partition("?")[0],
        status=response.status_code,
        fields=tuple((name.lower(), value) for name, values in response.headers.items() for value in values),
        body=response.content,
    )
    fuzzed.api.check_answer(answer, reveals=name in REVEALING and answer.status < 300)


def _takes_anything(operation: Any) -> bool:
    """Whether a request to it can be wrong: it has a body, or parameters that are not just any token in the path."""
    raw = operation.definition.raw
    return "requestBody" in raw or any(one.get("name") != "token" for one in raw.get("parameters", []))


def _takes_client_credentials(case: Any) -> bool:
    return {"basic": []} in (case.operation.definition.raw.get("security") or [])


def test_the_fuzzed_owner_is_still_authorised(fuzzed: World) -> None:
    """Had a request ended the Owner's session, everything after it would have been refused unseen."""
    fuzzed.api.get("/auth/me", bearer=fuzzed.owner.access).expect(200)
