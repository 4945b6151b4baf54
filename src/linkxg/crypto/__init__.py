"""Pure functions over secrets, passwords and signatures; nothing here knows a database or HTTP."""
