"""Programs that third-party tools generate from the OpenAPI document."""
