"""EPCIS: documents, events, capture, queries and the graph."""
