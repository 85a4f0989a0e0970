"""What the user holds: a graph, a store and settings, with the layers below tied together."""

from weft.context.context import Context, Selected
from weft.context.making import MakeOptions

__all__ = ["Context", "MakeOptions", "Selected"]
