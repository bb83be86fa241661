"""Models that people use, with the parameter names of their public PyTorch checkpoints: see `load_checkpoint`."""

from unifw import names as _names
from unifw.models.bert import Bert as Bert
from unifw.models.bert import BertConfig as BertConfig
from unifw.models.bert import bert_base as bert_base
from unifw.models.bert import bert_large as bert_large
from unifw.models.generation import KeyValueCache as KeyValueCache
from unifw.models.gpt2 import GPT2 as GPT2
from unifw.models.gpt2 import Conv1D as Conv1D
from unifw.models.gpt2 import GPT2Config as GPT2Config
from unifw.models.gpt2 import GPT2Model as GPT2Model
from unifw.models.gpt2 import gpt2 as gpt2
from unifw.models.gpt2 import gpt2_large as gpt2_large
from unifw.models.gpt2 import gpt2_medium as gpt2_medium
from unifw.models.gpt2 import gpt2_xl as gpt2_xl
from unifw.models.lstm_classifier import LSTMClassifier as LSTMClassifier
from unifw.models.mlp import MLP as MLP
from unifw.models.mobilenet import InvertedResidual as InvertedResidual
from unifw.models.mobilenet import MobileNetV2 as MobileNetV2
from unifw.models.mobilenet import mobilenet_v2 as mobilenet_v2
from unifw.models.resnet import BasicBlock as BasicBlock
from unifw.models.resnet import Bottleneck as Bottleneck
from unifw.models.resnet import ResNet as ResNet
from unifw.models.resnet import resnet18 as resnet18
from unifw.models.resnet import resnet34 as resnet34
from unifw.models.resnet import resnet50 as resnet50
from unifw.models.vit import VisionTransformer as VisionTransformer
from unifw.models.vit import ViTEncoder as ViTEncoder
from unifw.models.vit import ViTEncoderBlock as ViTEncoderBlock
from unifw.models.vit import vit_b_16 as vit_b_16

__all__ = _names.of_package(globals())


def __dir__() -> list[str]:
    return __all__
