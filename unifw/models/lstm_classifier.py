"""A classifier of token sequences by an LSTM."""

from __future__ import annotations

from unifw import nn
from unifw.array.manipulation import concat
from unifw.conversion import TensorLike
from unifw.tensor import Tensor


class LSTMClassifier(nn.Module):
    """Tokens (N, T) of several lengths to logits (N, num_classes), from the last state of each direction.

    >>> import unifw
    >>> model = unifw.models.LSTMClassifier(100, num_classes=3, embedding_dim=8, hidden_size=16)
    >>> model(unifw.asarray([[5, 7, 9, 0], [4, 0, 0, 0]]), lengths=[3, 1]).shape
    (2, 3)
    """

    def __init__(
        self,
        vocab_size: int,
        num_classes: int,
        embedding_dim: int = 128,
        hidden_size: int = 256,
        num_layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.0,
        padding_idx: int | None = 0,
    ) -> None:
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        between = dropout if num_layers > 1 else 0.0
        self.lstm = nn.LSTM(embedding_dim, hidden_size, num_layers, dropout=between, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(hidden_size * (2 if bidirectional else 1), num_classes)
        self.directions = 2 if bidirectional else 1

    def forward(self, tokens: Tensor, lengths: TensorLike | None = None) -> Tensor:
        """Tokens (N, T) and how many count in each row (N,), all if None, to logits (N, num_classes)."""
        _, (h, _) = self.lstm(self.embedding(tokens), lengths=lengths)
        last = concat([h[-i] for i in range(self.directions, 0, -1)], axis=-1)
        y: Tensor = self.fc(self.dropout(last))
        return y
