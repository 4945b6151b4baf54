"""Prepares what is measured through the API of the service."""

import json
import urllib.request
from collections.abc import Mapping

from bench.seed import PASSWORD

API = "/api/v1"


def sign_in(url: str, email: str) -> str:
    """An access token of this person."""
    return post(f"{url}{API}/auth/login", {"email": email, "password": PASSWORD})["data"]["accessToken"]


def make_product(url: str, email: str) -> str:
    """Create a product; returns its path."""
    content = {"name": "Bench", "brand": "Bench", "attributes": {"colour": "red", "weight": 12}}
    product = {"sku": "B-1", "content": content}
    made = post(f"{url}{API}/products", product, sign_in(url, email))
    return f"{API}/products/{made['data']['id']}"


def fetch_token(url: str, client: str, secret: str) -> str:
    """An access token of this client."""
    form = f"grant_type=client_credentials&client_id={client}&client_secret={secret}".encode()
    with urllib.request.urlopen(f"{url}{API}/oauth/token", form) as response:
        token: str = json.load(response)["access_token"]
        return token


def post(url: str, body: Mapping[str, object], bearer: str | None = None) -> dict[str, dict[str, str]]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        found: dict[str, dict[str, str]] = json.load(response)
        return found
