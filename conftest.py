"""Imports unifw before pytest collects the doctests in its files, which would otherwise become second modules.

Its packages too, which are imported when they are first used: pytest puts a module that it imports itself in the place
of the function of the same name, such as `unifw.io.export`.
"""

from unifw import data, io, models, nn, optim, train  # noqa: F401
