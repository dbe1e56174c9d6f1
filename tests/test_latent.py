"""Learned codecs: pictures, volumes and signals as tokens or as values on a coarser grid."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import manikin as mk
from manikin.codecs.arrays import ArrayCodec
from manikin.codecs.patches import PatchCodec, choose_factors
from manikin.codecs.quantised import Quantised
from manikin.core.seeds import Key
from manikin.encoding.spec import Categorical, Continuous, Spec
from manikin.errors import FormatError, NotFitted, Unsupported
from manikin.families.autoregressive import Autoregressive
from manikin.families.diffusion import Diffusion
from manikin.families.masked import Masked
from manikin.nn.autoencoder import Autoencoder, compute_reconstruction_loss
from manikin.nn.quantize import FiniteScalarQuantizer
from manikin.schema.kinds import Category, Image, Signal
from manikin.synthesis.codec_choice import choose_target_codec
from manikin.synthesis.plan import Plan
from manikin.training.autoencoder import compute_reconstruction_errors, train_codec
from manikin.training.budget import take_budget_share
from manikin.training.progress import Progress, scale_progress

TINY = mk.Training(steps=10, batch=8)
READER = Autoregressive(width=16, depth=1, heads=2)
FINDER = Masked(width=16, depth=1, heads=2)
FLOW = Diffusion(width=16, steps=3)
SHAPES = {"signal": (2, 30), "image": (1, 12, 13), "volume": (1, 6, 8, 7)}


def discs(shape, n=24, levels=0):
    """Discs at random places: label 'l' holds large ones."""
    rng = Key(0).numpy()
    large = rng.random(n) < 0.5
    axes = np.meshgrid(*(np.arange(length) for length in shape[1:]), indexing="ij")
    centre = rng.uniform(0.3, 0.7, (n, len(axes))) * shape[1:]
    far = sum((axis - centre[:, i].reshape(-1, *[1] * axis.ndim)) ** 2 for i, axis in enumerate(axes))
    inside = np.sqrt(far) < np.where(large, 4, 2).reshape(-1, *[1] * axes[0].ndim)
    x = np.repeat(inside[:, None], shape[0], axis=1)
    values = x.astype(np.uint8) * (levels - 1 or 1) if levels else (x * 100 + 20).astype(np.int16)
    kind = Signal() if len(shape) == 2 else Image(levels=levels)
    mask = Image(levels=2) if len(shape) > 2 else Signal()
    label = np.where(large, "l", "s").astype(object)
    return mk.Cohort.from_arrays(
        {"x": values, "mask": x.astype(np.uint8), "size": label},
        {"x": kind, "mask": mask, "size": Category(levels=("l", "s"))},
    )


def model(shape="image", family=READER, codec=None, condition="size", **options):
    made = mk.Synthesizer("x", condition, family=family, training=TINY, codec=codec)
    return made.fit(discs(SHAPES[shape], **options), quiet=True)


def test_each_channel_of_a_code_takes_its_number_of_values_and_numbers_are_unique():
    finite = FiniteScalarQuantizer((4, 3))
    z = torch.linspace(-6, 6, 200)
    grid = torch.cartesian_prod(z, z)[None]
    codes = finite.quantize(grid)
    assert codes[0, :, 0].unique().tolist() == [-1, -0.5, 0, 0.5]
    assert codes[0, :, 1].unique().tolist() == [-1, 0, 1]
    number = finite.to_index(codes)
    assert number.unique().tolist() == list(range(12))
    torch.testing.assert_close(finite.to_code(number), codes)


def test_the_gradient_passes_the_rounding():
    z = torch.zeros(1, 1, 2, requires_grad=True)
    FiniteScalarQuantizer((5, 5)).quantize(z).sum().backward()
    # d tanh(0) half / (levels // 2) = (5 - 1) (1 - 1e-3) / 2 / 2
    torch.testing.assert_close(z.grad, torch.full((1, 1, 2), 0.999))


def test_factors_follow_the_lengths_of_the_axes():
    assert choose_factors((8, 8)) == (2, 2)
    assert choose_factors((28, 28)) == choose_factors((64, 64)) == choose_factors((128, 128)) == (4, 4)
    assert choose_factors((256, 300)) == (8, 8)
    assert choose_factors((128, 128), most=512) == (8, 8)
    assert choose_factors((5, 40), factor=8) == (4, 8)


@pytest.mark.parametrize("factor", [(1, 4), (4, 4), (8, 2)])
def test_an_autoencoder_gives_back_the_shape(factor):
    spec = Spec((Continuous(2, optional=True), Categorical(3)), grid=(9, 30))
    net = Autoencoder(spec, factor, codes=5, width=16)
    x = torch.rand(2, 3, 9, 30)
    x[:, 2] = 1
    x[0, 0, 0, 0] = torch.nan
    z = net.encode(x)
    assert z.shape == (2, 5, -(-9 // factor[0]), -(-30 // factor[1]))
    assert net.decode(z).shape == x.shape
    assert torch.isfinite(net.compute_loss(z, x))


def test_nothing_is_lost_between_equals_and_a_flat_picture_loses_its_texture():
    x = torch.tensor([[[1.0, -1.0, 1.0, -1.0]]])
    assert compute_reconstruction_loss(x, x) == 0
    # Values: 1 + 1. Slopes: 2 at full scale, 0 at half and at a quarter none: (2 + 0) / 2, weight 0.5.
    # Amplitudes of frequencies 0, 1 and 2: 0, 0, 4 / sqrt(4), mean 2/3, weight 0.1.
    assert compute_reconstruction_loss(torch.zeros_like(x), x).item() == pytest.approx(
        2 + 0.5 + 0.1 * 2 / 3
    )


def test_patches_are_places_and_come_back():
    x = np.arange(2 * 1 * 3 * 5, dtype=np.float32).reshape(2, 1, 3, 5)
    cohort = mk.Cohort.from_arrays({"x": x}, {"x": Image()})
    codec = PatchCodec((2, 2)).fit(cohort, ["x"])
    codec = PatchCodec.from_dict(json.loads(json.dumps(codec.to_dict())))
    z = codec.encode(cohort)
    assert codec.spec == Spec((Continuous(4),), grid=(2, 3))
    flat = ArrayCodec().fit(cohort, ["x"]).encode(cohort)
    np.testing.assert_array_equal(z[:, :, 0, 0], flat[:, 0, :2, :2].reshape(2, 4))
    # The patch at the far corner has one place of its own; the edge is repeated.
    np.testing.assert_array_equal(z[:, :, 1, 2], np.repeat(flat[:, 0, 2, 4][:, None], 4, axis=1))
    np.testing.assert_allclose(codec.decode(z, Key(0))["x"].to_numpy_ndarray(), x, atol=1e-5)


@pytest.mark.parametrize("family", [READER, FINDER])
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_become_tokens_and_come_back_saved_and_loaded(shape, family, tmp_path):
    fitted = model(shape, family)
    first = fitted.sample(5, where={"size": "l"}, seed=3)
    assert first["x"].shape == (5, *SHAPES[shape])
    assert first["x"].dtype == np.int16
    assert first["x"].min() >= 20
    assert first["x"].max() <= 120
    fitted.save(tmp_path / "model")
    again = mk.load(tmp_path / "model")
    np.testing.assert_array_equal(again.sample(5, where={"size": "l"}, seed=3)["x"], first["x"])
    assert again.facts == fitted.facts
    assert set(again.facts["codec"]["error"]["x"]) == {"rmse", "psnr"}


@pytest.mark.parametrize("codec", ["latent", "quantised"])
def test_label_maps_stay_label_maps(codec):
    family = FLOW if codec == "latent" else READER
    fitted = model(family=family, codec=codec, levels=3)
    assert set(np.unique(fitted.sample(6, where={"size": "s"})["x"])) <= {0, 1, 2}
    assert set(fitted.facts["codec"]["error"]["x"]) == {"wrong"}


@pytest.mark.parametrize("shape", SHAPES)
def test_diffusion_runs_on_codes_and_is_saved_and_loaded(shape, tmp_path):
    fitted = model(shape, FLOW, mk.codecs.Latent(channels=2))
    codec = fitted.fitted_model.codec
    assert codec.spec.channels == 2
    assert codec.spec.grid == tuple(
        -(-n // f) for n, f in zip(SHAPES[shape][1:], codec.downsampling_factors, strict=True)
    )
    z = codec.encode(discs(SHAPES[shape]))
    axes = (0, *range(2, z.ndim))
    np.testing.assert_allclose(z.mean(axes), 0, atol=1e-4)
    np.testing.assert_allclose(z.std(axes), 1, atol=1e-4)
    first = fitted.sample(4, where={"size": "l"})
    fitted.save(tmp_path / "model")
    again = mk.load(tmp_path / "model").sample(4, where={"size": "l"})
    np.testing.assert_array_equal(again["x"], first["x"])


def test_the_same_seed_gives_the_same_and_torch_keeps_its_state():
    before = torch.random.get_rng_state()
    first, second = (model(codec="quantised").sample(4, where={"size": "l"}) for _ in range(2))
    np.testing.assert_array_equal(first["x"], second["x"])
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("family", [READER, FINDER, FLOW])
def test_a_mask_is_laid_on_the_codes(family):
    codec = "latent" if family is FLOW else "quantised"
    fitted = model(family=family, codec=codec, condition=("size", "mask"))
    known = fitted.fitted_model
    assert known.condition_codecs["mask"].spec.grid == known.codec.spec.grid
    conditioner = getattr(fitted.fitted_model.learner.nets.model, "conditioner", None)
    conditioner = conditioner or fitted.fitted_model.learner.nets.model.condition
    assert conditioner.aligned == ["mask"]
    assert fitted.sample(condition=discs(SHAPES["image"], n=3))["x"].shape == (3, 1, 12, 13)


def test_the_error_is_that_of_decoding_what_was_encoded():
    cohort = discs(SHAPES["image"])
    codec, facts = train_codec(Quantised(width=16).fit(cohort, ["x"]), cohort, TINY, Key(0))
    assert facts["steps"] == 4
    assert facts["measured"] == "24 records of the same subjects"
    back = codec.decode(codec.encode(cohort), Key(0))["x"].to_numpy_ndarray()
    rmse = np.sqrt(np.mean((back - cohort["x"].astype(float)) ** 2))
    found = compute_reconstruction_errors(codec, cohort)["x"]
    assert found["rmse"] == pytest.approx(rmse, rel=1e-3)
    assert found["psnr"] == pytest.approx(20 * np.log10(100 / rmse), abs=0.01)


def test_training_makes_less_be_lost():
    cohort = discs(SHAPES["image"], n=64)
    short, long = (
        train_codec(Quantised(width=16).fit(cohort, ["x"]), cohort, mk.Training(steps=n, batch=16), Key(0))[
            0
        ]
        for n in (5, 200)
    )
    assert (
        compute_reconstruction_errors(long, cohort)["x"]["psnr"]
        > compute_reconstruction_errors(short, cohort)["x"]["psnr"] + 3
    )


def test_a_budget_is_shared():
    assert take_budget_share(mk.Training(minutes=10, epochs=5), 0.4) == mk.Training(minutes=4, epochs=2)
    fitted = model(codec="quantised")
    assert (fitted.facts["codec"]["steps"], fitted.facts["steps"]) == (4, 6)


def test_both_trainings_resume_from_checkpoints_of_their_own(tmp_path):
    cohort, options = discs(SHAPES["image"]), {"condition": "size", "family": READER, "training": TINY}
    first, again, plain = (
        mk.Synthesizer("x", **options).fit(cohort, checkpoint=place, quiet=True)
        for place in (tmp_path / "state", tmp_path / "state", None)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state", "state-codec", "state.png"]
    drawn = [made.sample(4, where={"size": "l"})["x"] for made in (first, again, plain)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_progress_runs_once_from_0_to_1():
    told = []
    one, two = scale_progress(told.append, 0, 0.4), scale_progress(told.append, 0.4, 1)
    for report in (one, two):
        for share in (0.5, 1.0):
            report(Progress(turn=1, fraction=share, seconds=1.0, loss=0.0))
    assert [now.fraction for now in told] == pytest.approx([0.2, 0.4, 0.7, 1.0])


def test_large_arrays_are_modelled_in_codes_unless_a_part_may_be_observed():
    cohort = discs((1, 128, 128), n=4)
    plan = Plan.from_schema(cohort.schema, "x", (), "diffusion")
    chosen = choose_target_codec(cohort, plan, ["x"], None)
    assert type(chosen).__name__ == "Latent"
    plan = Plan.from_schema(cohort.schema, "x", "x", "diffusion")
    assert isinstance(choose_target_codec(cohort, plan, ["x"], None), ArrayCodec)


def test_codes_have_no_observed_part():
    with pytest.raises(Unsupported, match="pixel space"):
        model(family="diffusion", codec="latent", condition="x")
    with pytest.raises(Unsupported, match="'diffusion'"):
        model(family="masked", condition="x")


def test_a_codec_of_the_other_form_is_refused():
    with pytest.raises(Unsupported, match="tokens"):
        model(family="diffusion", codec="quantised")
    with pytest.raises(Unsupported, match="codec that yields tokens"):
        model(family="masked", codec="latent")


def test_an_untrained_codec_says_so():
    cohort = discs(SHAPES["image"])
    with pytest.raises(NotFitted, match="Quantised"):
        Quantised().fit(cohort, ["x"]).encode(cohort)


def test_missing_weights_are_named(tmp_path):
    model().save(tmp_path / "model")
    (tmp_path / "model" / "codec.safetensors").unlink()
    with pytest.raises(FormatError, match=r"codec\.safetensors"):
        mk.load(tmp_path / "model")


def test_a_loaded_model_is_refitted_with_the_options_of_its_codec(tmp_path):
    model(codec=mk.codecs.Quantised(levels=(3, 3))).save(tmp_path / "model")
    again = mk.load(tmp_path / "model")
    again.fit(discs(SHAPES["image"]), quiet=True)
    assert again.fitted_model.codec.spec.vocab == 9
