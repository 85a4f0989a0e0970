"""Weft: a remembered, parallel job graph."""
