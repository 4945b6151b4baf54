"""Named queries and subscriptions in the console: a search is saved, subscribed to, resumed and ended."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from epcis.captured import event, unique
from epcis.documents import CONTEXT
from harness.rows import count_rows, execute, trail
from harness.world import World
from linkxg.ids import uuid7
from races.things import SUBSCRIPTION

LIST, NEW, QUERIES = "/events/subscriptions", "/events/subscriptions/new", "/events/queries"
RECEIVER = "https://receiver.example.test/hook?token=of-the-receiver"


def new_name() -> str:
    return f"q-{uuid4()}"


def saved(editor: Visitor, search: str, name: str, **changed: str) -> Any:
    """The answer to the form that saves this search."""
    form = editor.get(f"{QUERIES}{search}")
    return editor.fill(form, QUERIES, name=name, **changed)


def query_of(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = world.api.get(f"{'/epcis/queries'}/{name}", bearer=world.owner.access).json()["query"]
    return found


def subscription_of(world: World, name: str) -> dict[str, Any]:
    path = f"/epcis/queries/{name}/subscriptions"
    (found,) = world.api.get(path, bearer=world.owner.access).expect(200).json()
    return dict(found)


def subscribed(
    world: World, name: str | None = None, query: dict[str, Any] | None = None, **changed: str
) -> tuple[str, str]:
    """(query, id) through the API."""
    made = name or new_name()
    body = {"name": made, "query": query or {"EQ_bizStep": ["shipping"]}}
    world.api.post("/epcis/queries", bearer=world.owner.access, json=body).expect(201)
    world.api.post(
        f"/epcis/queries/{made}/subscriptions", bearer=world.owner.access, json=SUBSCRIPTION | changed
    ).expect(201)
    return made, str(subscription_of(world, made)["subscriptionID"])


def fail(world: World, id: str, state: str = "FAILED", error: str = "It answered 500.", **more: Any) -> None:
    values = {"state": f"'{state}'", "last_error": f"'{error}'", "attempts": 16} | more
    told = ", ".join(f"{name} = {value}" for name, value in values.items())
    execute(world.server.database, f"update epcis_subscriptions set {told} where id = '{id}'")


def actions(world: World, target: str) -> list[str]:
    return [row.action for row in trail(world.server.database, world.account.account_id) if row.target == target]


def test_a_query_is_described_in_the_words_of_the_search_that_finds_its_events(world: World, editor: Visitor) -> None:
    epc = f"https://id.gs1.org/01/09520000003043/21/{uuid4().hex[:12]}"
    made, _ = subscribed(world, query={"MATCH_anyEPC": [epc], "EQ_bizStep": ["retail_selling"]})
    world.api.post(
        "/epcis/events",
        bearer=world.owner.access,
        json={"@context": [CONTEXT], **event(epcList=[epc], bizStep="retail_selling")},
    ).expect(201)
    page = editor.get(f"{QUERIES}/{made}")
    shown = text_of(page)
    assert "Business step Retail selling" in shown
    assert "Show its events" in shown
    (link,) = re.findall(r'href="(/events\?[^"]+)"', page.text)
    assert epc.rpartition("/")[2] in text_of(editor.get(link.replace("&amp;", "&")))
    assert "Business step: Retail selling" in text_of(editor.get(LIST))
    other, _ = subscribed(world, query={"MATCH_anyEPC": [epc], "GE_recordTime": "2026-01-01T00:00:00Z"})
    shown = text_of(editor.get(f"{QUERIES}/{other}"))
    assert "GE_recordTime 2026-01-01T00:00:00Z" in shown
    assert "Show its events" not in shown, "no search finds the same"


def test_a_search_becomes_a_named_query_with_the_parameters_of_the_api(world: World, editor: Visitor) -> None:
    search = (
        "?step=shipping&type=ObjectEvent&place=r:https://id.gs1.org/414/9520000000011&from=2026-11-01&to=2026-11-02"
    )
    form = editor.get(f"{QUERIES}{search}")
    assert "Business step Shipping" in text_of(form)
    name = new_name()
    answer = editor.fill(form, QUERIES, name=name)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{NEW}?query={name}")
    assert query_of(world, name) == {
        "eventType": ["ObjectEvent"],
        "EQ_bizStep": ["shipping"],
        "EQ_readPoint": ["https://id.gs1.org/414/9520000000011"],
        "GE_eventTime": "2026-11-01T00:00:00.000Z",
        "LT_eventTime": "2026-11-03T00:00:00.000Z",
    }
    assert actions(world, name) == ["query.created"]


@pytest.mark.parametrize(
    ("typed", "level", "parameter"),
    [
        ("urn:epc:id:sgtin:9521321.012345.7", None, "MATCH_anyEPC"),
        ("(01)09520000010010(10)S-77", None, "MATCH_anyEPCClass"),
        ("09520000010010", "objects", "MATCH_anyEPC"),
        ("09520000010010", "lots", "MATCH_anyEPCClass"),
    ],
)
def test_the_item_of_a_search_is_one_condition(
    world: World, editor: Visitor, typed: str, level: str | None, parameter: str
) -> None:
    name = new_name()
    changed = {} if level is None else {"level": level}
    assert saved(editor, f"?q={typed}", name, **changed).status_code == 303
    assert list(query_of(world, name)) == [parameter]


@pytest.mark.parametrize("typed", ["09520000010010", "09520000010010 7001"])
def test_an_identifier_of_lots_and_serials_asks_which(world: World, editor: Visitor, typed: str) -> None:
    """Whichever were chosen for the person, the query could find nothing of what the search found."""
    name = new_name()
    form = editor.get(f"{QUERIES}?q={typed}")
    assert "checked" not in form.text
    refused = editor.fill(form, QUERIES, name=name)
    assert refused.status_code == 422
    assert 'id="e-level"' in refused.text
    assert editor.fill(refused, QUERIES, level="objects").status_code == 303
    assert list(query_of(world, name)) == ["MATCH_anyEPC"]


def test_a_query_that_finds_nothing_says_so(editor: Visitor) -> None:
    name = new_name()
    answer = saved(editor, f"?q={unique('absent')}", name)
    assert "No event matches it so far." in text_of(editor.get(answer.headers["location"]))
    assert "No event matches it so far." in text_of(editor.get(f"{QUERIES}/{name}"))


def test_a_saved_search_finds_what_the_page_found(world: World, editor: Visitor) -> None:
    epc, name = unique("saved"), new_name()
    made = event(epcList=[epc])
    world.api.post("/epcis/events", bearer=world.owner.access, json={"@context": [CONTEXT], **made}).expect(201)
    assert f"{QUERIES}?q=" in editor.get(f"/events?q={epc}").text
    assert saved(editor, f"?q={epc}", name).status_code == 303
    answer = world.api.get(f"/epcis/queries/{name}/events", bearer=world.owner.access).expect(200).json()
    found = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [one["eventID"] for one in found] == [made["eventID"]]


@pytest.mark.parametrize(("name", "message"), [("", "Give the query a name."), ("no spaces", "A name has 1 to")])
def test_a_name_that_is_none_is_refused_at_its_field(editor: Visitor, name: str, message: str) -> None:
    refused = saved(editor, "?step=shipping", name)
    assert refused.status_code == 422
    assert message in text_of(refused)
    assert 'id="e-name"' in refused.text


def test_a_taken_name_is_refused_and_the_search_is_kept(editor: Visitor) -> None:
    name = new_name()
    assert saved(editor, "?step=shipping", name).status_code == 303
    refused = saved(editor, "?step=receiving", name)
    assert refused.status_code == 409
    assert dict(editor.fields(refused, QUERIES))["step"] == "receiving"


def test_the_secret_is_shown_once_and_signs(world: World, editor: Visitor) -> None:
    """Sent twice, the form subscribes once and shows the same secret. Security rule 214."""
    name = new_name()
    saved(editor, "?step=shipping", name)
    form = editor.get(f"{NEW}?query={name}")
    fields = [pair for pair in editor.fields(form, NEW) if pair[0] not in ("dest", "when", "hour")]
    fields += [("dest", RECEIVER), ("when", "daily"), ("hour", "6")]
    answers = [editor.post(NEW, fields) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    secrets = {re.findall(r'class="secret">([^<]+)<', answer.text)[0] for answer in answers}
    assert len(secrets) == 1
    secret = world.vault.remember("signing secret", secrets.pop())
    assert len(secret) == 64
    made = subscription_of(world, name)
    assert made["dest"] == RECEIVER
    assert made["schedule"] == {"minute": "0", "hour": "6"}
    page = editor.get(f"{LIST}/{made['subscriptionID']}")
    assert "every day at 06:00 UTC" in text_of(page)
    assert "active" in text_of(page)
    for shown in (page.text, editor.get(LIST).text):
        assert secret not in shown
    assert actions(world, made["subscriptionID"]) == ["subscription.created"]
    other = editor.fill(editor.get(f"{NEW}?query={name}"), NEW, dest=RECEIVER, when="stream")
    another = re.findall(r'class="secret">([^<]+)<', other.text)[0]
    assert world.vault.remember("signing secret", another) != secret


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"query": ""}, "query", "Choose the query"),
        ({"dest": ""}, "dest", "Enter the address"),
        ({"dest": "http://receiver.example.test/"}, "dest", "The address must be an https URL"),
        ({"dest": "https://10.0.0.1/"}, "dest", "private or reserved address"),
        ({"dest": "https://host.example.test/#x"}, "dest", "The address must be an https URL"),
        ({"when": ""}, "when", "Choose when"),
        ({"since": "yesterday"}, "since", "Write the day"),
    ],
)
def test_faults_of_a_subscription_are_shown_at_their_field(
    world: World, editor: Visitor, changed: dict[str, str], field: str, message: str
) -> None:
    name = new_name()
    saved(editor, "?step=shipping", name)
    filled = {"query": name, "dest": RECEIVER, "when": "stream"} | changed
    refused = editor.fill(editor.get(NEW), NEW, **filled)
    assert refused.status_code == 422
    assert message in text_of(refused)
    assert f'id="e-{field}"' in refused.text
    kept = dict(editor.fields(refused, NEW))
    assert kept["dest"] == filled["dest"]
    assert not count_rows(world.server.database, f"epcis_subscriptions where query_name = '{name}'")


def test_all_faults_of_a_subscription_are_shown_at_once(editor: Visitor) -> None:
    form = editor.get(NEW)
    assert dict(editor.fields(form, NEW))["when"] == "stream", "the usual choice is made"
    shown = text_of(editor.fill(form, NEW, query="", dest="https://10.0.0.1/", when=""))
    for message in ("Choose the query", "private or reserved address", "Choose when"):
        assert message in shown


def test_a_failed_subscription_says_why_has_its_delivery_and_is_resumed(world: World, editor: Visitor) -> None:
    epc = unique("dead")
    name, id = subscribed(world, query={"MATCH_epc": [epc]})
    made = event(epcList=[epc])
    fail(world, id, state="PAUSED")
    world.api.post("/epcis/events", bearer=world.owner.access, json={"@context": [CONTEXT], **made}).expect(201)
    (place,) = execute(
        world.server.database, f"select record_time, id from epcis_events where event_id = '{made['eventID']}'"
    )
    fail(world, id, delivery_id=f"'{uuid7()}'", delivery_events=1, delivery_end_time=place[0], delivery_end=place[1])
    listed = text_of(editor.get(LIST))
    assert "failed It answered 500." in listed
    page = editor.get(f"{LIST}/{id}")
    assert "Delivery has failed after 16 attempts" in text_of(page)
    assert "It answered 500." in text_of(page)
    assert "A delivery with 1 event" in text_of(page)
    document = json.loads(editor.get(f"{LIST}/{id}/delivery").text)
    results = document["epcisBody"]["queryResults"]
    assert [one["eventID"] for one in results["resultsBody"]["eventList"]] == [made["eventID"]]
    assert results["subscriptionID"] == id
    done = editor.fill(page, f"{LIST}/{id}")
    assert "It goes on where it stopped" in text_of(editor.get(done.headers["location"]))
    assert subscription_of(world, name)["state"] == "ACTIVE"
    assert editor.get(f"{LIST}/{id}/delivery").status_code == 404
    assert "subscription.resumed" in actions(world, id)


def test_a_subscription_that_is_tried_again_and_one_that_is_paused_say_so(world: World, editor: Visitor) -> None:
    name, id = subscribed(world)
    fail(world, id, state="ACTIVE", attempts=3, due_at=2**42)
    page = text_of(editor.get(f"{LIST}/{id}"))
    assert "attempt 3 of 16 failed" in page
    assert "It is tried again" in page
    assert "Try again now" in page
    fail(world, id, state="PAUSED", error="Whoever it runs for may no longer read events.")
    page = text_of(editor.get(f"{LIST}/{id}"))
    assert "paused" in page
    assert "may no longer read events" in page
    assert subscription_of(world, name)["state"] == "PAUSED"


def test_deleting_asks_first(world: World, editor: Visitor) -> None:
    name, id = subscribed(world)
    path = f"{LIST}/{id}"
    fields = [pair for pair in editor.fields(editor.get(path), path) if pair[0] == "csrf"]
    question = editor.post(path, [*fields, ("act", "delete")])
    assert "No events are posted to receiver.example.test any more" in text_of(question)
    done = editor.post(path, [*editor.fields(question, path), ("sure", "yes")])
    assert "The subscription is deleted." in text_of(editor.get(done.headers["location"]))
    assert editor.get(path).status_code == 404
    assert query_of(world, name)


def test_deleting_a_query_says_how_many_subscriptions_end(world: World, editor: Visitor) -> None:
    name, id = subscribed(world)
    path = f"{QUERIES}/{name}"
    page = editor.get(path)
    assert '"EQ_bizStep"' in page.text.replace("&#34;", '"')
    question = editor.post(path, editor.fields(page, path))
    assert "1 subscription ends" in text_of(question)
    done = editor.post(path, [*editor.fields(question, path), ("sure", "yes")])
    assert f"The query {name} is deleted." in text_of(editor.get(done.headers["location"]))
    assert editor.get(path).status_code == 404
    assert editor.get(f"{LIST}/{id}").status_code == 404


def test_a_viewer_sees_how_subscriptions_fare_and_changes_none(world: World, new_visitor: NewVisitor) -> None:
    """Who only reads events makes, resumes and ends neither queries nor subscriptions. Security rule 218."""
    name, id = subscribed(world, dest=RECEIVER)
    fail(world, id)
    viewer = new_visitor(world.person("VIEWER"))
    page = viewer.get(f"{LIST}/{id}")
    for shown in (page, viewer.get(LIST), viewer.get(f"{QUERIES}/{name}")):
        assert "receiver.example.test" in shown.text
        assert "of-the-receiver" not in shown.text, "the address of a receiver may hold its secret"
    assert "somebody with the role Owner, Admin or Member can resume it" in text_of(page)
    assert "Resume</button>" not in page.text
    for path, fields in (
        (f"{LIST}/{id}", [("act", "resume")]), (f"{LIST}/{id}", [("act", "delete"), ("sure", "yes")]),
        (f"{QUERIES}/{name}", [("sure", "yes")]), (QUERIES, [("name", new_name())]), (NEW, [("query", name)]),
    ):  # fmt: skip
        assert viewer.post(path, [("csrf", viewer.csrf()), *fields]).status_code == 403, path
    member = new_visitor(world.person("MEMBER"))
    assert member.fill(member.get(f"{LIST}/{id}"), f"{LIST}/{id}").status_code == 303
    assert subscription_of(world, name)["state"] == "ACTIVE"
