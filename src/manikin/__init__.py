"""manikin makes synthetic patients and proves what they are worth."""

import lazy_loader

from manikin.core.deprecation import forward_names

# Public names and where they live stand in `__init__.pyi`, for type checkers too.
_import_name, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = forward_names(
    __name__,
    {
        "discriminative_score": "compute_discriminative_score",
        "predictive_score": "compute_predictive_score",
        "suspects": "find_suspected_copies",
        "tagged": "tag_entities",
        "untagged": "untag_entities",
    },
    _import_name,
)
