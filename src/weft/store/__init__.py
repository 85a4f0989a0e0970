"""What is remembered: one SQLite database and the files of large values."""
