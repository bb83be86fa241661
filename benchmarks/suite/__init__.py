"""The same work written natively, with Keras and with unifw, timed in alternation."""
