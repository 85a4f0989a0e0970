"""Pickles of what other processes can't import."""
