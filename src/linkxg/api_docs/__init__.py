"""The API reference: an OpenAPI 3.1 document, and the page made from it."""
