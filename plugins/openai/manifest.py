"""Who OpenAI is and what it offers; the library is imported only inside the factories."""

from __future__ import annotations

from plugins.openai.settings import Settings, hosts
from ports.clock import Clock
from ports.families.embedding import Embedder
from ports.families.llm import LanguageModel
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.sandbox import Sandbox


def _llm(context: Context) -> LanguageModel:
    from plugins.openai.client import Client
    from plugins.openai.llm import OpenAiLanguageModel

    return OpenAiLanguageModel(Client(context), context.settings)


def _embedding(context: Context) -> Embedder:
    from plugins.openai.client import Client
    from plugins.openai.embedding import OpenAiEmbedder

    return OpenAiEmbedder(Client(context), context.settings)


def _check(context: Context) -> Account:
    from plugins.openai.client import Client

    return Client(context).check()


def _sandbox(clock: Clock) -> Sandbox:
    from plugins.openai.sandbox import OpenAiSandbox

    return OpenAiSandbox(clock)


MANIFEST = Manifest(
    id="openai",
    name="OpenAI",
    summary=Text(
        en="Writes answers and makes vectors with OpenAI or any server that speaks its protocol.",
        tr="OpenAI veya onun protokolünü konuşan bir sunucuyla yanıt yazar, vektör üretir.",
    ),
    api=API_VERSION,
    settings=Settings,
    hosts=hosts,
    owners=("@invekto",),
    check=_check,
    llm=_llm,
    embedding=_embedding,
    sandbox=_sandbox,
)
