"""Linear discriminant analysis of frames: Gaussian classes with one covariance."""

from __future__ import annotations

import numpy as np

CONTEXT = 2  # frames of 12.5 ms on each side: transitions help to identify a phone
RIDGE = 1e-3  # of the mean variance, added to the covariance: a feature may be constant


def discriminants(
    means: np.ndarray, covariance: np.ndarray, log_prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`weights [D, C]` and `bias [C]`: a frame x has the log posteriors `log_softmax(x @ weights + bias)`.

    Args:
        means: of the classes, `[C, D]`.
        covariance: within the classes, `[D, D]`.
        log_prior: of the classes, `[C]`.
    """
    size = len(covariance)
    covariance = covariance + RIDGE * np.trace(covariance) / size * np.eye(size)
    weights = np.linalg.solve(covariance, means.T)
    return weights, log_prior - 0.5 * (means.T * weights).sum(axis=0)


def splice(frames: np.ndarray) -> np.ndarray:
    """Each frame with its neighbours, `[T, D · 5]`."""
    padded = np.pad(frames, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    return np.hstack([padded[i : i + len(frames)] for i in range(2 * CONTEXT + 1)])
