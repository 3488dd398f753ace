"""Figures against reference pictures, the palette's contrasts, panels in every script, what a notebook shows.

`CMLEARN_UPDATE_REFERENCES=1 pytest tests/test_plot.py` redraws the references: look before you commit.
"""

import io
import itertools
import os
import re
from pathlib import Path

import matplotlib
import nbclient
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from nbformat import v4
from PIL import Image

from cmlearn import plot

REFERENCES = Path(__file__).parent / "plot_references"
TOLERANCE = 0.15
RNG = np.random.default_rng(0)
EPOCHS = np.arange(1, 31)
LOSSES = {
    name: np.exp(-EPOCHS / speed) * 4 + 0.5 + RNG.normal(0, 0.1, (3, 30))
    for name, speed in {"CLIP": 8, "SigLIP": 7, "VSE++": 10}.items()
}
PICTURES = np.stack([np.indices((12, 12)).sum(0) * 5 + 20 * i for i in range(6)]).astype(np.uint8)
COLOURS = np.stack([PICTURES, PICTURES[:, ::-1], 255 - PICTURES], axis=-1)
NAMES = ["dog", "cat", "hot springs", "fox", "winking face", "bear"]
SIMILARITY = np.eye(6) * 0.7 + RNG.normal(0, 0.1, (6, 6))
POINTS = np.concatenate([RNG.normal(centre, 1, (30, 2)) for centre in ((0, 0), (5, 1), (2, 6))])
WEIGHTS = np.stack([np.eye(4), np.eye(4)[::-1]]) / 4

FIGURES = {
    "curves": lambda: plot.curves(LOSSES, xlabel="epoch", ylabel="loss (nats)", baseline=3.5),
    "curves_log": lambda: plot.curves(
        {"bound": [1, 2, 3], "truth": [2.5] * 3}, [8, 64, 512], xlabel="N", ylabel="nats", xscale="log"
    ),
    "bars": lambda: plot.bars(
        {"two towers": [0.62, 0.66, 0.71], "pixels": 0.08}, xlabel="recall", baseline=0.01
    ),
    "strip": lambda: plot.strip(
        {"float32": [0.62, 0.66], "bf16": [0.61, 0.72]}, xlabel="recall", baseline=0.6
    ),
    "scatter": lambda: plot.scatter(POINTS, np.repeat(["people", "food", "flags"], 30).tolist()),
    "image_grid": lambda: plot.image_grid(COLOURS, NAMES, columns=4),
    "matrix": lambda: plot.matrix(SIMILARITY, NAMES, COLOURS, label="cosine", xlabel="picture"),
    "matrix_unsigned": lambda: plot.matrix(np.abs(SIMILARITY), NAMES, NAMES, label="cosine"),
    "attention": lambda: plot.attention(COLOURS[0], WEIGHTS, ["red", "car"]),
}


def thumbnail(png):
    return Image.open(io.BytesIO(png)).convert("RGB").reduce(4)


def distance(drawn, reference):
    """Largest difference of the mean colour of 16 x 16 pixels; fonts and layouts of versions fade in it."""
    assert drawn.size == reference.size
    cells = [np.asarray(image.reduce(4), dtype=float) / 255 for image in (drawn, reference)]
    return float(np.abs(cells[0] - cells[1]).max())


@pytest.mark.parametrize("name", FIGURES)
def test_figure_looks_like_its_reference(name):
    drawn, path = thumbnail(FIGURES[name]().png()), REFERENCES / f"{name}.png"
    if os.environ.get("CMLEARN_UPDATE_REFERENCES"):
        drawn.save(path, optimize=True)
    assert distance(drawn, Image.open(path)) < TOLERANCE


def test_the_comparison_sees_a_missing_curve():
    fewer = plot.curves(
        {name: LOSSES[name] for name in ("CLIP", "SigLIP")},
        xlabel="epoch",
        ylabel="loss (nats)",
        baseline=3.5,
    )
    assert distance(thumbnail(fewer.png()), Image.open(REFERENCES / "curves.png")) > TOLERANCE


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_small_and_nothing_touches_its_edge(name):
    figure = FIGURES[name]()
    png = figure.png()
    assert len(png) < 100_000
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert image.width <= 704
    edge = np.concatenate(
        [np.asarray(image)[[0, -1]].reshape(-1, 3), np.asarray(image)[:, [0, -1]].reshape(-1, 3)]
    )
    np.testing.assert_array_equal(np.unique(edge, axis=0), [np.round(np.array(to_rgb(plot.GROUND)) * 255)])


@pytest.mark.parametrize("name", FIGURES)
def test_text_is_readable_at_600_pixels(name):
    figure = FIGURES[name]()
    scale = min(1, 600 / figure.bbox.width) * figure.dpi / 72
    sizes = [text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert min(sizes) * scale >= 10


def test_heavy_pictures_are_packed():
    noise = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3)).astype(np.uint8)
    png = plot.image_grid(noise).png()
    assert Image.open(io.BytesIO(png)).mode == "P"


@pytest.mark.parametrize("colour", plot.PALETTE)
def test_palette_contrasts_with_the_ground(colour):
    assert contrast(colour) >= 3


def test_written_names_contrast_with_the_ground():
    texts = FIGURES["curves"]().axes[0].texts + FIGURES["scatter"]().axes[0].texts
    assert min(contrast(text.get_color()) for text in texts) >= 4.5


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(colour):
    """WCAG 2: ratio of relative luminances."""
    light, dark = (linear(c) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (plot.GROUND, colour))
    return light / dark


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]


def lab(rgb):
    xyz = np.array(TO_XYZ) @ rgb / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_palette_stays_apart_for_every_sight(sight):
    seen = [lab(np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1)) for colour in plot.PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 20


def test_style_is_used_and_left_again():
    before = dict(matplotlib.rcParams)
    matplotlib.rcParams["axes.facecolor"] = "black"
    figure = FIGURES["curves"]()
    assert figure.axes[0].get_facecolor() == matplotlib.colors.to_rgba(plot.GROUND)
    assert matplotlib.rcParams["axes.facecolor"] == "black"
    matplotlib.rcParams["axes.facecolor"] = before["axes.facecolor"]
    assert dict(matplotlib.rcParams) == before


def test_charts_draw_into_given_axes():
    whole = plot.Figure()
    left, right = whole.subfigures(1, 2)
    drawn = [
        plot.curves({"a": [1, 2]}, xlabel="x", ylabel="y", ax=left.subplots()),
        plot.bars({"a": 1}, xlabel="x", ax=right.subplots()),
    ]
    assert drawn == [whole, whole]
    plain = MatplotlibFigure()
    assert plot.matrix([[1, 2]], label="v", ax=plain.subplots()) is plain


def test_curves_take_tensors_and_draw_the_range_of_seeds(device):
    figure = plot.curves({"a": torch.tensor([[1.0, 2.0], [3.0, 6.0]], device=device)}, xlabel="x", ylabel="y")
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [2, 4])
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1, 6)


def test_names_at_the_line_ends_do_not_overlap():
    figure = plot.curves({f"line {i}": [0, 1 + i / 1000] for i in range(8)}, xlabel="x", ylabel="y")
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in itertools.pairwise(boxes))


def test_a_small_table_between_words_is_set_like_text():
    table = plot.matrix([[1, 2, 3], [4, 5, 6]], ["a", "b"], ["x", "y", "z"], label="count")
    square = plot.matrix([[1, 2], [3, 4]], ["a", "b"], ["x", "y"], label="count")
    assert [ax.get_title(loc="left") for ax in table.axes] == ["count"]
    assert [ax.get_ylabel() for ax in square.axes] == ["", "count"]
    assert table.get_figheight() < square.get_figheight()


def test_matrix_colours_meet_at_zero_when_signs_differ():
    shown = plot.matrix(SIMILARITY, label="cosine").axes[0].images[0]
    assert shown.norm(0.0) == 0.5


WORDS = {"de": "Hund", "ar": "قطة", "hi": "कुत्ता", "zh": "狗", "ja": "犬", "he": "כלב"}


@pytest.fixture
def panel():
    ranking = np.tile([0, 3, 5], (len(WORDS), 1))
    return plot.retrieval_panel(
        list(WORDS.values()),
        COLOURS,
        ranking,
        ranking == 3,
        scores=ranking / 10,
        captions=[f'"{name}" & <co>' for name in NAMES],
        languages=list(WORDS),
    ).html


def test_panel_holds_words_pictures_and_marks(panel):
    for tag, word in WORDS.items():
        assert f'<th scope="row" dir="auto" lang="{tag}"' in panel
        assert f">{word}</th>" in panel
    assert panel.count("<img") == 3 * len(WORDS)
    assert (panel.count("✓"), panel.count("✗")) == (len(WORDS), 2 * len(WORDS))
    assert panel.count("0.30") == len(WORDS)


def test_panel_tells_its_story_without_any_style(panel):
    bare = re.sub(r' (style|class|dir|lang)="[^"]*"', "", panel)
    assert 'alt="place 2, right: &quot;fox&quot; &amp; &lt;co&gt;"' in bare
    assert "<b>✓</b>" in bare
    assert not re.search(r"<(style|script|link)", panel)
    assert "http" not in panel


def test_panel_pictures_keep_their_shape_and_stay_small():
    wide = np.random.default_rng(0).random((1, 200, 400, 3))
    html = plot.image_panel(wide, ["wide"]).html
    assert 'width="48" height="24"' in html
    assert len(html) < 25_000


def test_image_panel_breaks_rows():
    html = plot.image_panel(COLOURS, list(WORDS.values()), columns=4, languages=list(WORDS)).html
    assert (html.count("<tr"), html.count("<td")) == (2, 6)
    assert '<span dir="auto" lang="ar">قطة</span>' in html


def test_a_notebook_shows_each_figure_once():
    cells = [
        "from cmlearn import plot\nplot.bars({'a': 1}, xlabel='x')",
        "import matplotlib.pyplot as plt\nplot.bars({'a': 1}, xlabel='x')",
        "from IPython.display import display\ndisplay(plot.bars({'a': 1}, xlabel='x'))",
        "figure = plot.bars({'a': 1}, xlabel='x')\nplt.show()",
        "plot.image_panel([[[0.5]]], ['a'])",
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [[sorted(output.data) for output in cell.outputs] for cell in notebook.cells]
    figure = [["image/png", "text/plain"]]
    assert shown == [figure, figure, figure, [], [["text/html", "text/plain"]]]
    first, second = (notebook.cells[i].outputs[0].data["image/png"] for i in (0, 1))
    assert first == second


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot.curves({}, xlabel="x", ylabel="y"), "`series`.*at least one"),
        (lambda: plot.curves({"a": []}, xlabel="x", ylabel="y"), r"`series\['a'\]`.*\(x,\) or \(seed, x\)"),
        (lambda: plot.curves({"a": [1, 2]}, [1], xlabel="x", ylabel="y"), r"`series\['a'\]`.*values at"),
        (lambda: plot.curves({"a": [np.nan]}, xlabel="x", ylabel="y"), "finite"),
        (lambda: plot.curves({"犬": [1]}, xlabel="x", ylabel="y"), "`series`.*image_panel.*got 犬"),
        (lambda: plot.bars({}, xlabel="x"), "`values`"),
        (lambda: plot.bars({"a": [[1]]}, xlabel="x"), r"`values\['a'\]`"),
        (lambda: plot.strip({"a": [np.inf]}, xlabel="x"), r"`values\['a'\]`.*finite"),
        (lambda: plot.scatter([[1, 2, 3]], ["a"]), "`points`.*shape"),
        (lambda: plot.scatter([[1, 2]], ["a", "b"]), "`labels`.*one per point, 1, got 2"),
        (lambda: plot.matrix([1, 2], label="v"), "`values`.*2 dimension"),
        (lambda: plot.matrix([[np.nan]], label="v"), "`values`.*finite"),
        (lambda: plot.matrix([[1.0]], rows=["a", "b"], label="v"), "`rows`.*one per row, 1, got 2"),
        (lambda: plot.matrix([[1.0]], columns=["قطة"], label="v"), "`columns`.*letters"),
        (lambda: plot.image_grid([]), "`images`.*at least one picture"),
        (lambda: plot.image_grid(np.zeros((2, 4))), r"`images\[0\]`.*\(height, width\)"),
        (lambda: plot.image_grid(np.full((1, 4, 4), 9.0)), r"`images\[0\]`.*0 to 1, got float64 from 9.0"),
        (lambda: plot.image_grid(np.zeros((1, 4, 4), dtype=int)), r"`images\[0\]`.*uint8"),
        (lambda: plot.image_grid(PICTURES, ["a"]), "`captions`.*one per picture, 6, got 1"),
        (lambda: plot.image_grid(PICTURES, columns=0), "`columns`.*at least 1"),
        (lambda: plot.attention(COLOURS[0], np.ones(3)), "`weights`.*shape"),
        (lambda: plot.attention(COLOURS[0], -np.ones((2, 2))), "`weights`.*zero or more"),
        (lambda: plot.attention(COLOURS[0], np.ones((2, 2, 2))), "`words`.*one per map, 2, got 0"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [0], [True]), "`ranking`.*2 dimension"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [[6]], [[True]]), "`ranking`.*from 0 to 5"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [[0]], [[1]]), "`correct`.*bool"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [[0]], [[True, True]]), "`correct`.*shape"),
        (lambda: plot.retrieval_panel([], PICTURES, [[0]], [[True]]), "`queries`.*one per row"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [[0]], [[True]], scores=[1]), "`scores`.*shape"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [[0]], [[True]], captions=["a"]), "`captions`"),
        (lambda: plot.retrieval_panel(["a"], PICTURES, [[0]], [[True]], languages=[]), "`languages`"),
        (lambda: plot.image_panel(PICTURES, ["a"]), "`captions`"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
