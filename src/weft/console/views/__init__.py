"""What commands find out: the data, how each is built, and how it is worded."""
