"""Jobs that have not finished."""
