"""Prose: words, denials, facts, marks, perplexity, BLEU and spans, against answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from manikin.text import corrupt, document_terms, mentioned_demographics, negation, shared_spans
from manikin.text.identifier_patterns import find_identifiers
from manikin.text.ngram_model import TrigramModel
from manikin.text.self_bleu import compute_self_bleu
from manikin.text.tokenize import TokenStream, find_headings, hash_word


def test_runs_never_cross_notes_and_follow_their_order():
    found = TokenStream.from_notes(["a b c", "", "b c d"])
    number, owner = found.hash_ngrams(2)
    assert owner.tolist() == [0, 0, 2, 2]
    assert number[1] == number[2]
    assert len(np.unique(number)) == 3
    turned = found[np.array([2, 0, 1])]
    assert turned.note_lengths.tolist() == [3, 3, 0]
    assert turned.word_hashes.tolist() == [hash_word(word) for word in "bcdabc"]


def test_perplexity_by_hand():
    model = TrigramModel.from_tokens(TokenStream.from_notes(["a b", "a b"]))
    # D = .75: p(a) = .25 / 2 + .75 · 2 / 2 / 3 = .375, after a beginning .25 + .75 · .375 = .53125
    assert model.compute_surprisal(TokenStream.from_notes(["a"]))[0] == pytest.approx(
        -np.log(1.25 / 2 + 0.375 * 0.53125)
    )
    known, odd, empty = model.compute_surprisal(TokenStream.from_notes(["a b", "b x", ""]))
    assert known < odd
    assert np.isnan(empty)


def test_probabilities_add_up_to_one():
    model = TrigramModel.from_tokens(TokenStream.from_notes(["a b a c", "b a", "c c a b"]))
    total = sum(
        np.exp(-2 * model.compute_surprisal(TokenStream.from_notes([f"a {word}"]))[0])
        for word in ("a", "b", "c", "x")
    )
    first = np.exp(-model.compute_surprisal(TokenStream.from_notes(["a"]))[0])
    assert total == pytest.approx(first)  # p(a) · Σ p(w | a), the unknown word among them


def test_denials():
    said = dict(negation.tag_negation("No fever or cough, but has pain. Stones were ruled out."))
    assert said == {
        "fever": True, "or": True, "cough": True, "has": False, "pain": False, "stones": True
    }  # fmt: skip
    assert all(not denied for _, denied in negation.tag_negation("No increase in effusion."))
    assert negation.flip_negation(negation.flip_negation("Heart is enlarged.")) == "Heart is enlarged."
    once_, denied = negation.count_negated_words(["No fever. Fever came."], {"fever": 0})
    assert (once_[0, 0], denied[0, 0]) == (2, 1)


def test_ages_and_sexes():
    texts = [
        "A 61-year-old obese white male.",
        "Aged 7.",
        "She came; she left.",
        "He saw her. She left.",
        "9 mg",
    ]
    assert mentioned_demographics.extract_ages(texts).tolist()[:2] == [61, 7]
    assert np.isnan(mentioned_demographics.extract_ages(texts)[2:]).all()
    assert mentioned_demographics.extract_sexes(texts).tolist()[:3:2] == [1, 0]
    assert np.isnan(mentioned_demographics.extract_sexes(texts)[3:]).all()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("call 555-123-4567", {"555-123-4567"}),
        ("seen by Dr. Novak on March 3, 2019", {"Dr. Novak", "March 3, 2019"}),
        ("a.b@example.org", {"a.b@example.org"}),
        ("BP 120/80, 3 to 4 days, XXXX, MRI of the knee", set()),
    ],
)
def test_marks_of_persons(text, found):
    assert {spelled for _, spelled in find_identifiers(text)} == found


def test_self_bleu_by_hand():
    found = compute_self_bleu(TokenStream.from_notes(["a b c d e", "a b c d f", "g h"]))
    # the first: 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 fours stand in the second
    assert found[0] == pytest.approx((4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    assert np.isnan(found[2])


def test_spans_of_one_subject():
    found = TokenStream.from_notes(["a b c", "a b c", "x a b"])
    known, people, _ = shared_spans.count_run_subjects(found, np.array([0, 0, 1]), 2)
    single = known[people == 1]
    assert len(single) == 2  # "b c" and "x a"
    having, runs = shared_spans.find_notes_with_runs(
        TokenStream.from_notes(["a b", "b c", "", "b c"]), 2, single
    )
    assert having.tolist() == [1, 3]
    assert len(runs) == 1


def test_what_is_in_common_with_one_subject_by_hand():
    train, held = (
        TokenStream.from_notes(["a b c d e", "x y z v", "p q r s"]),
        TokenStream.from_notes(["x y z v", "k"]),
    )
    known = shared_spans.TrainingRuns.from_tokens(train, np.array([7, 8, 9]), held, np.array([0, 1]))
    assert known.subject_counts.tolist().count(2) == 1  # "x y z v" is of two of five people
    far, whom = known.measure_overlap(
        TokenStream.from_notes(["b c d e", "x y z v", "x y z", "a b c d p q r s"]), None
    )
    assert far.tolist() == pytest.approx([np.log(5), np.log(5 / 2), 0, 0])
    assert whom[:2].tolist() == [0, 1]
    own, _ = known.measure_overlap(train, known.locate_subjects(np.array([7, 8, 9])))
    assert own.tolist() == [0, 0, 0]


def test_terms_and_headings():
    found = document_terms.build_term_matrix(
        TokenStream.from_notes(["b a b", "c"]), np.sort([hash_word("a"), hash_word("c")])
    )
    assert found.sum(axis=1).ravel().tolist()[0] == [1, 1]
    assert find_headings("He has: pain\nand 3: 4\nHistory: x\nLAB RESULTS\nfine") == [
        "he has",
        "history",
        "lab results",
    ]


def test_notes_made_worse_keep_what_they_say_they_keep():
    rng, texts = np.random.default_rng(0), ["one two three. four", "five", ""]
    mixed = corrupt.shuffle_words(texts, rng)
    assert sorted(" ".join(mixed).split()) == sorted(" ".join(texts).split())
    assert (
        [len(text.split()) for text in mixed]
        == [4, 1, 0]
        == [len(t.split()) for t in corrupt.draw_uniform_words(texts, rng)]
    )
    assert corrupt.truncate_notes(texts) == ["one two", "five", ""]
    assert corrupt.splice_notes(["a. b.", "c. d."], np.array([1, 0])) == ["a.\nd.", "c.\nb."]
