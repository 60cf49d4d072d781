"""QR codes, as pictures that a page shows without asking anybody else."""

from __future__ import annotations

from io import BytesIO

import segno


def qr_svg(text: str) -> str:
    """One SVG element that scales. It holds the text: as secret as that, and never to be logged.

    Fit for a page and for a `data:` address alike. ValueError for more text than a QR code takes.
    """
    picture = BytesIO()
    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError as error:
        raise ValueError("this is too long for a QR code") from error
    code.save(picture, kind="svg", xmldecl=False, omitsize=True, light="#fff", nl=False)
    return picture.getvalue().decode()
