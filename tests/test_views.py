"""Views: pictures beside a table, what is looked at twice, and networks of the user's own."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from manikin.cohort.cohort import Cohort
from manikin.contracts.split import EvaluationOptions
from manikin.errors import FormatError, UsageError
from manikin.evaluation.measuring.image_encoders import load_encoder
from manikin.evaluation.measuring.views import CachedFeature, build_views
from manikin.features.encoder import Encoder
from manikin.features.radiomics import Radiomics
from manikin.schema.kinds import Category, Image, Number


def cohort(n, seed=0, *, age=True):
    rng = np.random.default_rng(seed)
    arrays = {"image": rng.integers(0, 255, (n, 1, 12, 12), dtype=np.uint8), "label": rng.integers(0, 2, n)}
    schema = {"image": Image(), "label": Category(levels=(0, 1), role="label")}
    if age:
        arrays["age"], schema["age"] = rng.normal(60, 10, n), Number()
    return Cohort.from_arrays(arrays, schema)


@pytest.fixture(scope="module")
def sides():
    return cohort(40), cohort(20, 1), cohort(30, 2)


def test_the_table_comes_first_and_pictures_have_two_views(sides):
    assert list(build_views(sides, EvaluationOptions())) == ["table", "encoder", "radiomics"]


def test_coordinates_stand_as_fields_beside_the_scalar_ones(sides):
    sample = build_views(sides, EvaluationOptions())["radiomics"].synthetic
    assert sample.fields.names[:3] == ("label", "age", "radiomics 1")
    assert sample.table.shape == (30, 2 + sample.x.shape[1])
    assert (sample.table[:, 2:] == sample.x).all()


@pytest.mark.parametrize("feature", [Radiomics, Encoder])
def test_a_feature_learned_twice_gives_the_same(feature, sides):
    first, second = (feature().fit(sides[0])(sides[2]) for _ in range(2))
    assert (first == second).all()
    assert np.isfinite(first).all()


@pytest.mark.parametrize("feature", [Radiomics, Encoder])
def test_label_maps_and_volumes_are_read(feature):
    rng = np.random.default_rng(0)
    arrays = {"scan": rng.random((12, 2, 9, 10, 11)), "mask": rng.integers(0, 3, (12, 1, 9, 10, 11))}
    volumes = Cohort.from_arrays(arrays, {"scan": Image(unit="HU"), "mask": Image(levels=3)})
    x = feature().fit(volumes)(volumes)
    assert len(x) == 12
    assert np.isfinite(x).all()


@pytest.mark.parametrize("feature", [Radiomics, Encoder])
@pytest.mark.parametrize("grid", [(15, 16), (8, 9, 10)])
def test_the_vector_of_a_picture_does_not_depend_on_others(feature, grid):
    smooth = gaussian_filter(
        np.random.default_rng(0).normal(0, 800, (30, 1, *grid)), (0, 0, *(1,) * len(grid))
    )
    mixed = Cohort.from_arrays({"scan": np.concatenate([smooth, 100 * smooth])}, {"scan": Image(unit="HU")})
    fitted = feature().fit(mixed.take(np.arange(30)))
    alone = np.concatenate([fitted(mixed.take([i])) for i in range(5)])
    assert fitted(mixed)[:5] == pytest.approx(alone, abs=1e-3)


def test_a_picture_is_looked_at_once(sides):
    seen = []

    class Counting(Radiomics):
        def __call__(self, cohort):
            seen.append(len(cohort))
            return np.arange(len(cohort))[:, None] + np.zeros((1, 2))

    feature = CachedFeature(Counting())
    train = sides[0]
    feature(train)
    again = feature(train.take(np.array([3, 3, 1])))
    assert seen == [40]
    assert again[:, 0].tolist() == [3, 3, 1]


def test_encoders_need_a_picture(sides):
    table = tuple(side.select("age", "label") for side in sides)
    with pytest.raises(UsageError, match="no picture"):
        build_views(table, EvaluationOptions(), ("some.pt",))


def test_a_network_of_ones_own_is_a_view(sides, tmp_path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.ReLU())
    for weights in net.parameters():
        weights.data = torch.linspace(-1, 1, weights.numel()).reshape(weights.shape)
    path = tmp_path / "own.pt"
    torch.jit.trace(net, torch.zeros(2, 3, 12, 12)).save(str(path))
    found = build_views(sides, EvaluationOptions(), (path,))["own"]
    assert found.train.x.shape == (40, 5)  # a grey picture three times over, averaged over the grid


def test_an_exported_program_is_run_or_says_which_shape_it_refuses(sides, tmp_path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Conv2d(1, 4, 3).eval()
    many = {"input": {0: torch.export.Dim("records", min=1, max=64)}}
    for side in (12, 9):
        program = torch.export.export(net, (torch.zeros(2, 1, side, side),), dynamic_shapes=many)
        torch.export.save(program, tmp_path / f"own{side}.pt2")
    assert load_encoder(tmp_path / "own12.pt2").fit(sides[0])(sides[2]).shape == (30, 4)
    with pytest.raises(UsageError, match=r"own9: it refuses pictures of shape \(1, 12, 12\)"):
        load_encoder(tmp_path / "own9.pt2").fit(sides[0])


def test_what_is_no_network_is_refused(tmp_path):
    bad, odd = tmp_path / "bad.pt", tmp_path / "odd.txt"
    bad.write_bytes(b"no network")
    odd.write_bytes(b"")
    with pytest.raises(FormatError, match="no TorchScript"):
        load_encoder(bad)
    with pytest.raises(UsageError, match="ends with none"):
        load_encoder(odd)
    with pytest.raises(UsageError, match="no such file"):
        load_encoder(tmp_path / "absent.pt")


def test_the_encoder_knows_training_pictures_no_better_than_others():
    rng = np.random.default_rng(0)
    x = gaussian_filter(rng.random((240, 1, 12, 12)), (0, 0, 1, 1))
    both = Cohort.from_arrays({"scan": x}, {"scan": Image()})
    feature = Encoder().fit(both.take(np.arange(120)))
    spread = feature(both).reshape(2, 120, -1).var(axis=1).mean(axis=1)
    assert spread[0] / spread[1] == pytest.approx(1, abs=0.1)
