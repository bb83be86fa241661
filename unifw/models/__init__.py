"""Models that people use, with the parameter names of their public PyTorch checkpoints: see `load_checkpoint`."""

from unifw.models.mlp import MLP as MLP
from unifw.models.resnet import BasicBlock as BasicBlock
from unifw.models.resnet import Bottleneck as Bottleneck
from unifw.models.resnet import ResNet as ResNet
from unifw.models.resnet import resnet18 as resnet18
from unifw.models.resnet import resnet34 as resnet34
from unifw.models.resnet import resnet50 as resnet50
