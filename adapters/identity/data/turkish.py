"""Passwords that people in Turkey pick, put together by us: words, and what is hung on to them."""

from __future__ import annotations

from collections.abc import Iterator


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CLUBS = {
    "galatasaray": ("1905", "cimbom", "aslan"),
    "cimbom": ("1905",),
    "gs": ("1905",),
    "fenerbahce": ("1907", "fener", "kanarya"),
    "fener": ("1907",),
    "fb": ("1907",),
    "besiktas": ("1903", "kartal", "carsi"),
    "bjk": ("1903",),
    "karakartal": ("1903",),
    "trabzonspor": ("1967", "61", "6161"),
    "bursaspor": ("1963", "16", "1616"),
    "goztepe": ("1925", "35"),
    "karsiyaka": ("1912", "35", "3535"),
    "eskisehirspor": ("1965", "26", "2626"),
    "samsunspor": ("1965", "55", "5555"),
    "konyaspor": ("1922", "42", "4242"),
    "sivasspor": ("1967", "58", "5858"),
    "altay": ("1914", "35"),
}
"""Each with its year and nicknames."""

PROVINCES = _words(
    "adana adiyaman afyon agri amasya ankara antalya artvin aydin balikesir bilecik bingol bitlis"
    " bolu burdur bursa canakkale cankiri corum denizli diyarbakir edirne elazig erzincan erzurum"
    " eskisehir gaziantep giresun gumushane hakkari hatay isparta mersin istanbul izmir kars"
    " kastamonu kayseri kirklareli kirsehir kocaeli konya kutahya malatya manisa kahramanmaras"
    " mardin mugla mus nevsehir nigde ordu rize sakarya samsun siirt sinop sivas tekirdag tokat"
    " trabzon tunceli sanliurfa usak van yozgat zonguldak aksaray bayburt karaman kirikkale batman"
    " sirnak bartin ardahan igdir yalova karabuk kilis osmaniye duzce"
)
"""In the order of their plates: the first is 01."""

NAMES = _words(
    "ahmet ali arda arzu asli ayhan ayla ayse aysel aysun aziz banu baran baris bayram bekir berk"
    " berkay betul bilal bora buket burak burcu busra bulent can canan cem cemal cemre ceren ceyda"
    " cihan damla deniz derya dilara dilek duygu ebru ece eda efe elif emel emin emine emir emrah"
    " emre ender enes engin eray ercan erdem eren erhan erkan erol ersin esin esma esra eylul ezgi"
    " fatih fatma ferhat fikret filiz furkan gamze gizem gokhan gonca gozde gul gulay gulcan gulsah"
    " hakan halil haluk hamza harun hasan hatice havva haydar huseyin hulya ibrahim ilayda ilhan"
    " ilker ilknur irem irfan ismail kaan kadir kamil kemal kenan kerem koray kubra kursat levent"
    " leyla mahmut mehmet melek melike meltem meryem merve mert mesut metin mine miray muhammed"
    " muhammet murat musa mustafa nazli nermin nese neslihan nihat nil nuran nuray nurcan okan oguz"
    " omer onur orhan osman oya ozan ozge ozgur ozlem pelin pinar ramazan recep rabia rumeysa sami"
    " seda selcuk selim selin sema serdar serhat serkan serpil sevda sevgi sevim sibel sinan suat"
    " sukru sultan sule taner tarik tayfun tolga tuba tugba tulin turgay turgut ufuk ugur umit umut"
    " utku volkan yagmur yakup yasemin yasin yavuz yeliz yigit yilmaz yunus yusuf zehra zekeriya"
    " zerrin zeynep zuhal"
)

WORDS = _words(
    "askim askimsin birtanem bebegim canim canimsin hayatim sevgilim seniseviyorum sevdigim gulum"
    " melegim prenses prensesim kralice kral aslan aslanim kaplan kartal kurt bozkurt yildiz gunes"
    " ay dunya cicek papatya kelebek kedi kopek anne annem baba babam babacim abi abla kardes"
    " kardesim oglum kizim aile ailem allah allahim allahbir bismillah elhamdulillah insallah"
    " masallah muhammed ataturk mustafakemal turk turkiye turkiyem vatan bayrak millet istiklal"
    " cumhuriyet osmanli fatihsultan kurtlarvadisi polatalemdar ezel sifre sifrem sifreyok sifrem"
    " parola parolam giris deneme merhaba selam selamlar hosgeldin gunaydin yonetici patron mudur"
    " admin kullanici hesap bilgisayar internet telefon okul ogretmen ogrenci universite doktor"
    " polis asker araba mercedes tofas sahin dogan futbol magaza siparis satis kargo musteri urun"
    " kampanya pazaryeri eticaret destek muhasebe trendyol hepsiburada n11 ciceksepeti invekto"
    " benimsifrem zordegil unuttum bilmiyorum hicbirsey mutluluk huzur umut sevgi ask nefret hayat"
    " ozgurluk efsane muhtesem super kralsensin delikanli karadeniz ege akdeniz"
)

ENDS = (
    "",
    *_words(
        "1 2 3 5 7 01 10 11 12 13 21 22 23 33 34 44 55 66 77 88 99 06 35 61 00 007 100 111 123 222"
        " 333 555 666 777 888 999 000 321 1234 4321 12345 54321 123456 654321 1234567 12345678"
        " 123456789 123123 111111 1453 1923 1919 1881 1938 1071 2580 1905 1907 1903 1967 a aa as"
        " asd abc qwe x xx tr .com 34istanbul"
    ),
)

YEARS = tuple(str(year) for year in range(1950, 2031))

DIGITS = _words("123 1234 12345 123456 1234567 12345678 123456789 1234567890 123123 112233 147258")

LETTERS = _words(
    "a aa aaa ab abc abcd as asd asdf asdfg as as. aas q qw qwe qwer qwert qwerty w s x xx z zz zxc"
    " tr gs fb bjk ts ask askim ali veli can cem sifre"
)


def passwords() -> Iterator[str]:
    """Every word with every ending, digits with letters on either side, provinces with plates."""
    for word in {*CLUBS, *PROVINCES, *NAMES, *WORDS}:
        yield from (word + end for end in (*ENDS, *YEARS))
        yield from (start + word for start in ("123", "1234", "123456", "123456789"))
        yield word + word
    for club, ends in CLUBS.items():
        yield from (club + end for end in ends)
        yield from (f"{club}{year}{mark}" for year in ends for mark in ("", "1", "61", "123"))
        yield from (start + club for start in (*ends, "enbuyuk", "sampiyon", "kral"))
    for plate, province in enumerate(PROVINCES, start=1):
        yield from (
            f"{province}{plate:02}",
            f"{province}{plate:02}{plate:02}",
            f"{plate:02}{province}",
        )
    for number in DIGITS:
        yield from (number + letters for letters in LETTERS)
        yield from (letters + number for letters in LETTERS)
