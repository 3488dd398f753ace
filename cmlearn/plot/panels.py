"""Panels of HTML: pictures beside words in any script and direction, set by the browser.

Some viewers drop every `style`: the table, the alternative texts, the captions and the ticks still tell the
story.
"""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from jaxtyping import Bool, Int, Shaped
from numpy.typing import ArrayLike
from PIL import Image

from cmlearn._arrays import as_array
from cmlearn._validate import require, require_ndim
from cmlearn.plot._images import Images, check_columns, check_images
from cmlearn.plot._shared import require_length
from cmlearn.plot.style import GROUND, INK, PALETTE

_SIDE = 48  # of a picture, in CSS pixels
_PLAIN = f"background:{GROUND};color:{INK};border:0"
_QUERY = f"{_PLAIN};text-align:start;font-size:1.1em;font-weight:600;padding:4px 12px 4px 4px"
_CELL = (
    f"{_PLAIN};text-align:center;vertical-align:top;padding:4px;font-size:0.8em;line-height:1.2;min-width:6em"
)
_IMAGE = "box-sizing:content-box;border-radius:6px;margin:0;background:white;max-width:none;display:inline"
_RIGHT = f"border:4px solid {PALETTE[2]};padding:1px"
_OTHER = "border:1px solid #c4c4bc;padding:4px"


class Panel:
    """A piece of HTML that shows itself in a notebook.

    Args:
        html: complete elements with inline styles.

    Example:
        >>> Panel("<p>Hund</p>").html
        '<p>Hund</p>'
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<Panel of {len(self.html)} characters>"


def retrieval_panel(
    queries: Sequence[str],
    images: Images,
    ranking: ArrayLike,
    correct: ArrayLike,
    scores: ArrayLike | None = None,
    captions: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
) -> Panel:
    """Query words at the start of a row, the pictures found behind, right ones framed and ticked.

    Args:
        queries: words in any language, script and direction.
        images: the pictures searched, as for `image_grid`.
        ranking: Int `(query, place)`, indices of the pictures found, best first.
        correct: Bool `(query, place)`.
        scores: `(query, place)`, written under each picture.
        captions: one per picture; also what a screen reader says.
        languages: the BCP 47 tag of each query, such as `"ja"`: it chooses the glyphs and the voice.

    Raises:
        ValueError: for wrong shapes, indices out of range, or lists that do not match.

    Example:
        >>> panel = retrieval_panel(["Hund", "قطة"], np.zeros((2, 8, 8, 3)), [[0], [0]], [[True], [False]])
        >>> panel.html.count("<img"), panel.html.count("✓"), panel.html.count("✗")
        (2, 1, 1)
    """
    pictures = check_images(images)
    found, right = _checked_ranking(ranking, correct, len(pictures))
    require_length(queries, len(found), "queries", "row of `ranking`")
    tags = _or_blank(languages, len(found), "languages", "query")
    names = _or_blank(captions, len(pictures), "captions", "picture")
    notes = _score_notes(scores, found)
    rows = [
        _query_cell(query, tag)
        + "".join(
            _found_cell(pictures[i], names[i], bool(ok), note, place)
            for place, (i, ok, note) in enumerate(zip(picks, oks, lines, strict=True), start=1)
        )
        for query, tag, picks, oks, lines in zip(queries, tags, found, right, notes, strict=True)
    ]
    return _table(rows, f"Pictures found for {', '.join(queries)}")


def image_panel(
    images: Images,
    captions: Sequence[str],
    columns: int | None = None,
    languages: Sequence[str] | None = None,
) -> Panel:
    """Pictures in rows with captions in any script; the HTML sister of `image_grid`.

    Args:
        images: as for `image_grid`.
        captions: one per picture.
        columns: pictures a row; None means at most six.
        languages: the BCP 47 tag of each caption, such as `"ja"`: it chooses the glyphs and the voice.

    Raises:
        ValueError: if there is no picture, one has a wrong shape or range, or lists do not match.

    Example:
        >>> image_panel(np.zeros((2, 8, 8, 3)), ["कुत्ता", "猫"]).html.count("<td")
        2
    """
    pictures = check_images(images)
    require_length(captions, len(pictures), "captions", "picture")
    tags = _or_blank(languages, len(pictures), "languages", "caption")
    columns = check_columns(columns, len(pictures), 6)
    cells = [
        _cell(_img(picture, caption, _OTHER), _span(caption, tag))
        for picture, caption, tag in zip(pictures, captions, tags, strict=True)
    ]
    rows = ["".join(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return _table(rows, f"Pictures of {', '.join(captions)}")


def _checked_ranking(
    ranking: ArrayLike, correct: ArrayLike, count: int
) -> tuple[Int[np.ndarray, "query place"], Bool[np.ndarray, "query place"]]:
    found, right = as_array(ranking), as_array(correct)
    require_ndim(found, 2, "ranking")
    inside = found.size > 0 and found.dtype.kind in "iu" and found.min() >= 0 and found.max() < count
    require(bool(inside), "ranking", f"indices from 0 to {count - 1}", found)
    require(right.dtype == bool, "correct", "dtype bool", f"dtype {right.dtype}")
    require(right.shape == found.shape, "correct", f"the shape of `ranking`, {found.shape}", right.shape)
    return found, right


def _or_blank(texts: Sequence[str] | None, count: int, argument: str, each: str) -> list[str]:
    if texts is None:
        return [""] * count
    require_length(texts, count, argument, each)
    return list(texts)


def _score_notes(scores: ArrayLike | None, found: Int[np.ndarray, "query place"]) -> list[list[str]]:
    if scores is None:
        return [[""] * found.shape[1]] * len(found)
    table = as_array(scores).astype(float)
    require(table.shape == found.shape, "scores", f"the shape of `ranking`, {found.shape}", table.shape)
    return [[f"{score:.2f}" for score in row] for row in table]


def _query_cell(query: str, language: str) -> str:
    return f'<th scope="row" dir="auto"{_lang(language)} style="{_QUERY}">{escape(query)}</th>'


def _found_cell(
    picture: Shaped[np.ndarray, "height width *channel"], name: str, right: bool, note: str, place: int
) -> str:
    verdict, frame = ("<b>✓</b>", _RIGHT) if right else ("✗", _OTHER)
    alt = f"place {place}, {'right' if right else 'wrong'}{': ' if name else ''}{name}"
    caption = f"{verdict} {_span(name)}{'<br>' if note else ''}{note}"
    return _cell(_img(picture, alt, frame), caption)


def _lang(language: str) -> str:
    return f' lang="{escape(language)}"' if language else ""


def _span(caption: str, language: str = "") -> str:
    return f'<span dir="auto"{_lang(language)}>{escape(caption)}</span>' if caption else ""


def _cell(picture: str, caption: str) -> str:
    return f'<td align="center" style="{_CELL}">{picture}<br>{caption}</td>'


def _img(picture: Shaped[np.ndarray, "height width *channel"], alt: str, frame: str) -> str:
    pixels = picture if picture.dtype == np.uint8 else (picture * 255).round().astype(np.uint8)
    image = Image.fromarray(pixels)
    image.thumbnail((2 * _SIDE, 2 * _SIDE))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    width, height = (round(_SIDE * side / max(image.size)) for side in image.size)
    return (
        f'<img class="dark-light" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}" '
        f'alt="{escape(alt)}" width="{width}" height="{height}" style="{frame};{_IMAGE}">'
    )


def _table(rows: Iterable[str], title: str) -> Panel:
    body = "".join(f'<tr style="{_PLAIN}">{row}</tr>' for row in rows)
    return Panel(
        f'<div role="region" aria-label="{escape(title)}" tabindex="0" '
        f'style="{_PLAIN};overflow-x:auto;padding:6px">'
        f'<table style="{_PLAIN};border-collapse:collapse;margin:0;width:auto">{body}</table></div>'
    )
