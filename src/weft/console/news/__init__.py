"""Telling others of a run: a command, or a URL."""
