"""Compiling: a function is traced once for each signature of its arguments, and then runs as one native program."""
