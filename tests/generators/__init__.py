"""Programs that other people's tools generate from the OpenAPI document."""
