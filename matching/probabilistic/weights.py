"""
Weighs the comparisons against each other, because evidence that says the same twice must not count twice.

Source: logistic regression on the chances of EM, with bounds and a ridge; minimised by L-BFGS-B (Byrd et al., SIAM J.
Scientific Computing, 1995).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

RIDGE = 5.0
CENTRE = 0.5  # nats for each bit; ln 2 would be full trust
LOWEST, HIGHEST = 0.0, 1.5

Floats = NDArray[np.float64]


def fit(features: list[Floats], chance: Floats, weight: Floats | None = None) -> tuple[float, Floats]:
    """
    Fit the chance of a pair to its bits.

    Args:
        features: of each comparison, shape (pairs,), bits.
        chance: shape (pairs,), 0 to 1.
        weight: shape (pairs,), how much each pair counts; 1 if not given.

    Returns: the constant in nats, and for each comparison its nats for each bit, LOWEST to HIGHEST.
    """
    count = len(features)
    counted = np.ones(len(chance)) if weight is None else weight

    def loss(beta: Floats) -> tuple[float, Floats]:
        z = np.full(len(chance), beta[-1])
        for feature, one in zip(features, beta, strict=False):
            z += one * feature
        # log(1 + e^z) without overflow
        value = float((counted * (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - chance * z)).sum())
        gap = counted * (1 / (1 + np.exp(-np.clip(z, -700, 700))) - chance)
        off = beta[:-1] - CENTRE
        # Not as one product of matrices: its rounding would depend on the number of threads.
        slope = [float((gap * feature).sum()) + 2 * RIDGE * one for feature, one in zip(features, off, strict=True)]
        return value + RIDGE * float((off * off).sum()), np.array([*slope, float(gap.sum())])

    first = np.append(np.full(count, CENTRE), -1.0)
    bounds = [(LOWEST, HIGHEST)] * count + [(-60.0, 60.0)]
    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200, "ftol": 1e-10})
    return float(found.x[-1]), np.asarray(found.x[:-1], dtype=np.float64)
