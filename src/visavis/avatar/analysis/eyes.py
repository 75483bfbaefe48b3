"""Where exactly an eye is: the dark disc that most gradients point away from.

After Timm and Barth, "Accurate eye centre localisation by means of gradients" (VISAPP 2011).
"""

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar.analysis.landmarks import Points

SIDE = 40
"""Pixels that the window of an eye is made to have: enough for half a pixel of a usual portrait."""


def centre(grey: npt.NDArray[np.uint8], guess: Points, reach: float) -> Points:
    """The middle of the iris in `grey`, looked for `reach` pixels around `guess`."""
    scale = SIDE / (2 * reach)
    matrix = np.array(((scale, 0, SIDE / 2 - guess[0] * scale), (0, scale, SIDE / 2 - guess[1] * scale)))
    window = cv2.warpAffine(grey, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    smooth = cv2.GaussianBlur(window, (0, 0), 1.2).astype(np.float32)
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    size = np.hypot(dx, dy)
    rows, columns = np.nonzero(size > np.percentile(size, 70))
    strength = size[rows, columns]
    gx, gy = dx[rows, columns] / strength, dy[rows, columns] / strength
    inner = np.arange(SIDE // 5, SIDE - SIDE // 5)
    cx, cy = np.meshgrid(inner, inner)
    away_x = columns[None] - cx.reshape(-1, 1)
    away_y = rows[None] - cy.reshape(-1, 1)
    far = np.hypot(away_x, away_y)
    near = (far > 1.5) & (far < SIDE * 0.35)
    along = np.clip((away_x * gx + away_y * gy) / np.maximum(far, 1), 0, None) ** 2 * near
    # Eyes look ahead more often than not, and a brow is as dark as an iris.
    prior = np.exp(-((cx - SIDE / 2) ** 2 + 1.6 * (cy - SIDE / 2) ** 2) / (2 * (SIDE * 0.17) ** 2)).reshape(-1)
    vote = along.sum(1) * (255 - smooth[cy.reshape(-1), cx.reshape(-1)]) * prior
    best = vote > 0.93 * vote.max()
    weight = vote[best]
    x = float((cx.reshape(-1)[best] * weight).sum() / weight.sum()) + 0.5
    y = float((cy.reshape(-1)[best] * weight).sum() / weight.sum()) + 0.5
    return np.array((guess[0] + (x - SIDE / 2) / scale, guess[1] + (y - SIDE / 2) / scale))
