"""The QR code of an authenticator's secret is a picture that a page can hold."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest
import segno
from defusedxml.ElementTree import fromstring

from adapters.identity.qr import qr_svg
from adapters.identity.totp import PyotpTotp

URI = PyotpTotp().uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "ayşe@example.com", "Invekto <Mağaza>")
SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_one_svg_that_scales_and_asks_nobody() -> None:
    drawn = qr_svg(URI)
    picture = fromstring(drawn)
    assert picture.tag == f"{SVG}svg"
    assert picture.get("viewBox")
    assert picture.get("width") is None, "the page says how large"
    assert {element.tag for element in picture.iter()} == {f"{SVG}svg", f"{SVG}path"}
    assert not re.findall(r"href|url\(|<script|<!|<\?", drawn)


def test_its_dark_squares_are_those_of_the_text() -> None:
    """The strokes are drawn again, square by square, and compared with the code of the text."""
    assert _squares(fromstring(qr_svg(URI))) == _dark(URI)
    assert _dark(URI) != _dark(URI.replace("GEZD", "GEZE"))


def test_more_text_than_a_code_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_svg("a" * 5000)


def _dark(text: str) -> set[tuple[int, int]]:
    rows = segno.make_qr(text, error="m").matrix_iter(border=4)
    return {(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}


def _squares(picture: Element) -> set[tuple[int, int]]:
    (strokes,) = [p.get("d", "") for p in picture if p.get("stroke")]
    squares, x, y = set(), 0.0, 0.0
    for word, first, second, length in re.findall(
        r"([Mm])(-?[\d.]+)[ ,]?(-?[\d.]+)h(\d+)", strokes
    ):
        x, y = (
            (float(first), float(second)) if word == "M" else (x + float(first), y + float(second))
        )
        squares |= {(int(x) + n, int(y)) for n in range(int(length))}
        x += int(length)
    return squares
