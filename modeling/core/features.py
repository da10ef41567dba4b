"""What a linear reward head sees of a response.

"joint" is the last layer over prompt and response together; "response" is the layer two thirds
up over the response alone, where form and tone are still visible that the last layer of a
sentence encoder has traded for topic; "joint_response" is both side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import TextParts
from modeling.core.embeddings import Encoder, embed_texts
from modeling.core.progress import Progress


@dataclass(frozen=True)
class View:
    """One embedding of a text: with or without its context, at a relative layer depth."""

    with_context: bool
    depth: float

    def text(self, parts: TextParts) -> TextParts:
        """The text this view reads."""
        return parts if self.with_context else TextParts("", parts.response)


_JOINT = View(with_context=True, depth=1.0)
_RESPONSE = View(with_context=False, depth=2 / 3)
VIEWS: dict[str, tuple[View, ...]] = {
    "joint": (_JOINT,),
    "response": (_RESPONSE,),
    "joint_response": (_JOINT, _RESPONSE),
}


@dataclass(frozen=True)
class Features:
    """Feature vectors (n, d) float32, which texts were cut, and the number of texts encoded."""

    vectors: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    encoded: int


def feature_size(encoder: Encoder, kind: str) -> int:
    """Width d of the feature vectors of this kind."""
    return len(VIEWS[kind]) * encoder.shape.hidden_size


def extract_features(
    texts: Sequence[TextParts],
    encoder: Encoder,
    kind: str,
    *,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> Features:
    """Features of rendered texts, views side by side; see `embed_texts` for the cache."""
    progress = progress or Progress()
    views = VIEWS[kind]
    embedded = [
        embed_texts(
            [view.text(parts) for parts in texts],
            encoder,
            layer=encoder.layer_at(view.depth),
            cache_dir=cache_dir,
            progress=progress.stage(number / len(views), (number + 1) / len(views)),
        )
        for number, view in enumerate(views)
    ]
    return Features(
        vectors=np.hstack([part.vectors for part in embedded]),
        truncated=np.any([part.truncated for part in embedded], axis=0),
        encoded=sum(part.encoded for part in embedded),
    )
