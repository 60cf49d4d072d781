"""Models that break one promise each."""

from __future__ import annotations

import dataclasses

import sound
from acme.models import AcmeEmbedder, AcmeModel, AcmeUnderstanding
from planting import plant

from ports.errors import AuthRejected, RateLimited, Rejected
from ports.families.understanding import Guess, Reading


class CountsNothing(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        done = super().complete(turns, schema=schema, limit=limit)
        return dataclasses.replace(done, usage=dataclasses.replace(done.usage, output_tokens=0))


class IgnoresTheLimit(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        return super().complete(turns, schema=schema)


class SortsTheTexts(AcmeEmbedder):
    def embed(self, texts):
        return super().embed(sorted(texts))


class LongVectors(AcmeEmbedder):
    def unit(self, vector):
        return [2.0 * n for n in super().unit(vector)]


class PaysForNothing(AcmeEmbedder):
    def embed(self, texts):
        self.client.ask("/embed", {"texts": ["?"]})
        return super().embed(texts)


class StumblesOverSilence(AcmeUnderstanding):
    def read(self, text, examples={}):
        text.split()[0]
        return super().read(text, examples)


class RemembersExamples(AcmeUnderstanding):
    seen: dict = {}

    def read(self, text, examples={}):
        self.seen.update(examples)
        return super().read(text, self.seen)


class GuessesOnce(AcmeUnderstanding):
    def read(self, text, examples={}):
        return Reading(self.language(text), (Guess("order_status", 1.0),), "one")


class RaisesRefusals(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        done = super().complete(turns, schema=schema, limit=limit)
        if done.ended == "refused":
            raise Rejected("it will not", field="turns")
        return done


class KnowsNoSchema(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        if schema:
            raise Rejected("no schemas here", field="schema")
        return super().complete(turns, limit=limit)


class WaitsForMoney(AcmeModel):
    def complete(self, turns, *, schema=None, limit=800):
        try:
            return super().complete(turns, schema=schema, limit=limit)
        except AuthRejected:
            raise RateLimited("later", retry_after=60) from None


globals().update(
    plant(
        sound.TestModel,
        "llm",
        CountsNothing,
        IgnoresTheLimit,
        RaisesRefusals,
        KnowsNoSchema,
        WaitsForMoney,
    )
)
globals().update(
    plant(
        sound.TestEmbedder,
        "embedding",
        SortsTheTexts,
        LongVectors,
        PaysForNothing,
    )
)
globals().update(
    plant(
        sound.TestUnderstanding,
        "understanding",
        StumblesOverSilence,
        RemembersExamples,
        GuessesOnce,
    )
)
