"""PyTorch decodes: bare functions, and torch.nn with a cache."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from suite import workloads as w
from suite.contestant import Decoder

WIDTH = w.GPT_SIZE // w.GPT_HEADS
LENGTH = w.PROMPT + w.NEW_TOKENS


class _Block(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        size = w.GPT_SIZE
        self.ln_1, self.ln_2 = torch.nn.LayerNorm(size), torch.nn.LayerNorm(size)
        self.attn = torch.nn.ModuleDict(
            {"c_attn": torch.nn.Linear(size, 3 * size), "c_proj": torch.nn.Linear(size, size)}
        )
        self.mlp = torch.nn.ModuleDict(
            {"c_fc": torch.nn.Linear(size, 4 * size), "c_proj": torch.nn.Linear(4 * size, size)}
        )

    def forward(self, x: torch.Tensor, cache: torch.Tensor, start: int) -> torch.Tensor:
        steps = x.shape[1]
        q, k, v = self.attn["c_attn"](self.ln_1(x)).view(1, steps, 3, w.GPT_HEADS, WIDTH).permute(2, 0, 3, 1, 4)
        cache[0, :, :, start : start + steps] = k
        cache[1, :, :, start : start + steps] = v
        k, v = cache[:, :, :, : start + steps]
        h = F.scaled_dot_product_attention(q, k, v, is_causal=start == 0)
        x = x + self.attn["c_proj"](h.transpose(1, 2).reshape(1, steps, w.GPT_SIZE))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))


class _GPT(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wte = torch.nn.Embedding(w.VOCABULARY, w.GPT_SIZE)
        self.wpe = torch.nn.Embedding(w.GPT_POSITIONS, w.GPT_SIZE)
        self.h = torch.nn.ModuleList([_Block() for _ in range(w.GPT_LAYERS)])
        self.ln_f = torch.nn.LayerNorm(w.GPT_SIZE)

    def forward(self, ids: torch.Tensor, caches: torch.Tensor, start: int) -> torch.Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(start, start + ids.shape[1], device=ids.device))
        for block, cache in zip(self.h, caches, strict=True):
            x = block(x, cache, start)
        return F.linear(self.ln_f(x)[:, -1], self.wte.weight)


class _Torch(Decoder):
    """The greedy loop; tokens stay on the device until the last."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.place = torch.device(device.replace("gpu", "cuda"))
        self.prompt = torch.from_numpy(work.inputs[0]).to(self.place)
        self.load({name: torch.from_numpy(x).to(self.place) for name, x in work.weights.items()})

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        raise NotImplementedError

    def logits(self, ids: torch.Tensor, caches: torch.Tensor, start: int) -> torch.Tensor:
        raise NotImplementedError

    @torch.inference_mode()
    def tokens(self) -> list[int]:
        caches = torch.empty(w.GPT_LAYERS, 2, 1, w.GPT_HEADS, LENGTH, WIDTH, device=self.place)
        new, start, found = self.prompt, 0, []
        for _ in range(w.NEW_TOKENS):
            logits = self.logits(new, caches, start)
            start += new.shape[1]
            new = logits.argmax(-1, keepdim=True)
            found.append(new)
        return torch.cat(found, 1)[0].tolist()


class Native(_Torch):
    """`torch.nn` modules, with a cache that is written in place."""

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        self.model = _GPT().eval().to(self.place)
        dense = (".c_attn.weight", ".c_proj.weight", ".c_fc.weight")
        state = {k.removeprefix("transformer."): v.T if k.endswith(dense) else v for k, v in weights.items()}
        self.model.load_state_dict(state)

    def logits(self, ids: torch.Tensor, caches: torch.Tensor, start: int) -> torch.Tensor:
        return self.model(ids, caches, start)

    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())


class Functions(_Torch):
    """`torch.addmm` and `torch.nn.functional` on a dictionary of tensors."""

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        self.p = {name.removeprefix("transformer."): x for name, x in weights.items()}

    def parameters(self) -> int:
        return sum(int(np.prod(x.shape)) for x in self.p.values())

    def logits(self, ids: torch.Tensor, caches: torch.Tensor, start: int) -> torch.Tensor:
        p, size, steps = self.p, w.GPT_SIZE, ids.shape[1]
        end = start + steps
        x = p["wte.weight"][ids[0]] + p["wpe.weight"][start:end]
        for i, cache in enumerate(caches):
            b = f"h.{i}"
            h = F.layer_norm(x, (size,), p[f"{b}.ln_1.weight"], p[f"{b}.ln_1.bias"])
            qkv = torch.addmm(p[f"{b}.attn.c_attn.bias"], h, p[f"{b}.attn.c_attn.weight"])
            qkv = qkv.view(1, steps, 3, w.GPT_HEADS, WIDTH).permute(2, 0, 3, 1, 4)
            cache[:, :, :, start:end] = qkv[1:]
            k, v = cache[:, :, :, :end]
            h = F.scaled_dot_product_attention(qkv[0], k, v, is_causal=start == 0).transpose(1, 2).reshape(steps, size)
            x = x + torch.addmm(p[f"{b}.attn.c_proj.bias"], h, p[f"{b}.attn.c_proj.weight"])
            h = F.layer_norm(x, (size,), p[f"{b}.ln_2.weight"], p[f"{b}.ln_2.bias"])
            h = F.gelu(torch.addmm(p[f"{b}.mlp.c_fc.bias"], h, p[f"{b}.mlp.c_fc.weight"]), approximate="tanh")
            x = x + torch.addmm(p[f"{b}.mlp.c_proj.bias"], h, p[f"{b}.mlp.c_proj.weight"])
        x = F.layer_norm(x[-1:], (size,), p["ln_f.weight"], p["ln_f.bias"])
        return x @ p["wte.weight"].T
