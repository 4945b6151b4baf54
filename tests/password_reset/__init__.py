"""Password reset: links by mail, by an Owner or Admin, and by the operator."""
