"""The job graph and the language to select from it."""
