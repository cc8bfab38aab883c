"""What a training run leaves behind, and the two names that training scripts import.

`TrackRun` and `read_next` are imported lazily: a training environment need not have gate's other
packages, and importing this one imports neither torch nor transformers.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatekeeper.training.next_run import read_next
    from gatekeeper.training.track_run import TrackRun

__all__ = ["TrackRun", "read_next"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for."""
    if name == "TrackRun":
        from gatekeeper.training.track_run import TrackRun

        return TrackRun
    if name == "read_next":
        from gatekeeper.training.next_run import read_next

        return read_next
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
