"""Services that are protected by `linkxg-guard`, as processes of their own beside a real server."""
