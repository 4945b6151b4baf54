"""Where does a developer read what the API does? In an OpenAPI 3.1 document, and on a page made from it."""
