"""How text looks on a screen: words, colours, tables; and the base of all views."""
