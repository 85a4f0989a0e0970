"""The conversation at a terminal: reading lines, completing and colouring them."""
