"""The array functions, by the chapters of the Python array API standard."""
