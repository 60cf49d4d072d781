"""Turkish, English, or cannot be told: by letters, endings and small words, after folding.

Turkish typed without its own letters is still Turkish: the small words and the endings remain.
"""

from __future__ import annotations

import re
from functools import lru_cache

from plugins.local_models.folding import fold

TURKISH, ENGLISH, UNDETERMINED = "tr", "en", "und"

_ENOUGH = 0.8
"""Less evidence than one Turkish ending or one known word is none."""

_TURKISH_LETTERS = re.compile(r"[ğışİĞŞ]")
_SHARED_LETTERS = re.compile(r"[çöüÇÖÜ]")
_WORD = re.compile(r"[^\W\d_]+")
_OTHER_SCRIPT = re.compile(r"[^\W\d_a-z]")

_TR_WORDS = frozenset(
    "bir bu su o ve veya ile icin ama fakat ancak cok daha en ne nasil neden niye nicin nerede"
    " nerde nereye hangi kac kim kimse mi mu midir var yok evet hayir degil gibi kadar sonra once"
    " simdi bugun yarin dun hala henuz artik bile ben sen biz siz onlar bana sana bize size beni"
    " bizi sizi benim senin bizim sizin bunu sunu bunun sunun onun bende sizde bizde sizden benden"
    " lutfen merhaba merhabalar selam selamlar slm mrb gunaydin iyi gunler aksamlar geceler"
    " calismalar kolay gelsin tesekkur tesekkurler sagol sagolun eyvallah tamam hocam abi abla"
    " ablacim kardesim gardas bacim usta ula gari yav ya la hele valla acaba yani cunku eger hic"
    " her hep sey zaman gun gundur hafta haftadir ay yil saat numara nolu adet tane para lira tl"
    " istiyorum istiyom istemiyorum olur olmaz oldu olmadi olacak geldi gelmedi gelir gelecek eder"
    " edin etmek misiniz musunuz misin musun miyim muyum musun nedir neymis lazim gerek gerekiyor"
    " yanlis eksik kirik bozuk beden renk fiyat fiyati stok stokta bi da de diye kere kez ise iken"
    " naber meraba deneme fikra nrde kalin olrmu varmi vrmi kodu kodum boy buyuk kucuk emanet olsun"
    " peki efendim buyrun hayirli ilgili sayin yetkili musteri hizmetleri bay bayan alo"
    .split()
)
_EN_WORDS = frozenset(
    "the a an i you he she it we they me my your our their his her its this that these those is am"
    " are was were be been being do does did done have has had having will would can could should"
    " shall may might must not no yes and or but if so because of in on at to for from with without"
    " by about into over after before until than then there here where when why how what which who"
    " whose get got getting give want need like please pls plz thanks thank thx hello hi hey hiya"
    " good morning afternoon evening day days week weeks month today tomorrow yesterday still yet"
    " already never ever any some all more most much many one two three order orders ordered parcel"
    " package shipment delivery tracking refund return exchange cancel address invoice receipt"
    " stock price cost size colour color broken damaged missing wrong item items product store shop"
    " card payment pay paid money account password login help talk speak human agent person someone"
    " just really very too also again back off out up down new old first last only don doesn didn"
    " isn wasn won im ive ur u ya yo mate guys lol bye cheers sorry okay where's waiting late"
    .split()
)
_OTHER_WORDS = frozenset(
    "der das ist nicht und ich mein meine wo ein eine habe bitte wann kann mit fur auf zu wie"
    " le les des est mon ma mes je ou vous nous avec pour pas une et bonjour merci commande"
    " el los las es donde esta mi mis por que con hola gracias pedido cuando quiero una"
    " il lo gli dove sono che per ciao grazie ordine mio mia quando het een niet ik mijn waar"
    .split()
)
_TR_BEGINNINGS = re.compile(
    r"karg|sipar|iade|fatura|urun|adres|degis|gonder|iptal|teslim|takip|odeme|taksit|kupon|indirim"
    r"|kampanya|garanti|servis|randevu|hesab|sifre|bilgi|magaza|kurye|begen|tesek|gorus|nasils|hosca|dogrula|paket|beden|musteri|temsilci"
)
_TR_ENDINGS = re.compile(
    r".{2,}(?:iyor|uyor|iyo|uyo|iyom|yorum|yorsun|misim|misin|mislar|dim|dum|tim|dik|medi|madi|mis|mus"
    r"|lar|ler|lari|leri|larim|lerim|imi|umu|inin|unun|mak|mek|acak|ecek|acagim|ecegim|siniz|sunuz"
    r"|nda|nde|dan|den|[aeiou]si|[aeiou]yi|lik|luk|siz|suz|ebilir|abilir|diniz|dunuz|rim|rum|niz|nuz|alim|elim|sin|sun)"
)
_EN_ENDINGS = re.compile(r".{2,}(?:ing|age|tion|ness|ment|ed|ly|ght|ck|ould|ther|wh|ies|able|ful)")
_EN_LETTERS = re.compile(r"[wqx]|th|sh|oo|ee|ck|ph")


def language_of(text: str) -> str:
    """`tr`, `en` or `und`; the longest text is judged by its first 2,000 characters."""
    typed = text[:2_000]
    turkish = 2.0 * len(_TURKISH_LETTERS.findall(typed)) + 0.5 * len(_SHARED_LETTERS.findall(typed))
    english = other = 0.0
    for word in _WORD.findall(fold(typed)):
        tr, en, foreign = _evidence(word)
        turkish, english, other = turkish + tr, english + en, other + foreign
    best = max(turkish, english)
    if best < _ENOUGH or other > best or turkish == english:
        return UNDETERMINED
    return TURKISH if turkish > english else ENGLISH


@lru_cache(16_384)
def _evidence(word: str) -> tuple[float, float, float]:
    if _OTHER_SCRIPT.search(word):
        return 0.0, 0.0, 1.0
    turkish = float(word in _TR_WORDS) or (1.0 if _TR_BEGINNINGS.match(word) else 0.0)
    english = float(word in _EN_WORDS)
    other = float(word in _OTHER_WORDS)
    if not (turkish or english or other):
        turkish = 0.8 if _TR_ENDINGS.fullmatch(word) else 0.0
        english = 0.6 if _EN_ENDINGS.fullmatch(word) else 0.0
        english += 0.4 if _EN_LETTERS.search(word) else 0.0
    return turkish, english, other
