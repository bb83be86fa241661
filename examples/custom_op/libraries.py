"""Compile the kernel against the headers of the installed frameworks, once for each version and source."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


def compiler() -> str | None:
    """The C++ compiler of this machine, if it has one."""
    return shutil.which("g++") or shutil.which("clang++")


@cache
def torch_library() -> str:
    """The path of the operations for PyTorch; load it with `torch.ops.load_library`."""
    import torch
    from torch.utils import cpp_extension

    flags = [f"-isystem{path}" for path in cpp_extension.include_paths()]
    flags += [f"-L{path}" for path in cpp_extension.library_paths()] + ["-lc10", "-ltorch_cpu"]
    flags += ["-std=c++20", f"-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}"]
    return _built("torch_swish.cpp", flags, torch.__version__)


@cache
def tensorflow_library() -> str:
    """The path of the operations for TensorFlow; load it with `tf.load_op_library`."""
    import tensorflow as tf

    flags = [flag.replace("-I", "-isystem", 1) for flag in tf.sysconfig.get_compile_flags()]
    return _built("tensorflow_swish.cpp", [*flags, *tf.sysconfig.get_link_flags()], tf.__version__)


def _built(source: str, flags: list[str], version: str) -> str:
    """The library of a source, kept in build/ under a name that changes with what it was built from."""
    key = hashlib.sha256(
        "".join([*flags, version, *((HERE / name).read_text() for name in (source, "swish.h"))]).encode()
    )
    target = HERE / "build" / f"{Path(source).stem}-{key.hexdigest()[:12]}.so"
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:  # renamed when whole: others may build it too
            made = Path(folder) / target.name
            command = [str(compiler()), "-shared", "-fPIC", "-O2", str(HERE / source), "-o", str(made), *flags]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{source} does not compile:\n{done.stderr[-2000:]}")
            made.replace(target)
    return str(target)
