"""What needs no networks installs and runs without PyTorch, and what needs them says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from manikin.datasets.demo import load_demo
from manikin.io.write import write

WITHOUT_TORCH = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


def run_without_torch(code: str, folder: Path) -> str:
    """What a program prints in a process to which PyTorch is not installed."""
    command = [sys.executable, "-c", WITHOUT_TORCH + code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_command(words: str, folder: Path) -> str:
    return run_without_torch(f"from manikin.cli import app\napp({words.split()!r})", folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("without_torch")
    train, holdout = load_demo().take(range(240)).split(0.3)
    write(train, folder / "train.csv")
    write(holdout, folder / "holdout.csv")
    return folder


def test_a_table_is_learned_judged_and_released(folder):
    run_command("inspect train.csv", folder)
    run_without_torch(
        "import manikin as mk\n"
        "train, holdout = mk.read('train.csv'), mk.read('holdout.csv')\n"
        "for family in ('trees', 'copula', 'independent'):\n"
        "    model = mk.Synthesizer(family=family).fit(train, quiet=True)\n"
        "    model.save(family)\n"
        "    synthetic = mk.load(family).sample(160)\n"
        "card = mk.evaluate(synthetic, train, holdout)\n"
        "mk.write(synthetic, 'made.csv')\n"
        "card.to_html('card.html')\n",
        folder,
    )
    assert (folder / "card.html").exists()
    run_command("synthesize train.csv -o released", folder)
    assert (folder / "released" / "provenance.json").exists()


@pytest.mark.parametrize(
    "code",
    [
        "mk.Synthesizer(family='diffusion').fit(table)",
        "mk.families.VAE()",
        "mk.compute_discriminative_score(table, table, field='x')",
        "load_encoder('network.pt')",
    ],
)
def test_what_needs_networks_says_what_to_install(code, folder):
    (folder / "network.pt").touch()
    said = run_without_torch(
        "import manikin as mk\n"
        "from manikin.evaluation.measuring.image_encoders import load_encoder\n"
        "table = mk.read('train.csv')\n"
        f"try:\n    {code}\n"
        "except mk.errors.MissingExtra as error:\n    print(error)\n",
        folder,
    )
    assert "needs PyTorch: pip install 'manikin[nn]'" in said
    assert said.count("\n") == 1


def test_a_family_named_by_text_brings_no_other(folder):
    said = run_without_torch(
        "import manikin as mk\n"
        "mk.Synthesizer(family='independent').fit(mk.read('train.csv'), quiet=True).save('named')\n"
        "mk.load('named')\n"
        "print([name for name in sys.modules if name.startswith('manikin.families.')])",
        folder,
    )
    assert said == "['manikin.families.independent']\n"


def test_only_networks_and_their_training_import_torch(folder):
    said = run_without_torch(
        "import importlib, pkgutil, manikin as mk\n"
        "def skip(name):\n    pass\n"
        "for found in pkgutil.walk_packages(mk.__path__, 'manikin.', onerror=skip):\n"
        "    try:\n        found.name == 'manikin.__main__' or importlib.import_module(found.name)\n"
        "    except ModuleNotFoundError as error:\n        assert error.name == 'torch', error\n"
        "        print(found.name)",
        folder,
    )
    known = {"manikin.recipes.image_translation", "manikin.contracts.language_model_family"}
    known.add("manikin.synthesis.network_training")
    needing = {name.split(".")[1] for name in said.split() if name not in known}
    assert needing <= {"families", "nn", "training"}


def test_notes_are_written_by_templates(folder):
    said = run_without_torch(
        "import manikin as mk\n"
        "from manikin.datasets.notes import generate_toy_notes\n"
        "notes = generate_toy_notes(60)\n"
        "print(mk.Synthesizer('note', family='templates').fit(notes, quiet=True).sample(3)['note'].shape)",
        folder,
    )
    assert said == "(3,)\n"
