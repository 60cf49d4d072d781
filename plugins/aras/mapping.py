"""Aras's rows and words in ours: visible tables and pure functions.

Column names and codes are those of the query-service guide (rev. 2019). Which code means which of
our states is our reading of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ports.errors import ContractBroken
from ports.families.carrier import Parcel, ParcelState, Scan
from ports.wild import Wild

Row = Mapping[str, Wild]
"""The columns of a row by their normalised names."""

ISTANBUL = ZoneInfo("Europe/Istanbul")

RETURNED_TYPE = "3"
DELIVERED = "6"
PARTIAL = "5"

STATES = {
    "1": ParcelState.ACCEPTED,
    "2": ParcelState.IN_TRANSIT,
    "3": ParcelState.IN_TRANSIT,
    "4": ParcelState.OUT_FOR_DELIVERY,
    PARTIAL: ParcelState.OUT_FOR_DELIVERY,
    DELIVERED: ParcelState.DELIVERED,
    "7": ParcelState.IN_TRANSIT,
}
"""DURUM_KODU of a parcel that is neither returned nor held up."""

AT_THE_DOOR = frozenset({"3", "4"})
"""The DURUM_KODU at which a devir code is today's news: delivery branch, out with the courier."""

WAITING = frozenset({"SA", "PR", "TT", "MD", "TL"})
"""Devir codes that wait for a day or for the customer instead of having failed."""

REASONS = {
    "AY": "Adres hatalı veya eksik",
    "NT": "Adreste kimse bulunamadı, ziyaret notu bırakıldı",
    "MD": "Adrese belirli günlerde dağıtım yapılıyor, dağıtım günü bekleniyor",
    "TL": "Resmî tatil nedeniyle teslimat bekliyor",
    "SA": "Alıcı gönderiyi şubeden teslim alacak",
    "AD": "Adres dağıtım alanının dışında",
    "TG": "Gün içinde teslimata yetişilemedi",
    "AA": "Alıcı adreste tanınmıyor",
    "HT": "Gönderi hasarlı veya tutanaklı",
    "KG": "Gönderi gümrük işleminde",
    "PR": "Gönderi 7/24 teslimat dolabında alıcısını bekliyor",
    "UR": "Alıcı ücreti ödemeyi kabul etmedi",
    "KE": "Alıcı gönderiyi kabul etmedi",
    "TT": "Alıcı teslimat için başka bir zaman veya yer seçti",
    "PS": "Gönderinin parçalarında eksik veya sorun var",
    "TO": "Toplumsal olaylar nedeniyle teslimat yapılamadı",
}
"""Devir codes, folded: Aras writes two of them with Turkish letters (ŞA, ÜR)."""

PARTLY = "Gönderinin yalnızca bir bölümü teslim edildi"

MOVEMENT_STATES = (
    (r"^IADE TESLIM EDILDI", ParcelState.RETURNED),
    (r"\bIADE", ParcelState.RETURNING),
    (r"TESLIM EDILEMEDI|\bDEVIR", ParcelState.DELIVERY_FAILED),
    (r"^(ALICIYA )?TESLIM EDILDI", ParcelState.DELIVERED),
    (r"SUBEDEN ALACAK", ParcelState.WAITS_FOR_CUSTOMER),
    (r"DAGITIMA CIKARILDI", ParcelState.OUT_FOR_DELIVERY),
    (r"KARGO KABUL", ParcelState.ACCEPTED),
    (r"ARACI? (YUKLEME|INDIRME)", ParcelState.IN_TRANSIT),
)
"""What an ISLEM says, folded; the first that fits counts. Only a few words are documented, so a
stranger stays UNKNOWN and keeps its own word."""

_TURKISH_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(\S.*))?")


def fold(words: str) -> str:
    """Upper case without accents, one space between words: `Çıkış  şubesi` is `CIKIS SUBESI`."""
    plain = unicodedata.normalize("NFKD", words)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).upper().split())


def to_rows(answer: Wild) -> list[Row]:
    """The rows under QueryResult, whatever their element is called.

    The service turns XML into JSON: one row is an object, several are a list, none is null.
    """
    found = answer["QueryResult"]
    if not found.present or found.raw == "":
        if "QueryResult" not in _members(answer):
            raise ContractBroken("$.QueryResult is missing")
        return []
    elements = _members(found).values()
    return [_row(row) for element in elements for row in _one_or_many(element)]


def _members(wild: Wild) -> dict[str, Wild]:
    names = wild.keys()
    return {name: wild[name] for name in names}


def _one_or_many(element: Wild) -> Sequence[Wild]:
    if not element.present or element.raw == "":
        return ()
    return tuple(element.each()) if isinstance(element.raw, list) else (element,)


def _row(wild: Wild) -> Row:
    return _Row({fold(name).replace(" ", "_"): value for name, value in _members(wild).items()})


class _Row(dict[str, Wild]):
    """A column that is not there reads as absent."""

    def __missing__(self, column: str) -> Wild:
        return Wild(None, column)


def column(row: Row, name: str) -> str:
    """The column's text without margins; empty when absent. Codes may come as numbers."""
    return (row[name].digits_or("") or "").strip()


def is_tracking_number(number: str) -> bool:
    """Aras's own numbers have 13 digits."""
    return re.fullmatch("[0-9]{13}", number) is not None


def own_code(row: Row) -> str:
    """The sender's code, which the movements are asked by; empty for parcels sent without one."""
    return column(row, "MUSTERI_OZEL_KODU")


def newest(rows: Sequence[Row]) -> Row | None:
    """Of several parcels under one code the one that left last."""
    return max(reversed(rows), key=_left_on, default=None)


def _left_on(row: Row) -> datetime:
    given = column(row, "CIKIS_TARIH") or column(row, "CIKIS_TARIHI")
    return moment(given) if given else datetime.min.replace(tzinfo=ISTANBUL)


def to_parcel(number: str, row: Row, movements: Sequence[Row]) -> Parcel:
    """The parcel under Aras's number; before the waybill is cut, under the number asked for."""
    state = state_of(row)
    delivered = state is ParcelState.DELIVERED
    tracking_number = column(row, "KARGO_TAKIP_NO")
    return Parcel(
        number=tracking_number or number,
        state=state,
        vendor_state=column(row, "DURUMU") or column(row, "DURUM_KODU"),
        scans=tuple(sorted(map(to_scan, movements), key=lambda scan: scan.at)),
        reason=reason_of(row, state),
        delivered_at=_delivered_at(row) if delivered else None,
        delivered_to=(column(row, "TESLIM_ALAN") or None) if delivered else None,
        destination=column(row, "VARIS_SUBE") or None,
        link=link(tracking_number) if is_tracking_number(tracking_number) else None,
    )


def state_of(row: Row) -> ParcelState:
    """TIP_KODU and DURUM_KODU read together: a 6 of a returned parcel is the sender's door."""
    status = column(row, "DURUM_KODU")
    if column(row, "TIP_KODU") == RETURNED_TYPE:
        return ParcelState.RETURNED if status == DELIVERED else ParcelState.RETURNING
    if (devir := devir_of(row)) and status in AT_THE_DOOR:
        waits = devir in WAITING
        return ParcelState.WAITS_FOR_CUSTOMER if waits else ParcelState.DELIVERY_FAILED
    return STATES.get(status, ParcelState.UNKNOWN)


def devir_of(row: Row) -> str:
    """The folded non-delivery code, whichever of its two columns holds it."""
    return fold(column(row, "DEVIR_KODU") or column(row, "TESLIM_EDILEMEME_NEDENI_KODU"))


def reason_of(row: Row, state: ParcelState) -> str | None:
    if state is ParcelState.DELIVERED:
        return None
    devir = devir_of(row)
    known = REASONS.get(devir) or (f"Teslim edilemedi (kod {devir})" if devir else None)
    if state in (ParcelState.RETURNING, ParcelState.RETURNED):
        return column(row, "IADE_SEBEBI") or known
    return known or (PARTLY if column(row, "DURUM_KODU") == PARTIAL else None)


def to_scan(row: Row) -> Scan:
    word = column(row, "ISLEM")
    return Scan(
        at=moment(column(row, "ISLEM_TARIHI")),
        vendor_word=word,
        state=movement_state(word),
        place=column(row, "BIRIM") or None,
        note=column(row, "ACIKLAMA") or None,
    )


def movement_state(word: str) -> ParcelState:
    folded = fold(word)
    fits = (state for words, state in MOVEMENT_STATES if re.search(words, folded))
    return next(fits, ParcelState.UNKNOWN)


def _delivered_at(row: Row) -> datetime | None:
    day, clock = column(row, "TESLIM_TARIHI"), column(row, "TESLIM_SAATI")
    return moment(day, clock) if day else None


def moment(day: str, clock: str = "") -> datetime:
    """A moment in Istanbul: `07.01.2026`, `2026-01-07T14:25:00` or `20260107`, then the clock.

    A clock of its own column replaces the one inside the day. ContractBroken names what is neither.
    """
    try:
        read = datetime.fromisoformat(_iso(day))
        if clock:
            hour, minute, *second = clock.split(":")
            read = read.replace(hour=int(hour), minute=int(minute), second=int((*second, "0")[0]))
    except ValueError:
        raise ContractBroken(f"{day!r} {clock!r} is not a moment") from None
    return read if read.tzinfo else read.replace(tzinfo=ISTANBUL)


def _iso(day: str) -> str:
    if (turkish := _TURKISH_DAY.fullmatch(day)) is None:
        return day
    date, month, year, rest = turkish.groups()
    return f"{year}-{month:0>2}-{date:0>2}" + (f"T{rest}" if rest else "")


def link(tracking_number: str) -> str:
    """The public page. Those by the sender's code carry a password and are never sent out."""
    return f"https://kargotakip.araskargo.com.tr/mainpage.aspx?code={tracking_number}"
