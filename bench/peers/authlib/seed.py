"""The same clients, people and refresh tokens as everybody else's, from $SEED."""

import json
import os
import time
from pathlib import Path

from models import Client, Person, Product, Token, db, hasher
from provider import app


def client(name: str, secret: str, *grants: str) -> Client:
    made = Client(client_id=name, client_secret=secret, client_id_issued_at=int(time.time()))
    made.set_client_metadata(
        {
            "client_name": "Bench",
            "grant_types": list(grants),
            "scope": "products:read",
            "token_endpoint_auth_method": "client_secret_post",
        }
    )
    return made


def main() -> None:
    if db.session.query(Product).first() is not None:
        return
    seed = json.loads(Path(os.environ["SEED"]).read_text())
    password = hasher.hash(seed["password"])
    db.session.add_all(client(name, secret, "client_credentials") for name, secret in seed["clients"])
    db.session.add(client(*seed["app"], "password", "refresh_token"))
    for number, token in enumerate(seed["refresh_tokens"], start=1):
        db.session.add(Person(id=number, email=f"person{number - 1}@bench.example", password=password))
        db.session.add(
            Token(
                client_id=seed["app"][0],
                user_id=number,
                token_type="Bearer",
                access_token=f"seed-{number}",
                refresh_token=token,
                scope="products:read",
                expires_in=900,
            )
        )
    db.session.add(Product(id=1, sku="B-1", name="Bench", attributes={"colour": "red", "weight": 12}))
    db.session.commit()


with app.app_context():
    main()
