"""A module of the user's, in whose globals jobs of tests write."""

COUNT = 0
