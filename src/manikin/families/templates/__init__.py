"""Phrases that several patients share, joined anew: the model of notes where there are few of them.

A note is written word by word. What may follow is read from the longest run of words before it that, with
what follows, at least `anonymous` patients share: whole sentences where these are shared, as in reports of
normal findings, and a few words where they are not. What longer runs leave open goes to words that only
shorter ones know (back-off; Katz, 1987). What is given with the record raises the words that its bearers
write more often, and of several drafts one is chosen that speaks of it. For a word that too few share
another stands in. Nothing that fewer share is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from manikin.contracts.codec import SharedPhrases
from manikin.contracts.family import FamilyState, ProgressCallback, StatisticalFamily
from manikin.encoding.decoding_options import OPTION_NAMES, HasDecodingOptions
from manikin.encoding.grammar import END
from manikin.errors import Unsupported
from manikin.families.templates.backoff import MAX_CONDITIONED_WORDS, BackoffWriter
from manikin.families.templates.ngrams import find_shared_ngrams, store_ngrams, trim_note
from manikin.families.templates.rerank import Reranker, fit_rerankers

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec


@final
@dataclass(frozen=True)
class Templates(HasDecodingOptions, StatisticalFamily):
    """Shared phrases, chosen by the record.

    Args:
        order: Words before that decide what follows, at most.
        anonymous: Patients that must share a run of words.
        bearers: Of these, those with one value of a given field before it raises what follows.
        stress: The power of what a given field says; above 1 notes say it more plainly than real ones.
        drafts: Notes that are drawn for a record with given fields, of which readers choose one.
        temperature: Below 1 likelier words are drawn still more often.
        shortest: Words and signs of a note at least, its end among them.
        longest: The same at most; drafts that do not end by then are put aside, or cut where all are such.

    Example:
        >>> from manikin.encoding.spec import Spec
        >>> Templates().refusal(Spec(vocab=5, length=4, ranges=((0, 5),) * 4, ragged=True)) is None
        True
    """

    order: int = 4
    anonymous: int = 5
    bearers: int = 2
    stress: float = 1.3
    drafts: int = 12
    temperature: float = 1.0
    shortest: int = 0
    longest: int | None = None
    tokens: ClassVar[bool] = True
    is_for_notes: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = OPTION_NAMES | {"stress", "drafts"}

    @property
    def codec_request(self) -> SharedPhrases:
        """Words that several patients share."""
        return SharedPhrases()

    def refusal(self, spec: Spec) -> str | None:
        """Only notes: tokens that end early, without a grammar."""
        if spec.ragged and spec.ranges:
            return None
        return "templates are for notes; use 'autoregressive' for other tokens, 'trees' for tables"

    def learn(
        self,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,
        progress: ProgressCallback,
    ) -> FamilyState:
        """Runs of words that enough patients share, alone and by the value of each given field."""
        start = spec.ranges[-1][1]
        notes = [trim_note(row, start) for row in x[:, given:].tolist()]
        state: FamilyState = {"start": np.array(start), "given": np.array(given)}
        parts = {f"{i}.{value}.": x[:, i] == value for i in range(given) for value in np.unique(x[:, i])}
        whole = find_shared_ngrams(notes, subject.tolist(), self.order + 1, self.anonymous)
        store_ngrams(state, "", whole)
        for done, (name, rows) in enumerate(parts.items(), 1):
            mine = [note for note, here in zip(notes, rows.tolist(), strict=True) if here]
            runs = find_shared_ngrams(mine, subject[rows].tolist(), MAX_CONDITIONED_WORDS + 1, self.bearers)
            store_ngrams(
                state,
                name,
                [{r: n for r, n in a.items() if r in b} for a, b in zip(runs, whole, strict=False)],
            )
            progress(0.5 * done / len(parts))
        if given and self.drafts > 1:
            rng = key.child("readers").numpy()
            state |= fit_rerankers(notes, x[:, :given], subject, whole, self.bearers, rng)
        progress(1.0)
        return state

    def draw(
        self, state: FamilyState, spec: Spec, x: np.ndarray, observed: np.ndarray, key: Key
    ) -> np.ndarray:
        """Notes word by word.

        Raises:
            Unsupported: The beginning of a note is given, whose words may not be among those shared.
        """
        given = int(state["given"])
        if observed[:, given:].any():
            raise Unsupported("templates do not continue a text that is given; use 'autoregressive'")
        writer = BackoffWriter(state, spec.ranges[-1][1], self.order, self.stress)
        readers, options = Reranker(state), self.decoding_options
        drafts = self.drafts if readers.fields or self.longest else 1
        out, rng = x.copy(), key.numpy()
        for row in np.lexsort(x[:, :given].T[::-1]) if given else range(len(x)):  # alike come together
            here = x[row, :given].tolist()
            found = [writer.write_note(here, x.shape[1] - given, options, rng) for _ in range(drafts)]
            found = [draft for draft in found if self._is_complete(draft)] or found
            chosen = 0
            if len(found) > 1:
                read = [trim_note(draft.tolist(), writer.size) for draft in found]
                chosen = rng.choice(len(found), p=readers.compute_draft_shares(read, here))
            out[row, given:] = found[chosen]
        if self.longest:
            out[:, given + options.compute_max_length(x.shape[1] - given) - 1] = END
        return out

    def _is_complete(self, draft: np.ndarray) -> bool:
        """Whether it ends within what is asked for."""
        return not self.longest or draft[self.decoding_options.compute_max_length(len(draft)) - 1] == END


__plugin__ = Templates
