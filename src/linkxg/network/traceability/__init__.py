"""Where items come from and where they went: graph, timeline, status and impact."""
