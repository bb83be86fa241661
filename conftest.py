"""Imports unifw before pytest collects the doctests in its files, which would otherwise become second modules."""

import unifw  # noqa: F401
