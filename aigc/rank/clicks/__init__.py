"""What clicks say of texts: a model learned from logs, and how sure it is.

The model is linear in features of a text (its sentence vector, and traits that people can read).
Only differences inside one test count, for there the audience, the day and the picture are the
same. What it gives is a posterior: a mean, and how the errors of texts hang together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Appeal(NamedTuple):
    """How much likelier a click is for each of n texts than for the log's average text.

    mean (n,) in log-odds. covariance (n, n): of what the model does not know, the traits' weights
    and each text's own remainder, both.
    """

    mean: Floats
    covariance: Floats
