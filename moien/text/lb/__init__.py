"""Luxembourgish: `LuxembourgishFrontend` for Moien, `LBG2P` with the interface of misaki."""

from moien.text.lb.frontend import LuxembourgishFrontend
from moien.text.lb.misaki import LBG2P

__all__ = ["LBG2P", "LuxembourgishFrontend"]
