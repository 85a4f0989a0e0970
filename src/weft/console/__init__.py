"""A face for people: the command table, the prompt, the live status."""
