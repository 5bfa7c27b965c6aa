"""Linear discriminant analysis: Gaussian classes with one covariance."""

from __future__ import annotations

import numpy as np

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
