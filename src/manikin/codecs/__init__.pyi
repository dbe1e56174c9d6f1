from .arrays import ArrayCodec as Arrays
from .events import Events
from .latent import Latent
from .patches import PatchCodec as Patches
from .phrases import Phrases
from .pretrained import PretrainedText as Pretrained
from .prompts import Prompts
from .quantised import Quantised
from .rows import RowsCodec as Rows
from .table import TableCodec as Table
from .text import TextCodec as Text

__all__ = [
    "Arrays",
    "Events",
    "Latent",
    "Patches",
    "Phrases",
    "Pretrained",
    "Prompts",
    "Quantised",
    "Rows",
    "Table",
    "Text",
]
