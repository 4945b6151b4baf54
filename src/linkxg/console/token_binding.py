"""To what the tokens of a client are bound, as the values of a form."""

from linkxg.identity.clients.model import Client

OPTIONS = {"dpop": "Tokens bound to a key", "bound": "Tokens bound to a certificate"}
"""The check boxes, with their labels."""


def binding_of(client: Client) -> dict[str, str]:
    chosen = {"dpop": client.dpop_bound, "bound": client.certificate_bound}
    return {name: "yes" if value else "" for name, value in chosen.items()}
