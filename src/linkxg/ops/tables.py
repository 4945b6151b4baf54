"""Imports every table of the program."""

import importlib
import pkgutil

import linkxg


def register_tables() -> None:
    """Add all tables to the metadata: a feature defines its own in stores, `db` those that belong to no feature."""
    for module in pkgutil.walk_packages(linkxg.__path__, "linkxg."):
        if module.name.endswith(("store", ".db.idempotency")):
            importlib.import_module(module.name)
