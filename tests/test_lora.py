"""LoRA: a tiny language model, made here, learns notes under a prompt; only adapters are kept."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

import manikin as mk

transformers = pytest.importorskip("transformers", reason="needs pip install 'manikin[llm]'")
pytest.importorskip("peft", reason="needs pip install 'manikin[llm]'")

TRAINING = mk.Training(steps=8, batch=8)


def frame(n: int, seed: int = 0) -> pd.DataFrame:
    """Notes that say the sex and the pain of their records."""
    rng = np.random.default_rng(seed)
    sex, pain = rng.choice(["F", "M"], n), rng.choice(["back", "chest", "knee"], n)
    word = np.where(sex == "F", "woman", "man")
    note = [f"The {w} has pain in the {p}. No fever." for w, p in zip(word, pain, strict=True)]
    return pd.DataFrame({"sex": sex, "pain": pain, "note": note})


def cohort(n: int, seed: int = 0) -> mk.Cohort:
    schema = {
        "sex": mk.Category(levels=("F", "M")),
        "pain": mk.Category(levels=("back", "chest", "knee")),
        "note": mk.Text(role="note"),
    }
    return mk.Cohort.from_pandas(frame(n, seed), schema)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of two layers with random weights, in the layout of Hugging Face."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    place = tmp_path_factory.mktemp("model")
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    words.train_from_iterator([*frame(200)["note"], "sex: F\npain: back\nnote:"], trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|end|>", bos_token="<|end|>"
    )
    config = transformers.GPT2Config(
        vocab_size=len(fast),
        n_positions=128,
        n_embd=48,
        n_layer=2,
        n_head=2,
        initializer_range=0.2,  # the head is not learned: weights of 0.02 could make no token likely
        bos_token_id=0,
        eos_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.GPT2LMHeadModel(config).save_pretrained(place)
    fast.save_pretrained(place)
    return place


def fitted(folder, training=TRAINING, **options) -> mk.Synthesizer:
    family = mk.families.LoRA(model=str(folder), **options)
    model = mk.Synthesizer("note", condition=("sex", "pain"), family=family, training=training)
    return model.fit(cohort(200), quiet=True)


def test_notes_come_out_and_only_adapters_are_kept(folder, tmp_path):
    model = fitted(folder)
    before = torch.random.get_rng_state()
    drawn = model.sample(condition=cohort(6, seed=1), seed=3)
    assert torch.equal(before, torch.random.get_rng_state())
    assert list(drawn.schema) == ["sex", "pain", "note"]
    assert all(isinstance(text, str) for text in drawn["note"])
    model.save(tmp_path / "kept")
    size = (tmp_path / "kept" / "weights.safetensors").stat().st_size
    assert size < 0.5 * (folder / "model.safetensors").stat().st_size
    again = mk.load(tmp_path / "kept").sample(condition=cohort(6, seed=1), seed=3)
    assert again["note"].tolist() == drawn["note"].tolist()
    other = model.sample(condition=cohort(6, seed=1), seed=4)
    assert other["note"].tolist() != drawn["note"].tolist()


def test_the_loss_counts_the_text_and_not_the_prompt(folder):
    """By hand: mean cross-entropy of the text's tokens and its end, given start, prompt and text."""
    from manikin.codecs.pretrained import PretrainedText
    from manikin.contracts.family import Batch
    from manikin.core.seeds import Key
    from manikin.nn.conditioning import ConditionBatch

    records, family = cohort(4), mk.families.LoRA(model=str(folder), dropout=0.0)
    codec = PretrainedText(str(folder)).fit(records, ["note"])
    prompt = codec.choose_condition_codecs(records, ["sex", "pain"])["prompt"]
    given = ConditionBatch.from_arrays({"prompt": prompt.encode(records)})
    with torch.random.fork_rng():
        nets = family.build_networks(codec.spec, None)
    net = nets.model.eval()
    x = torch.from_numpy(codec.encode(records))
    found = family.compute_loss(nets, Batch(x, given, Key(0).torch("cpu")))
    reader = transformers.AutoTokenizer.from_pretrained(folder)
    total, count = 0.0, 0
    for i, text in enumerate(records["note"]):
        head = [0, *reader(prompt.write_prompts(records)[i])["input_ids"]]
        tail = [*reader(text)["input_ids"], 0]
        logits = net.base(input_ids=torch.tensor([head + tail])).logits[0].log_softmax(-1)
        total -= sum(float(logits[len(head) + j - 1, token]) for j, token in enumerate(tail))
        count += len(tail)
    assert float(found) == pytest.approx(total / count, rel=1e-4)
    assert prompt.write_prompts(records)[0].splitlines()[-1] == "note:"


@pytest.mark.slow
def test_the_prompt_is_heeded(folder):
    """From random weights adapters alone learn which sex and which pain to name."""
    model = fitted(folder, mk.Training(steps=600, batch=16), rank=32, alpha=64, temperature=0.7)
    asked = cohort(60, seed=1)
    drawn = model.sample(condition=asked, seed=0)
    heeded = [
        pain in text and bool(re.search(r"\bwoman\b", text)) == (sex == "F")
        for sex, pain, text in zip(drawn["sex"], drawn["pain"], drawn["note"], strict=True)
    ]
    assert np.mean(heeded) > 0.8


def test_a_beginning_is_continued(folder):
    family = mk.families.LoRA(model=str(folder))
    model = mk.Synthesizer("note", condition="note", family=family, training=TRAINING)
    model.fit(cohort(50).select("note"), quiet=True)
    begun = mk.Cohort.from_pandas(
        pd.DataFrame({"note": ["The woman has"] * 3}), {"note": mk.Text(role="note")}
    )
    drawn = model.sample(condition=begun, seed=1)["note"]
    assert all(text.startswith("The woman has") for text in drawn)


def test_chat_templates_are_used(folder, tmp_path):
    import shutil

    from manikin.codecs.prompts import Prompts

    place = tmp_path / "chat"
    shutil.copytree(folder, place)
    reader = transformers.AutoTokenizer.from_pretrained(place)
    reader.chat_template = "{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %} [assistant]"
    reader.save_pretrained(place)
    records = cohort(3)
    prompts = Prompts(str(place), "note").fit(records, ["sex"])
    tokens = prompts.encode(records)[0]
    said = reader.decode((tokens[tokens > 0] - 1).tolist())
    assert said.startswith("[user] sex: ")
    assert said.endswith("note: [assistant]")


def test_examples_are_shown_and_nothing_is_learned(folder, tmp_path):
    family = mk.families.FewShot(model=str(folder), shots=2, longest=12)
    model = mk.Synthesizer("note", condition=("sex", "pain"), family=family)
    records = cohort(12)
    model.fit(records, quiet=True)
    prompts = model.fitted_model.condition_codecs["prompt"]
    first, last = frame(12).iloc[0], frame(12).iloc[11]
    asked = prompts.write_prompts(records.take(np.array([3])))[0].split("\n\n")
    assert asked[0] == f"sex: {first['sex']}\npain: {first['pain']}\nnote: {first['note']}"
    assert asked[1].endswith(f"note: {last['note']}")
    assert asked[2] == f"sex: {records['sex'][3]}\npain: {records['pain'][3]}\nnote:"
    model.save(tmp_path / "kept")
    given = records.select("sex", "pain").take(np.arange(3))
    drawn = model.sample(condition=given, seed=1)["note"].tolist()
    assert mk.load(tmp_path / "kept").sample(condition=given, seed=1)["note"].tolist() == drawn
    assert not any("\n\n" in text for text in drawn)
    assert model.compute_losses(records).shape == (12,)
    with pytest.raises(mk.errors.Unsupported, match="name fields in condition"):
        mk.Synthesizer("note", family=family).fit(records, quiet=True)
    many = mk.families.FewShot(model=str(folder), shots=13)
    with pytest.raises(mk.errors.Unsupported, match="examples asked for"):
        mk.Synthesizer("note", condition="sex", family=many).fit(records, quiet=True)


def test_what_cannot_be_adapted(folder, tmp_path):
    with pytest.raises(mk.errors.Unsupported, match="name its folder"):
        mk.Synthesizer("note", family="lora").fit(cohort(20), quiet=True)
    with pytest.raises(mk.errors.FormatError, match="no tokenizer found"):
        mk.Synthesizer("note", family=f"lora:{tmp_path / 'nothing'}").fit(cohort(20), quiet=True)
    bare = tmp_path / "bare"
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(bare)
    (bare / "config.json").write_text((folder / "config.json").read_text())
    with pytest.raises(mk.errors.FormatError, match="no weights"):
        mk.Synthesizer("note", family=f"lora:{bare}").fit(cohort(20), quiet=True)
    with pytest.raises(mk.errors.Unsupported, match="writes one field of text"):
        mk.Synthesizer("sex", family=f"lora:{folder}").fit(cohort(20), quiet=True)
    with pytest.raises(mk.errors.UsageError, match="no model after a colon"):
        mk.Synthesizer("sex", family="trees:folder").fit(cohort(20), quiet=True)
