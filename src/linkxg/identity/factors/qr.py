"""QR codes (ISO/IEC 18004) as SVG images, which need no font and no script."""

from io import BytesIO

import segno


def qr_svg(text: str) -> str:
    """An `svg` element of any size, dark on white whatever the page's colours."""
    image = BytesIO()
    segno.make_qr(text, error="m").save(
        image, kind="svg", xmldecl=False, nl=False, omitsize=True, light="#fff", svgclass=None, lineclass=None
    )
    return image.getvalue().decode()
