"""The passports that the demo names: of a battery and of a garment, with a QR code to be scanned from the terminal."""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from linkxg.network.passports.carriers.qr_code import encode_link
from linkxg.ops.demo.account import DemoAccount
from linkxg.ops.demo.curl import API, read

_SHOWN = {"BAT-": "model", "GAR-": "item"}
"""The beginnings of SKUs, of each of which the first valid passport of this granularity is named."""


def passport_lines(url: str, account: DemoAccount, token: str) -> list[str]:
    """`token` carries `dpp:read`."""
    found = list(_passports(url, account, token))
    lines = ["Digital Product Passports, which everybody reads. Open one in a browser, or follow its data carrier:"]
    for passport in found:
        is_item = passport["granularity"] == "item"
        about = ", one piece with its journey" if is_item else ""
        lines += ["", f"  {passport['content']['name']}{about}", f"    {passport['digitalProductPassportId']}"]
        lines += [f"    {passport['carrierLink']}"]
    return [*lines, "", *_qr_code(str(found[0]["carrierLink"]))] if found else []


def _passports(url: str, account: DemoAccount, token: str) -> Iterator[dict[str, Any]]:
    for prefix, granularity in _SHOWN.items():
        for sku in sorted(account.products):
            passport = _passport(url, account.products[sku], token, granularity) if sku.startswith(prefix) else None
            if passport is not None:
                yield passport
                break


def _passport(url: str, product_id: str, token: str, granularity: str) -> dict[str, Any] | None:
    """The first active passport of this granularity of a product."""
    for one in read(url, f"{API}/dpp?productId={quote(product_id)}", token):
        if (one["dppStatus"], one["granularity"]) == ("active", granularity):
            path = f"{API}/dpp/{str(one['digitalProductPassportId']).rpartition('/')[2]}"
            found: dict[str, Any] = read(url, path, token)
            return found
    return None


def _qr_code(link: str) -> list[str]:
    out = io.StringIO()
    encode_link(link, "M")[1].terminal(out, compact=True)
    return out.getvalue().splitlines()
