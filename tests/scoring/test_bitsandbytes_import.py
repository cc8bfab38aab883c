"""Importing bitsandbytes does not load torch's compiler, and changes nothing else."""

from __future__ import annotations

import subprocess
import sys

import torch

from gatekeeper.scoring.model.bitsandbytes_import import importing_bitsandbytes


def test_peft_is_imported_without_the_compiler_and_torch_compile_is_itself_again() -> None:
    program = (
        "import sys, torch\n"
        "from gatekeeper.scoring.model.bitsandbytes_import import importing_bitsandbytes\n"
        "real = torch.compile\n"
        "with importing_bitsandbytes():\n"
        "    import peft\n"
        "assert torch.compile is real\n"
        "assert 'bitsandbytes' in sys.modules\n"
        "print('torch._inductor.compile_fx' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]


def test_a_function_is_compiled_when_it_is_first_called() -> None:
    compiled = []

    def backend(graph: torch.fx.GraphModule, _: list[torch.Tensor]) -> object:
        compiled.append(graph)
        return graph.forward

    with importing_bitsandbytes():

        def double(x: torch.Tensor) -> torch.Tensor:
            return x * 2

        later = torch.compile(double, backend=backend)
    assert not compiled
    assert later(torch.ones(2)).tolist() == [2.0, 2.0]
    assert later(torch.ones(2)).tolist() == [2.0, 2.0]
    assert len(compiled) == 1
