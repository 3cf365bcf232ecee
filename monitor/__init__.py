"""When to look, what to remember, how people see it: everything that touches the world."""
