"""unifw decodes: `models.GPT2` and its `generate`."""

from __future__ import annotations

import unifw
from suite import workloads as w
from suite.contestant import Decoder


class Unifw(Decoder):
    """What users call, on the backend that UNIFW_BACKEND names."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        sizes = (w.VOCABULARY, w.GPT_POSITIONS, w.GPT_SIZE, w.GPT_LAYERS, w.GPT_HEADS)
        self.model = unifw.models.GPT2(unifw.models.GPT2Config(*sizes)).eval()
        self.model.load_state_dict(work.weights, strict=False)
        self.model.to(device)
        self.prompt = unifw.asarray(work.inputs[0]).to(device)

    def parameters(self) -> int:
        return sum(p.size for p in self.model.parameters())

    def tokens(self) -> list[int]:
        with unifw.no_grad():
            ids = self.model.generate(self.prompt, w.NEW_TOKENS)
        found: list[int] = ids.numpy()[0, w.PROMPT :].tolist()
        return found
