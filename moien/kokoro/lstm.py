"""Kokoro's LSTMs over sentences of unequal length, several times as fast on a CPU, and without waits for a GPU.

PyTorch has a fused kernel for LSTMs on a CPU (oneDNN), but not for packed sequences, which is what Kokoro's modules
give their LSTMs: for these, a loop computes a small matrix product at each time step. Here the sentences are padded,
and the backward direction runs on each sentence in reverse order, so that it begins at the end of the sentence.

On a GPU, cuDNN has a kernel for packed sequences. PyTorch packs sentences that are not sorted by length with two copies
that wait for the GPU; here they are sorted before, by lengths that are on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


class PaddedLSTM(nn.LSTM):
    """A bidirectional LSTM of one layer, batch first. Its results are those of nn.LSTM except for the last bits."""

    def forward(self, input: Tensor | PackedSequence, hx: Any = None) -> Any:
        """For `[B, L, C]` the result of nn.LSTM; for a packed sequence a packed sequence and None."""
        if not isinstance(input, PackedSequence) or input.data.is_cuda:
            return super().forward(input, hx)
        x, lengths = pad_packed_sequence(input, batch_first=True)
        position = torch.arange(x.shape[1])
        turned = torch.where(position < lengths[:, None], lengths[:, None] - 1 - position, position)
        forth, back = self.all_weights
        y = torch.cat([self._run(x, forth), _turn(self._run(_turn(x, turned), back), turned)], dim=-1)
        return pack_padded_sequence(y, lengths, batch_first=True, enforce_sorted=False), None

    def padded(self, x: Tensor, lengths: Tensor) -> Tensor:
        """`[B, L, 2H]` of padded sentences `[B, L, C]`, 0 in the padding; `lengths` `[B]` are on the CPU."""
        if not x.is_cuda:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self(packed)[0], batch_first=True, total_length=x.shape[1])[0]
        order = lengths.argsort(descending=True)
        there, back = (index.to(x.device, non_blocking=True) for index in (order, order.argsort()))
        packed = pack_padded_sequence(x[there], lengths[order], batch_first=True)
        return pad_packed_sequence(self(packed)[0], batch_first=True, total_length=x.shape[1])[0][back]

    def _run(self, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """One direction over `[B, L, C]`, from a state of zeros."""
        zero = x.new_zeros(1, len(x), self.hidden_size)
        return cast(
            Tensor, torch.lstm(x, (zero, zero), tuple(weights), True, 1, 0.0, self.training, False, True)[0]
        )


def _turn(x: Tensor, order: Tensor) -> Tensor:
    """`[B, L, C]` in the order `[B, L]`."""
    return x.gather(1, order[..., None].expand_as(x))
