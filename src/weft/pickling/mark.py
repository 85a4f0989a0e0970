"""What functions and classes that travel have with them."""

CODE = "__weft_code__"
"""Attribute of functions and classes that travelled: the digest of their code where they came from.

Elsewhere a part of what it is made of may be missing: what decorators and class statements name.
"""
