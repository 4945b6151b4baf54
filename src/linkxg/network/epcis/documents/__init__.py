"""EPCIS and CBV 2.0 documents, without a database: schema, rules, identifiers, event hash."""
