"""Every case of the table, on each backend, against `torch.nn`: eager, compiled, and exported in each format."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

from .case_table import CASES, Case
from .test_layers import SINGLE, randomised

Array = Any
Check = Callable[[], list[float]]


class Called(nn.Module):
    """A layer and how a case calls it, as a model whose inputs have names."""

    def __init__(self, layer: nn.Module, call: Callable[..., Any]) -> None:
        self.layer, self.call = layer, call

    def forward(self, a: Any, b: Any = None, c: Any = None, d: Any = None) -> Any:
        """The outputs of the layer, side by side."""
        return tuple(leaves(self.call(unifw, self.layer, *(x for x in (a, b, c, d) if x is not None))))


def leaves(made: Any) -> Iterator[Any]:
    """The outputs of a layer, without those that it was not asked for."""
    if not isinstance(made, (tuple, list)):
        made = [made]
    for x in made:
        if isinstance(x, (tuple, list)):
            yield from leaves(x)
        elif x is not None:
            yield x


class Twins:
    """A case built in both libraries with the same weights, and what torch gives for its inputs: outputs and slopes."""

    def __init__(self, case: Case, torch: Any) -> None:
        rng = np.random.default_rng(1)
        layer, values = case.make(nn), case.values(rng)
        sources = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in values]
        module = case.make(torch.nn) if hasattr(torch.nn, case.name.split(",")[0]) else None
        made = list(leaves((case.theirs or case.call)(torch, module and module.eval(), *sources)))
        if module is not None:
            randomised(module, torch)  # a lazy one has weights only now
            assert not layer.load_state_dict({name: x.clone() for name, x in module.state_dict().items()})
            made = list(leaves((case.theirs or case.call)(torch, module, *sources)))
        pulls = [rng.standard_normal(tuple(x.shape)).astype("float32") for x in made]
        loss = sum((x * torch.tensor(pull)).sum() for x, pull in zip(made, pulls, strict=True))
        asked = [*(x for x in sources if x.requires_grad), *(module.parameters() if module else [])]
        self.slopes = [x.numpy() for x in torch.autograd.grad(loss, asked)]
        self.outputs = [x.detach().numpy() for x in made]
        self.model = Called(layer, case.call).eval()
        self.inputs, self.pulls = [unifw.asarray(x) for x in values], [unifw.asarray(x) for x in pulls]

    def forward(self, model: Any) -> list[float]:
        """The errors of what a model gives."""
        return differences(model(*self.inputs), self.outputs)

    def gradient(self) -> list[float]:
        """The errors for floating inputs and parameters."""

        def objective(model: Any, *inputs: Any) -> Any:
            parts = [unifw.sum(x * pull) for x, pull in zip(model(*inputs), self.pulls, strict=True)]
            return sum(parts[1:], parts[0])

        floating = [i + 1 for i, x in enumerate(self.inputs) if "floating" in x.dtype.kind]
        trained = [0] if list(self.model.parameters()) else []
        found = unifw.grad(objective, tuple(trained + floating))(self.model, *self.inputs)
        weights = list(found[0].values()) if trained else []
        return differences([*found[len(trained) :], *weights], self.slopes)

    def export(self, form: str) -> list[float]:
        """The errors of the artefact that is read back."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"layer{unifw.get_backend().info.formats[form]}"
            unifw.export(self.model, path, inputs=tuple(self.inputs), format=form)
            return self.forward(unifw.load_artifact(path))

    def checks(self) -> dict[str, list[Check]]:
        """What there is to try, by the columns of the page."""
        return {
            "forward": [lambda: self.forward(self.model)],
            "gradient": [self.gradient],
            "compile": [lambda: self.forward(unifw.compile(self.model))],
            "export": [lambda form=form: self.export(form) for form in unifw.get_backend().info.formats],
        }


def differences(found: Any, wanted: list[Array]) -> list[float]:
    """The largest difference of each array, relative to its largest number."""
    shown = [x.numpy() for x in found]
    assert [x.shape for x in shown] == [x.shape for x in wanted]
    scales = [max(np.abs(x).max(initial=0.0), 1e-3) for x in wanted]
    return [float(np.abs(x - y).max(initial=0.0) / scale) for x, y, scale in zip(shown, wanted, scales, strict=True)]


def marked() -> list[Any]:
    """Each case, with the mark of those after the first of a layer, whose every run would take long."""
    seen, found = set(), []
    for case in CASES:
        label = f"{case.name}-{case.variant}".replace(" ", "-")
        found.append(pytest.param(case, id=label, marks=[pytest.mark.variants] if case.name in seen else []))
        seen.add(case.name)
    return found


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


@pytest.mark.filterwarnings("ignore:Support for mismatched .*mask")  # torch.nn itself
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")
@pytest.mark.parametrize("case", marked())
def test_case_agrees_with_torch_also_compiled_and_exported(backend: str, torch: Any, case: Case) -> None:
    for column, checks in Twins(case, torch).checks().items():
        for check in checks:
            assert max(check()) <= SINGLE, column
