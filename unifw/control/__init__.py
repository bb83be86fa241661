"""Branches and loops on the values of tensors: plain Python in eager code, the framework's own in a traced graph."""

from unifw.control.branches import cond as cond
from unifw.control.branches import switch as switch
from unifw.control.loops import fori_loop as fori_loop
from unifw.control.loops import map as map
from unifw.control.loops import scan as scan
from unifw.control.loops import while_loop as while_loop
