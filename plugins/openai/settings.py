"""Which server, which models, whose key."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ports.settings import Secret, setting

OPENAI = "https://api.openai.com/v1"

_ADDRESS = r"(https://[A-Za-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?(/[^\s?#]*)?"
"""Encrypted, except to a server on the same machine."""


@dataclass(frozen=True, slots=True)
class Settings:
    api_key: Secret = setting(
        "platform.openai.com > API keys; for another server its own key. A server without keys "
        "takes any word.",
        tr="platform.openai.com > API keys; başka bir sunucuda onun kendi anahtarı. Anahtar "
        "istemeyen sunucuya herhangi bir sözcük yazılabilir.",
        title="API key",
        pattern=r"[\x21-\x7e]+",
    )
    model: str = setting(
        "The model that writes, as the server names it.",
        tr="Yanıtları yazacak model, sunucudaki adıyla.",
        example="gpt-5-mini",
        max_length=200,
    )
    base_url: str = setting(
        "Address of the server up to and with its version.",
        tr="Sunucunun, sürümü de içeren adresi.",
        title="Base URL",
        default=OPENAI,
        pattern=_ADDRESS,
        example=OPENAI,
    )
    embedding_model: str | None = setting(
        "The model that makes vectors. Leave empty when only writing is wanted.",
        tr="Vektör üretecek model. Yalnızca yazdırmak istiyorsanız boş bırakın.",
        default=None,
        example="text-embedding-3-small",
        max_length=200,
    )
    dimensions: int | None = setting(
        "Numbers in a vector. May be left empty for OpenAI's own models.",
        tr="Bir vektördeki sayı adedi. OpenAI'nin kendi modellerinde boş bırakılabilir.",
        default=None,
        example="256",
    )
    organization: str | None = setting(
        "Only for keys that belong to several organizations: org-…",
        tr="Yalnızca birden çok kuruluşa ait anahtarlarda: org-…",
        default=None,
        pattern=r"[A-Za-z0-9_-]{1,100}",
    )
    project: str | None = setting(
        "Only for keys that are not bound to a project: proj_…",
        tr="Yalnızca bir projeye bağlı olmayan anahtarlarda: proj_…",
        default=None,
        pattern=r"[A-Za-z0-9_-]{1,100}",
    )
    limit_parameter: str = setting(
        "How the server calls the limit of an answer; older compatible servers say max_tokens.",
        tr="Sunucunun yanıt sınırına verdiği ad; eski uyumlu sunucular max_tokens der.",
        default="max_completion_tokens",
        choices=("max_completion_tokens", "max_tokens"),
    )


def hosts(settings: Settings) -> frozenset[str]:
    """The one host of the tenant's address."""
    return frozenset({host(settings)})


def host(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or ""
