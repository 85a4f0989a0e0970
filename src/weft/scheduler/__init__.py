"""Decides fresh or stale (rebuilder), order (plan), and waits (loop)."""
