"""ST-ResNet against the formula cell by cell, its symmetries, and its size by hand."""

import pytest
import torch
import torch.nn.functional as F

from cmlearn.video import ResidualUnit, STResNet

LENGTHS = {"closeness": 3, "period": 2, "trend": 1}


def past(count: int = 3) -> dict[str, torch.Tensor]:
    shapes = {name: (count, frames, 2, 6, 5) for name, frames in LENGTHS.items()}
    return {name: torch.randn(shape, dtype=torch.float64) for name, shape in shapes.items()}


def net(**options: object) -> STResNet:
    """A small one in float64, whose fusion weights differ."""
    made = STResNet((2, 6, 5), lengths=LENGTHS, width=4, units=2, dtype=torch.float64, **options)
    for weight in made.weights.values():
        torch.nn.init.normal_(weight)
    return made


def plain_branch(branch: torch.nn.Sequential, frames: torch.Tensor) -> torch.Tensor:
    """The equations, one layer a line."""
    first, *units, _, last = branch

    def conv(layer: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1)), layer.weight, layer.bias)

    x = conv(first, torch.cat(list(frames.unbind(1)), dim=1))
    for unit in units:
        x = x + conv(unit.second, torch.relu(conv(unit.first, torch.relu(x))))
    return conv(last, torch.relu(x))


def test_the_forecast_is_the_formula_cell_by_cell():
    model, frames = net(), past()
    out = {name: plain_branch(model.branches[name], frames[name]) for name in LENGTHS}
    found = model(frames)
    for channel in range(2):
        for row in range(6):
            for column in range(5):
                here = (slice(None), channel, row, column)
                total = sum(model.weights[name][here[1:]] * out[name][here] for name in LENGTHS)
                torch.testing.assert_close(found[here], total.tanh())


@pytest.mark.parametrize("name", LENGTHS)
def test_a_branch_whose_weights_are_zero_has_no_influence(name: str):
    model, frames = net(), past()
    torch.nn.init.zeros_(model.weights[name])
    changed = frames | {name: torch.randn_like(frames[name])}
    assert torch.equal(model(frames), model(changed))


def test_a_zero_weight_silences_its_own_cell_only():
    model, frames = net(), past()
    with torch.no_grad():
        model.weights["trend"][:, 2, 3] = 0
    changed = frames | {"trend": torch.randn_like(frames["trend"])}
    same = (model(frames) == model(changed)).all(0).all(0)
    assert same.nonzero().tolist() == [[2, 3]]


def test_shifts_pass_through_a_branch_and_stop_at_the_fusion():
    model, frames = net(padding="circular"), past()
    moved = {name: frame.roll((2, 1), dims=(3, 4)) for name, frame in frames.items()}
    for name, branch in model.branches.items():
        shifted = branch(frames[name].flatten(1, 2)).roll((2, 1), dims=(2, 3))
        torch.testing.assert_close(branch(moved[name].flatten(1, 2)), shifted)
    assert (model(moved) - model(frames).roll((2, 1), dims=(2, 3))).abs().max() > 0.01


def test_with_one_weight_for_all_cells_shifts_pass_through_the_model():
    model, frames = net(padding="circular", per_cell=False), past()
    moved = {name: frame.roll((2, 1), dims=(3, 4)) for name, frame in frames.items()}
    torch.testing.assert_close(model(moved), model(frames).roll((2, 1), dims=(2, 3)))


def test_parts_add_up():
    model, frames = net(), past()
    torch.testing.assert_close(sum(model.parts(frames).values()).tanh(), model(frames))


def test_a_unit_with_silent_convolutions_passes_its_input():
    unit, x = ResidualUnit(3), torch.randn(2, 3, 4, 4)
    torch.nn.init.zeros_(unit.second.weight)
    torch.nn.init.zeros_(unit.second.bias)
    assert torch.equal(unit(x), x)


def size_by_hand(channels: int, cells: int, lengths: dict[str, int], width: int, units: int) -> int:
    inside = 2 * units * (9 * width**2 + width) + 9 * width * channels + channels
    return sum(9 * n * channels * width + width + inside + channels * cells for n in lengths.values())


def test_its_size():
    assert sum(p.numel() for p in net().parameters()) == size_by_hand(2, 30, LENGTHS, 4, 2)
    assert sum(p.numel() for p in net(per_cell=False).parameters()) == size_by_hand(2, 1, LENGTHS, 4, 2)


def test_the_published_size_builds():
    model = STResNet(device="meta")
    lengths = {"closeness": 3, "period": 1, "trend": 1}
    assert sum(p.numel() for p in model.parameters()) == size_by_hand(2, 1024, lengths, 64, 12)
    frames = {name: torch.empty(4, n, 2, 32, 32, device="meta") for name, n in lengths.items()}
    assert model(frames).shape == (4, 2, 32, 32)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("lengths", {"lengths": {}}),
        ("lengths", {"lengths": {"closeness": 0}}),
        ("units", {"units": 0}),
        ("padding", {"padding": "mirror"}),
    ],
)
def test_bad_arguments_are_named(argument: str, options: dict[str, object]):
    with pytest.raises(ValueError, match=argument):
        STResNet((2, 6, 5), **({"width": 4, "units": 1} | options))


@pytest.mark.errors
def test_missing_frames_and_wrong_shapes_are_named():
    model, frames = net(), past()
    with pytest.raises(ValueError, match="trend"):
        model({name: frames[name] for name in ("closeness", "period")})
    with pytest.raises(ValueError, match="period"):
        model(frames | {"period": frames["period"][:, :1]})
    with pytest.raises(ValueError, match="trend"):
        model(frames | {"trend": frames["trend"][:, 0]})
