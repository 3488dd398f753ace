"""Run alone or by torchrun: writes each loss's value and averaged gradients to the folder on the line."""

import sys

import torch
import torch.distributed as dist
import torch.nn.functional as F

from cmlearn.matching import HardestHinge, InfoNCE, SigLIP


def one_step(loss: torch.nn.Module, rank: int, world: int) -> list[torch.Tensor]:
    """A linear model and a loss on this rank's share of twelve fixed pairs."""
    torch.manual_seed(0)
    model = torch.nn.Linear(6, 3)
    x, y = torch.randn(12, 6).chunk(world)[rank], torch.randn(12, 3).chunk(world)[rank]
    value = loss(F.normalize(model(x)), F.normalize(y))
    value.backward()
    gradients = [p.grad for p in (*model.parameters(), *loss.parameters())]
    if world > 1:
        for gradient in gradients:
            dist.all_reduce(gradient)
    return [value.detach(), *(gradient / world for gradient in gradients)]


if __name__ == "__main__":
    torch.set_num_threads(1)
    if dist.is_torchelastic_launched():
        dist.init_process_group("gloo")
    world, rank = (dist.get_world_size(), dist.get_rank()) if dist.is_initialized() else (1, 0)
    results = [
        one_step(loss, rank, world) for loss in (InfoNCE(), InfoNCE(chunk=5), SigLIP(), HardestHinge())
    ]
    torch.save({"world": world, "results": results}, f"{sys.argv[1]}/{world}-{rank}.pt")
    if dist.is_initialized():
        dist.destroy_process_group()
