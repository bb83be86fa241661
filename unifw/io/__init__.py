"""Files: weights in safetensors, and models in the formats of the frameworks."""

from unifw import names as _names
from unifw.io.artifact import Artifact as Artifact
from unifw.io.artifact import load_artifact as load_artifact
from unifw.io.checkpoint import load_checkpoint as load_checkpoint
from unifw.io.checkpoint_report import CheckpointReport as CheckpointReport
from unifw.io.export import ExportReport as ExportReport
from unifw.io.export import export as export
from unifw.io.weights import load as load
from unifw.io.weights import save as save

__all__ = _names.of_package(globals())


def __dir__() -> list[str]:
    return __all__
