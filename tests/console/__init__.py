"""The console over HTTP, without a browser: cookies, forms, headers, roles, tenancy."""
