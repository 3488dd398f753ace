"""Attention schemes against loops, published sizes, counted costs, and what each knows without a clock."""

import pytest
import torch
from torch import nn

from cmlearn.video import count_cost, shuffle_frames
from cmlearn.video.space_time_attention import SCHEMES, STAM, SelfAttention, TimeSformer, attention_pairs

SHAPE = (3, 4, 16, 16)
SMALL = {"patch": 8, "dim": 12, "depth": 2, "heads": 3}
FRAMES, PATCHES, DIM = 4, 4, 12


def clips(count: int = 3) -> torch.Tensor:
    return torch.randn(count, *SHAPE, dtype=torch.float64)


def model(scheme: str, *, temporal_positions: bool = True) -> nn.Module:
    if scheme == "factorised":
        return STAM(5, SHAPE, temporal_depth=2, temporal_positions=temporal_positions, **SMALL).double()
    return TimeSformer(5, SHAPE, scheme=scheme, temporal_positions=temporal_positions, **SMALL).double()


def attention_by_loops(layer: SelfAttention, tokens: torch.Tensor) -> torch.Tensor:
    """One group of tokens, (token, dim); a head and a query at a time."""
    dim, part = tokens.shape[1], tokens.shape[1] // layer.heads
    q, k, v = (layer.qkv(tokens)[:, i * dim : (i + 1) * dim] for i in range(3))
    rows = []
    for i in range(len(tokens)):
        heads = []
        for h in range(layer.heads):
            own = slice(h * part, (h + 1) * part)
            scores = torch.stack([q[i, own] @ k[j, own] / part**0.5 for j in range(len(tokens))])
            shares = scores.exp() / scores.exp().sum()
            heads.append(sum(share * v[j, own] for j, share in enumerate(shares)))
        rows.append(torch.cat(heads))
    return layer.out(torch.stack(rows))


def divided_by_loops(net: TimeSformer, clip: torch.Tensor) -> torch.Tensor:
    """The scores of one clip, patch by patch and frame by frame."""
    kernel, bias = net.patches.project.weight.flatten(1), net.patches.project.bias
    z = torch.empty(FRAMES, PATCHES, DIM, dtype=torch.float64)
    for t in range(FRAMES):
        for n in range(PATCHES):
            row, column = 8 * (n // 2), 8 * (n % 2)
            pixels = clip[:, t, row : row + 8, column : column + 8].flatten()
            z[t, n] = kernel @ pixels + bias + net.patches.places[1 + n] + net.times[t, 0]
    cls = net.patches.cls + net.patches.places[0]
    for block in net.blocks:
        attend, project = block.over_time.layer
        over_time = [
            project(attention_by_loops(attend, block.over_time.norm(z[:, n]))) for n in range(PATCHES)
        ]
        z = z + torch.stack(over_time, dim=1)
        copies = []
        for t in range(FRAMES):
            group = torch.cat([cls[None], z[t]])
            group = group + attention_by_loops(block.attend, block.norm(group))
            copies.append(group[0])
            z = torch.cat([z[:t], group[None, 1:], z[t + 1 :]])
        cls = sum(copies) / FRAMES
        cls, z = cls + block.mlp(cls[None])[0], z + block.mlp(z)
    return net.head(net.norm(cls))


def test_divided_attention_is_that_of_loops():
    net, some = model("divided"), clips(2)
    with torch.no_grad():
        expected = torch.stack([divided_by_loops(net, clip) for clip in some])
        torch.testing.assert_close(net(some), expected)


def test_attention_is_pytorchs():
    layer, tokens = SelfAttention(12, heads=3), torch.randn(5, 7, 12)
    other = nn.MultiheadAttention(12, 3, batch_first=True)
    other.load_state_dict(
        {
            "in_proj_weight": layer.qkv.weight,
            "in_proj_bias": layer.qkv.bias,
            "out_proj.weight": layer.out.weight,
            "out_proj.bias": layer.out.bias,
        }
    )
    expected, weights = other(tokens, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(layer(tokens), expected)
    torch.testing.assert_close(layer.weights(tokens), weights)
    torch.testing.assert_close(layer.weights(tokens).sum(-1), torch.ones(5, 3, 7))


@pytest.mark.parametrize("scheme", [*SCHEMES, "factorised"])
def test_without_positions_the_order_of_frames_changes_nothing(scheme):
    net, some = model(scheme, temporal_positions=False), clips()
    torch.testing.assert_close(net(shuffle_frames(some)), net(some), rtol=0, atol=1e-12)


@pytest.mark.parametrize("scheme", ["joint", "divided", "factorised"])
def test_with_positions_it_does(scheme):
    net, some = model(scheme), clips()
    assert (net(some.flip(2)) - net(some)).abs().max() > 1e-5


def shuffle_each_place(some: torch.Tensor) -> torch.Tensor:
    """At every place, the frames in an order of its own: patches of different frames come together."""
    cut = some.unfold(3, 8, 8).unfold(4, 8, 8).clone()  # (clip, channel, time, row, column, 8, 8)
    for row, column, step in ((0, 1, 1), (1, 0, 2), (1, 1, 3)):
        cut[:, :, :, row, column] = cut[:, :, :, row, column].roll(step, dims=2)
    return cut.permute(0, 1, 2, 3, 5, 4, 6).reshape(some.shape)


def test_joint_attention_without_positions_cannot_tell_which_patches_share_a_frame():
    net, some = model("joint", temporal_positions=False), clips()
    torch.testing.assert_close(net(shuffle_each_place(some)), net(some), rtol=0, atol=1e-12)


@pytest.mark.parametrize("scheme", ["space", "divided", "factorised"])
def test_the_other_schemes_can(scheme):
    net, some = model(scheme, temporal_positions=False), clips()
    assert (net(shuffle_each_place(some)) - net(some)).abs().max() > 1e-5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_class_tokens_attention_is_a_share(scheme):
    looks = model(scheme).attention_map(clips())
    assert looks.shape == (3, FRAMES, PATCHES)
    assert (looks > 0).all()
    assert (looks.sum((1, 2)) < 1).all()
    assert not torch.equal(looks, model(scheme).attention_map(clips(), block=0))


def test_a_map_is_what_a_loop_finds_in_the_first_block():
    net, some = model("joint"), clips(1)
    cls, patches = net.patches(some)
    tokens = torch.cat([cls[0], (patches + net.times)[0].flatten(0, 1)])
    weights = net.blocks[0].attend.weights(net.blocks[0].norm(tokens)).mean(0)[0, 1:]
    torch.testing.assert_close(net.attention_map(some, block=0)[0].flatten(), weights)


def base_parameters(classes: int, *, divided: bool) -> int:
    """The numbers of the published base model, from its definition."""
    dim = 768
    linear = dim * dim + dim
    attention, norm = 4 * linear, 2 * dim
    block = 2 * norm + attention + (dim * 4 * dim + 4 * dim) + (4 * dim * dim + dim)
    over_time = norm + attention + linear if divided else 0
    embedding = (3 * 16 * 16 + 1) * dim + dim + 197 * dim + 8 * dim
    return embedding + 12 * (block + over_time) + norm + classes * (dim + 1)


@pytest.mark.parametrize(("scheme", "millions"), [("divided", 121.4), ("joint", 85.9), ("space", 85.9)])
def test_the_published_models_have_their_size(scheme, millions):
    net = TimeSformer(174, scheme=scheme, device="meta")  # the classes of Something-Something V2
    count = sum(p.numel() for p in net.parameters())
    assert count == base_parameters(174, divided=scheme == "divided")
    assert round(count / 1e6, 1) == millions


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("frames", "size"), [(4, 32), (8, 64)])
def test_counted_operations_are_those_of_the_formula(scheme, frames, size):
    dim, depth, patches = 24, 3, (size // 8) ** 2
    options = {"patch": 8, "dim": dim, "depth": depth, "heads": 2, "device": "meta"}
    net = TimeSformer(5, (3, frames, size, size), scheme=scheme, **options)
    copies = 1 if scheme == "joint" else frames  # of the class token
    tokens = frames * patches
    linear = 12 * dim**2 * tokens + (4 * copies + 8) * dim**2  # query, key, value, out and the perceptron
    linear += 5 * dim**2 * tokens if scheme == "divided" else 0
    pairs = 2 * dim * attention_pairs(scheme, frames, patches)
    products = 3 * 64 * dim * tokens + depth * (linear + pairs) + 5 * dim
    assert count_cost(net, torch.empty(1, 3, frames, size, size, device="meta")).flops == 2 * products


def test_pairs_are_those_that_a_loop_counts():
    tokens = [None, *((t, n) for t in range(3) for n in range(5))]
    joint = sum(True for _ in tokens for _ in tokens)
    frame = [[None, *((t, n) for n in range(5))] for t in range(3)]
    space = sum(len(group) ** 2 for group in frame)
    time = sum(a[1] == b[1] for a in tokens[1:] for b in tokens[1:])
    assert [attention_pairs(s, 3, 5) for s in SCHEMES] == [space, joint, space + time]


@pytest.mark.errors
def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="`scheme`"):
        TimeSformer(5, SHAPE, **SMALL, scheme="axial")
    with pytest.raises(ValueError, match="`scheme`"):
        attention_pairs("axial", 2, 2)
    with pytest.raises(ValueError, match="`frames`"):
        attention_pairs("joint", 0, 2)
    with pytest.raises(ValueError, match="`patches`"):
        attention_pairs("joint", 2, 0)
    with pytest.raises(ValueError, match="`heads`"):
        SelfAttention(12, heads=5)
    with pytest.raises(ValueError, match="`patch`"):
        TimeSformer(5, SHAPE, **SMALL | {"patch": 5})
    with pytest.raises(ValueError, match="`shape`"):
        STAM(5, (3, 4, 16, 32), **SMALL)
    for net in (TimeSformer(5, SHAPE, **SMALL), STAM(5, SHAPE, **SMALL)):
        with pytest.raises(ValueError, match="`clips`"):
            net(torch.zeros(1, 3, 5, 16, 16))
