"""GS1 identifiers: validation and normal form."""
