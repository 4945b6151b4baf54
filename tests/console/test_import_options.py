"""The options of an import in the console: the file's encoding, and the same options for its corrected rows."""

from __future__ import annotations

import pytest

from console.browser import Visitor, text_of
from console.test_imports import COLUMNS, send
from harness.world import World
from imports.files import by_sku, csv_file, ended, new_sku


@pytest.mark.any_engine
def test_a_windows_1252_file_can_be_imported(world: World, owner: Visitor) -> None:
    sku = new_sku()
    content = f"sku;name\r\n{sku};Größe\r\n".encode("cp1252")
    refused = send(owner, content)
    assert refused.status_code == 422
    assert "Save it as CSV UTF-8 in Excel" in text_of(refused)
    assert "list Encoding" in text_of(refused)
    address = send(owner, content, charset="windows-1252").headers["location"]
    assert ended(world, {"id": address.rpartition("/")[2]})["status"] == "COMPLETED"
    made = by_sku(world, sku)
    assert made is not None
    assert made["content"]["name"] == "Größe"
    assert send(owner, content, charset="ebcdic").status_code == 422
    again = send(owner, b"sku,nmae\nx,y\n", charset="windows-1252")
    assert 'value="windows-1252" selected' in again.text


@pytest.mark.any_engine
def test_a_corrected_file_keeps_the_options_of_the_first_one(world: World, owner: Visitor) -> None:
    choices = {"mode": "update", "onError": "rollback", "emptyAs": "null"}
    address = send(owner, csv_file(COLUMNS, [[new_sku(), "", "Bolt"]]), dryRun="true", **choices).headers["location"]
    ended(world, {"id": address.rpartition("/")[2]})
    page = owner.get(address).text
    for value in (*choices.values(), "sku"):
        assert f'value="{value}" selected' in page
    assert 'name="dryRun" value="true" checked' in page
    assert 'name="publish" value="true" checked' not in page
    other = send(owner, csv_file(COLUMNS, [["", "123", "Bolt"]]), key="gtin", publish="true").headers["location"]
    ended(world, {"id": other.rpartition("/")[2]})
    page = owner.get(other).text
    assert 'value="gtin" selected' in page
    assert 'name="publish" value="true" checked' in page
    assert 'name="dryRun" value="true" checked' not in page
