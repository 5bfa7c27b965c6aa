"""A pretended GPU: computed in the CPU's memory, it refuses what a card refuses and counts what waits for it.

Inside `pretended_card()` the device "cuda" exists. A tensor is on the card when its storage has the mark:

- a kernel that gets tensors of both devices raises, except where CUDA allows it (a scalar in an elementwise kernel, an
  index, the lengths of a packed sequence);
- `.numpy()` raises;
- each point where the CPU has to wait for the card is counted with the function that caused it: `item()` and what
  contains it, copies from the card, copies to it that are not `non_blocking`, kernels whose result has a size that
  depends on values (`nonzero`, an index by a mask).

This is modelled on `torch.cuda.set_sync_debug_mode`, and was never compared with a real card. Kernels and random draws
are the CPU's, so that results can be compared with those of a run without the card.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from moien.recipe.settings import ROOT

CARD, CPU = torch.device("cuda", 0), torch.device("cpu")
MOVES = {"to", "cuda", "cpu", "type_as"}
WAITS = {
    "_local_scalar_dense",
    "nonzero",
    "masked_select",
    "equal",
    "_unique2",
    "unique_dim",
    "bincount",
    "histc",
}
FROM_PYTHON = {"tensor", "as_tensor", "new_tensor"}  # numbers of Python's, copied to the card
SCALARS_ALLOWED = {
    "fill_",
    "masked_fill",
    "masked_fill_",
    "copy_",
    "index_put",
    "index_put_",
    "_index_put_impl_",
}
INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_"}
PACKING = {"_pack_padded_sequence", "_pad_packed_sequence"}
LENGTHS_ALLOWED = PACKING | {"_pack_padded_sequence_backward", "lstm", "_ctc_loss", "_ctc_loss_backward"}


def on_card(tensor: Tensor) -> bool:
    """Whether a tensor is on the pretended card."""
    return getattr(tensor.untyped_storage(), "on_card", False)


def _mark(tensor: Tensor, card: bool) -> Tensor:
    tensor.untyped_storage().on_card = card  # type: ignore[attr-defined]
    return tensor


def _tensors(*arguments: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(arguments) if isinstance(leaf, Tensor)]


class Card:
    """What happened on the pretended card."""

    def __init__(self) -> None:
        self.waits: Counter[str] = Counter()
        self.target: bool | None = None  # where a call that names a device puts its result
        self.within = (
            False  # a call that got a tensor of the card: what it creates without input is there, too
        )

    def wait(self, reason: str) -> None:
        """Count a synchronisation under the function of this package, or else of Kokoro's, that causes it."""
        frame = sys._getframe(1)
        place = "elsewhere"
        while frame:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(ROOT / "moien") or "kokoro" in path.parts:
                place = f"{path.stem}.{frame.f_code.co_name}"
                break
            frame = frame.f_back  # type: ignore[assignment]
        self.waits[f"{place}: {reason}"] += 1


class _Move(torch.autograd.Function):
    """A copy on the other device; its gradient is copied back."""

    @staticmethod
    def forward(context: Any, tensor: Tensor, card: bool) -> Tensor:
        context.card = not card
        return _mark(tensor.clone(), card)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return _mark(gradient.clone(), context.card), None


class _Calls(TorchFunctionMode):
    """Python's view of the card: devices, moves, and what is refused."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card = card

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name, owner = getattr(func, "__name__", ""), getattr(getattr(func, "__self__", None), "__name__", "")
        if name == "__get__" and owner in ("device", "is_cuda", "is_cpu"):
            card = on_card(args[0])
            return {"device": CARD if card else CPU, "is_cuda": card, "is_cpu": not card}[owner]
        if name == "_parse_to":
            return func(*args, **kwargs)
        tensors = _tensors(args, kwargs)
        if name in MOVES:
            return self.move(name, args[0], args[1:], kwargs)
        if name == "pin_memory":
            args[0].untyped_storage().pinned = True
            return args[0]
        if name == "is_pinned":
            return getattr(args[0].untyped_storage(), "pinned", False)
        within = any(map(on_card, tensors))
        if name in ("numpy", "__array__") and within:
            raise TypeError("a tensor on the card has no NumPy view: copy it to the CPU first")
        if name == "tolist" and within:
            self.card.wait("tolist")
        args, kwargs, target = _without_device(args, kwargs)
        if name in FROM_PYTHON and (target or (within and name == "new_tensor")):
            self.card.wait(name)
        before = self.card.target, self.card.within
        self.card.target, self.card.within = target, within
        try:
            result = func(*args, **kwargs)
        finally:
            self.card.target, self.card.within = before
        # These make their result where the mode for kernels does not see it.
        if name == "__deepcopy__" or name in FROM_PYTHON:
            _mark(result, within if target is None else target)
        elif name in PACKING and within:
            _mark(result[1], False)  # lengths stay on the CPU
        return result

    def move(self, name: str, tensor: Tensor, args: Any, kwargs: Any) -> Tensor:
        """`tensor` on the device, and of the type, that the call names."""
        here, blocking, dtype = on_card(tensor), True, None
        if name == "type_as" or (args and isinstance(args[0], Tensor)):
            there, dtype = on_card(args[0]), args[0].dtype
        elif name == "to":
            copy = kwargs.pop("copy", False)
            device, dtype, non_blocking, _ = torch._C._nn._parse_to(*args, **kwargs)
            there, blocking = here if device is None else device.type == "cuda", not non_blocking
            if copy and there == here:
                tensor = tensor.clone()
        else:
            there = name == "cuda"
        if dtype is not None:
            tensor = tensor.to(dtype)
        if there == here:
            return tensor
        if there and blocking:
            self.card.wait("copy to the card")
        if not there:
            self.card.wait("copy from the card")
        moved: Tensor = _Move.apply(tensor, there)
        return moved


def _without_device(args: Any, kwargs: Any) -> tuple[Any, Any, bool | None]:
    """The arguments with the CPU where they name a device, and whether that device was the card; None without one."""
    named = kwargs.get("device")
    if named is None:
        return args, kwargs, None
    return args, kwargs | {"device": CPU}, torch.device(named).type == "cuda"


class _Kernels(TorchDispatchMode):
    """The card's view: no kernel mixes devices, results lie where the arguments do, waiting is counted."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card = card

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        tensors = _tensors(args, kwargs)
        there = [tensor for tensor in tensors if on_card(tensor)]
        if there and len(there) < len(tensors) and name != "_has_compatible_shallow_copy_type":
            self.check(func, name, args, tensors)
        if there and self.waits(func, name, args, kwargs):
            self.card.wait(name.lstrip("_"))
        known = {id(tensor.untyped_storage()) for tensor in tensors}
        result = func(*args, **kwargs)
        card = self.card.target if self.card.target is not None else bool(there) or self.card.within
        made = _tensors(result)
        for tensor in made[:1] if name in LENGTHS_ALLOWED else made:
            if card and id(tensor.untyped_storage()) not in known:
                _mark(tensor, card)
        return result

    def check(self, func: Any, name: str, args: Any, tensors: list[Tensor]) -> None:
        """RuntimeError for a kernel with tensors of both devices that CUDA has not."""
        strange = [tensor for tensor in tensors if not on_card(tensor)]
        scalars = torch.Tag.pointwise in func.tags or name in SCALARS_ALLOWED
        if name == "copy_":
            if not (len(args) > 2 and args[2]):  # non_blocking
                self.card.wait("copy to the card" if on_card(args[0]) else "copy from the card")
            return
        if name in INDEXED and on_card(args[0]):
            indices = [index for index in args[1] if index is not None and not on_card(index)]
            for _ in indices:
                self.card.wait("an index copied to the card")
            strange = [tensor for tensor in strange if not any(tensor is index for index in indices)]
        if (
            not strange
            or name in LENGTHS_ALLOWED
            or (scalars and all(tensor.ndim == 0 for tensor in strange))
        ):
            return
        places = ", ".join(f"{list(t.shape)} on {'the card' if on_card(t) else 'the CPU'}" for t in tensors)
        raise RuntimeError(f"expected all tensors on the same device: {func}: {places}")

    @staticmethod
    def waits(func: Any, name: str, args: Any, kwargs: Any) -> bool:
        """Whether the CPU must wait for the result."""
        if name in INDEXED:
            return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
        if name == "repeat_interleave":
            return kwargs.get("output_size") is None
        return name in WAITS


def _group(
    lists: list[list[Any]], indices: bool = False, group: Any = torch._C._group_tensors_by_device_and_dtype
) -> Any:
    """What torch's optimisers group their tensors by: device and type."""
    found = {}
    for (device, dtype), (grouped, places) in group(lists, indices).items():
        there = on_card(next(tensor for tensor in grouped[0]))
        found[CARD if there else device, dtype] = grouped, places
    return found


@contextmanager
def pretended_card() -> Iterator[Card]:
    """Inside, "cuda" is a device; the CPU's generator draws for it."""
    card = Card()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        patch.setattr(torch._C, "_group_tensors_by_device_and_dtype", _group)
        patch.setattr(torch.backends.cudnn, "is_acceptable", lambda _: False)
        patch.setattr(torch.cuda, "get_rng_state", lambda *_: torch.get_rng_state())
        patch.setattr(torch.cuda, "set_rng_state", lambda state, *_: torch.set_rng_state(state))
        with _Calls(card), _Kernels(card):
            yield card
