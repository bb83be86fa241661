"""Derivatives of functions of tensors, of trees of tensors and of Modules, to any order."""

from unifw.autodiff.gradient import differentiate as differentiate
from unifw.autodiff.gradient import grad as grad
from unifw.autodiff.gradient import value_and_grad as value_and_grad
from unifw.autodiff.mapping import vmap as vmap
from unifw.autodiff.matrices import hessian as hessian
from unifw.autodiff.matrices import hvp as hvp
from unifw.autodiff.matrices import jacobian as jacobian
from unifw.autodiff.products import jvp as jvp
from unifw.autodiff.products import vjp as vjp
from unifw.autodiff.recompute import checkpoint as checkpoint
from unifw.autodiff.rules import custom_gradient as custom_gradient
from unifw.autodiff.rules import no_grad as no_grad
from unifw.autodiff.rules import stop_gradient as stop_gradient
