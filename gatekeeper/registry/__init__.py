"""The registry: an append-only log of what was decided, and the bytes that were decided on.

Nothing recorded is lost, nothing unproven is promoted. The layout on disk is documented in
registry/README.md. No torch, no network; importing it is quick.
"""

from gatekeeper.registry.by import By
from gatekeeper.registry.events import BASE
from gatekeeper.registry.ledger import ChannelFileError
from gatekeeper.registry.move_rules import ChannelRules
from gatekeeper.registry.registry import Registry
from gatekeeper.registry.state import Adapter, Channel, Serving, State

__all__ = [
    "BASE",
    "Adapter",
    "By",
    "Channel",
    "ChannelFileError",
    "ChannelRules",
    "Registry",
    "Serving",
    "State",
]
