"""EPCIS 2.0: documents, the events of an account, capture and query."""
