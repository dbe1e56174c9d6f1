"""Laws that every plug-in obeys, for the plug-ins shipped and for anyone's own.

    from manikin.testing import check_family
    check_family(MyFamily())

Each law raises `AssertionError` with what was broken. Arrays are tiny: a law takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from manikin.contracts.family import AnyNetworks, Batch, Family, StatisticalFamily
from manikin.core import registry
from manikin.core.seeds import Key
from manikin.encoding.spec import Binary, Categorical, Continuous, Positive, Spec
from manikin.errors import MissingExtra

if TYPE_CHECKING:
    import torch

    from manikin.nn.conditioning import ConditionBatch, ConditionSpec

TABLE_SPEC = Spec(
    (Continuous(2), Continuous(1, optional=True), Categorical(3), Categorical(2), Binary(), Positive())
)
KIND_SPECS: dict[str, tuple[Spec, ...]] = {
    "table": (TABLE_SPEC, Spec(vocab=9, length=3, ranges=((0, 3), (3, 7), (7, 9)))),
    "signal": (Spec((Continuous(2),), grid=(13,)), Spec(vocab=6, length=26, grid=(13,))),
    "image": (Spec((Continuous(),), grid=(8, 9)), Spec(vocab=6, length=72, grid=(8, 9))),
    "label map": (Spec((Categorical(3),), grid=(8, 9)), Spec(vocab=6, length=12, grid=(4, 3))),
    "volume": (Spec((Continuous(),), grid=(5, 6, 4)), Spec(vocab=6, length=12, grid=(3, 2, 2))),
    "codes": (Spec(vocab=7, length=6),),
    "text": (
        Spec(vocab=7, length=6, ragged=True),
        Spec(vocab=7, length=6, ragged=True, ranges=((0, 7),) * 6),
    ),
}
"""Tiny specs by kind of data: as channels on a grid, as tokens, or as either; of text alone, and behind its
record for families that count words."""

N_RECORDS = 12
"""Records in a law."""

CONDITION_KINDS = ("table", "signal", "label map", "codes")
"""The kinds that stand together on the other side of the bar: scalars, grids and tokens."""


TORCH_IS_MISSING = "not known here: it needs PyTorch, pip install 'manikin[nn]'"


@final
@dataclass(frozen=True)
class MatrixCell:
    """One cell of the matrix of families and kinds of data; `explain_refusal` is None where it trains."""

    family: str
    kind: str
    refusal: str | None

    @property
    def verdict(self) -> str:
        """The cell in words."""
        return "trains" if self.refusal is None else f"refuses: {self.refusal}"


def build_matrix() -> list[MatrixCell]:
    """Every family against every kind of data.

    Example:
        >>> [cell.verdict for cell in build_matrix() if (cell.family, cell.kind) == ("diffusion", "volume")]
        ['trains']
    """
    families = {name: _create_family(name) for name in registry.list_plugins("families")}
    return [
        MatrixCell(name, kind, explain_refusal(family, kind) if family else TORCH_IS_MISSING)
        for name, family in families.items()
        for kind in KIND_SPECS
    ]


def _create_family(name: str) -> Family | StatisticalFamily | None:
    """A family with its default options; None: what it needs is not installed."""
    try:
        return registry.find("families", name)()
    except MissingExtra:
        return None


def explain_refusal(family: Family | StatisticalFamily, kind: str) -> str | None:
    """Why a family cannot model a kind of data in the form it wants; None: it can."""
    return family.refusal(_choose_spec(family, kind))


def check_family(family: Family, kinds: tuple[str, ...] = tuple(KIND_SPECS)) -> None:
    """The laws of a family with networks, on tiny records of each kind.

    It refuses with an alternative named, or it trains and samples, alone and given other parts of
    the record: the right shape, finite values, the same sample from the same seed, another from
    another seed or another condition, the observed part kept exactly, and the process-wide random
    state as it was.
    """
    for kind in kinds:
        reason = explain_refusal(family, kind)
        if reason is not None:
            _check_refusal(reason, f"{family!r} on {kind}")
            continue
        spec = _choose_spec(family, kind)
        for names, observed in (((), False), (CONDITION_KINDS, False), (("table",), True)):
            where = f"{family!r} on {kind} given {', '.join(names) or 'nothing'}"
            _check_cell(family, spec, names, observed=observed, where=where)


def draw_records(spec: Spec, n: int, key: Key) -> np.ndarray:
    """Random compact records or tokens of a spec; a third of the optional values are missing.

    Example:
        >>> draw_records(TABLE_SPEC, 4, Key(0)).shape
        (4, 7)
    """
    rng = key.numpy()
    if spec.tokens:
        ranges = spec.ranges or ((0, spec.vocab),) * spec.length
        return np.stack([rng.integers(*bounds, size=n) for bounds in ranges], axis=1)
    channels = [_draw_values(block, (n, block.n, *spec.grid), rng) for block in spec.blocks]
    return np.concatenate(channels, axis=1).astype(np.float32)


def _draw_values(block: object, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    match block:
        case Categorical():
            return rng.integers(block.levels, size=shape)
        case Binary():
            return rng.integers(2, size=shape)
        case Positive():
            return rng.exponential(size=shape)
        case Continuous(optional=True):
            return np.where(rng.random(shape) < 1 / 3, np.nan, rng.normal(size=shape))
        case _:
            return rng.normal(size=shape)


def _choose_spec(family: Family | StatisticalFamily, kind: str) -> Spec:
    if kind == "text":
        alone, behind_record = KIND_SPECS[kind]
        return behind_record if isinstance(family, StatisticalFamily) and family.tokens else alone
    wanted = isinstance(family, Family) and family.tokens
    return next((spec for spec in KIND_SPECS[kind] if spec.tokens == wanted), KIND_SPECS[kind][0])


def _check_refusal(reason: str, where: str) -> None:
    named = [name for name in registry.list_plugins("families") if f"'{name}'" in reason]
    _require(bool(named) or "codec" in reason, f"{where}: the refusal names no alternative: {reason!r}")


def _check_cell(family: Family, spec: Spec, names: tuple[str, ...], *, observed: bool, where: str) -> None:
    import torch

    before = torch.random.get_rng_state()
    plain = _read_numpy_state()
    subject = _TrainedFamily(family, spec, names, observed=observed)
    given = subject.draw_condition(N_RECORDS, Key(1))
    x = subject.sample(given, seed=0)
    _check_sample(spec, x, where)
    _require(_is_same(x, subject.sample(given, seed=0)), f"{where}: the same seed gave another sample")
    _require(not _is_same(x, subject.sample(given, seed=1)), f"{where}: another seed gave the same sample")
    if names:
        other = subject.sample(subject.draw_condition(N_RECORDS, Key(2)), seed=0)
        _require(not _is_same(x, other), f"{where}: another condition gave the same sample")
    if observed:
        _check_observed(subject, x, where)
    if family.exact(spec):
        x = torch.from_numpy(draw_records(spec, N_RECORDS, Key(6)))
        check_private(family, subject.nets, x, subject.draw_condition(N_RECORDS, Key(6)))
    _require(torch.equal(before, torch.random.get_rng_state()), f"{where}: torch's own random state moved")
    _require(plain == _read_numpy_state(), f"{where}: NumPy's own random state moved")


def _check_sample(spec: Spec, x: np.ndarray, where: str) -> None:
    _require(
        x.shape == (N_RECORDS, *spec.shape),
        f"{where}: a sample of shape {x.shape}, not {(N_RECORDS, *spec.shape)}",
    )
    if spec.tokens:
        low, high = np.array(spec.ranges or ((0, spec.vocab),) * spec.length).T
        _require(bool(((x >= low) & (x < high)).all()), f"{where}: tokens out of their range")
        return
    start = 0
    for block in spec.blocks:
        part = x[:, start : start + block.n]
        start += block.n
        allowed = np.isfinite(part) | (np.isnan(part) & getattr(block, "optional", False))
        _require(bool(allowed.all()), f"{where}: values that are not finite in {block}")
        if isinstance(block, Categorical | Binary):
            levels = block.levels if isinstance(block, Categorical) else 2
            _require(bool(np.isin(part, np.arange(levels)).all()), f"{where}: no such level in {block}")
        if isinstance(block, Positive):
            _require(bool((part[np.isfinite(part)] >= 0).all()), f"{where}: negative values in {block}")


def _check_observed(subject: _TrainedFamily, x: np.ndarray, where: str) -> None:
    import torch

    values = draw_records(subject.spec, N_RECORDS, Key(3))
    mask = Key(4).numpy().random(values.shape) < 0.5  # noqa: PLR2004 - one half
    mask[0] = True
    given = subject.draw_condition(N_RECORDS, Key(1)).set_observed(
        torch.from_numpy(values), torch.from_numpy(mask)
    )
    y = subject.sample(given, seed=0)
    _check_sample(subject.spec, y, where)
    kept = np.array_equal(y[mask], values[mask], equal_nan=values.dtype.kind == "f")
    _require(kept, f"{where}: the observed part was not kept exactly")
    _require(not _is_same(x[~mask], y[~mask]), f"{where}: what is observed did not move the rest")


def check_private(
    family: Family[AnyNetworks], nets: AnyNetworks, x: torch.Tensor, given: ConditionBatch
) -> None:
    """Exact per-sample gradients need parameters in layers that see as many rows of each record.

    Args:
        family: The family.
        nets: Its networks.
        x: Records, N of them.
        given: What is given with each.
    """
    where, seen, hooks = f"{family!r} on {nets.spec}", [], []
    for net in nets.by_name.values():
        for layer in (m for m in net.modules() if any(True for _ in m.parameters(recurse=False))):
            _require(
                type(layer).__module__.startswith("torch.nn"),
                f"{where}: parameters in {layer}, no leaf layer",
            )
            hook = layer.register_forward_pre_hook(lambda layer, x: seen.append((repr(layer), len(x[0]))))
            hooks.append(hook)
    family.compute_loss(nets, Batch(x, given, Key(7).torch(), family.turns[0]))
    for hook in hooks:
        hook.remove()
    _require(bool(seen), f"{where}: no layer was used")
    odd = sorted({layer for layer, n in seen if n % N_RECORDS})
    _require(not odd, f"{where}: not one row per record in {', '.join(odd)}")


@final
class _TrainedFamily:
    """A family after a few steps of training, its weights then stirred so that all paths carry."""

    def __init__(self, family: Family, spec: Spec, names: tuple[str, ...], *, observed: bool) -> None:
        import torch

        from manikin.nn.conditioning import ConditionSpec
        from manikin.training.engine import Engine
        from manikin.training.loop import Training, TrainingData, train

        self.family, self.spec = family, spec
        self.given_spec: ConditionSpec = ConditionSpec(
            {name: KIND_SPECS[name][0] for name in names}, observed
        )
        x = draw_records(spec, 2 * N_RECORDS, Key(0))
        data = TrainingData(
            spec, x, np.arange(len(x)), self.given_spec, self.draw_condition(len(x), Key(0))
        )
        steps = 2 * len(family.turns)
        trained = train(
            family, data, Training(steps=steps, batch=N_RECORDS), Key(0), engine=Engine(threads=1)
        )
        self.nets = trained.nets
        rng = Key(5).torch()
        with torch.no_grad():
            for parameter in (p for net in self.nets.by_name.values() for p in net.parameters()):
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=rng))

    def draw_condition(self, n: int, key: Key) -> ConditionBatch:
        """Random conditions."""
        from manikin.nn.conditioning import ConditionBatch

        return ConditionBatch.from_arrays(
            {name: draw_records(spec, n, key.child(name)) for name, spec in self.given_spec.parts.items()}
        )

    def sample(self, given: ConditionBatch, seed: int) -> np.ndarray:
        """Records drawn by the family."""
        return self.family.sample(self.nets, N_RECORDS, given, Key(seed).torch()).numpy()


def _read_numpy_state() -> str:
    return str(np.random.get_state(legacy=False))  # noqa: NPY002 - the process-wide state is what is watched


def _is_same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
