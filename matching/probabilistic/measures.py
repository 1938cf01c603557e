"""
Measures in texts, written in one way: 75 cl, 750ml and 0,75 l are the same, and so are 15.6" and 15,6 inch, 6x33 cl and 6 x 330 ml.

Only units of the SI and customary ones of trade are known, by their symbols and English names.
"""

import re
from collections import Counter
from collections.abc import Sequence

MIN_MEASURES = 0.1  # share of the texts with a measure, for measures to be read
MIN_OTHERS = (
    0.05  # share of measures with another number than is usual; where there are fewer, texts are better left alone
)
_DIGIT = re.compile(r"[0-9]")
# Of each kind the units that are written, the larger ones first.
_WRITTEN = {
    "g": ((1e3, "kg"), (1.0, "g"), (1e-3, "mg")),
    "l": ((1.0, "l"), (1e-3, "ml")),
    "m": ((1.0, "m"), (1e-3, "mm")),
    "mb": ((1e6, "tb"), (1e3, "gb"), (1.0, "mb")),
    "w": ((1e3, "kw"), (1.0, "w"), (1e-3, "mw")),
    "hz": ((1e9, "ghz"), (1e6, "mhz"), (1e3, "khz"), (1.0, "hz")),
    "ah": ((1.0, "ah"), (1e-3, "mah")),
    "v": ((1.0, "v"),),
    "mp": ((1.0, "mp"),),
}
_INCH = 0.0254
_UNITS = {
    unit: (factor, kind)
    for kind, units in {
        "g": {"oz": 28.3495, "lb": 453.592, "lbs": 453.592, "gr": 1.0},
        "l": {
            "cl": 0.01, "dl": 0.1, "ltr": 1.0, "liter": 1.0, "liters": 1.0, "litre": 1.0, "litres": 1.0,
            "fl oz": 0.0295735, "qt": 0.946353, "quart": 0.946353, "quarts": 0.946353, "gal": 3.78541, "gallon": 3.78541,
        },
        "m": {
            "cm": 0.01, "ft": 0.3048, "in": _INCH, "inch": _INCH, "inches": _INCH, '"': _INCH, "''": _INCH, "'": _INCH,
            "”": _INCH, "″": _INCH,
        },
        "w": {"watt": 1.0, "watts": 1.0},
        "v": {"volt": 1.0, "volts": 1.0},
        "mp": {"megapixel": 1.0, "megapixels": 1.0},
    }.items()
    for unit, factor in units.items()
}  # fmt: skip
_UNITS |= {unit: (factor, kind) for kind, units in _WRITTEN.items() for factor, unit in units}
_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=lambda unit: (-len(unit), unit)))
# "3 in 1" is no measure, and neither is "5's". A mark of inches may be followed by anything.
_MEASURE = re.compile(
    rf"(?<![\w.,])(\d{{1,7}}(?:[.,]\d{{1,3}})?)[ -]?({_NAMES})(?!\w)(?!(?<=in) ?\d)(?!(?<=')s)", re.IGNORECASE
)
_TIMES = re.compile(r"(?<!\w)(\d{1,4}) ?[x×] ?(?=\d)", re.IGNORECASE)


def differ(texts: Sequence[str | None]) -> bool:
    """Whether many texts have a measure, and many of these measures are not written with the number that most others have."""
    numbers: dict[str, Counter[str]] = {}
    known = [text for text in texts if text]
    having = 0
    for text in known:
        found = list(_MEASURE.finditer(text)) if _DIGIT.search(text) else []
        having += bool(found)
        for one in found:
            numbers.setdefault(_written(one), Counter())[one[1].replace(",", ".")] += 1
    total = sum(one.total() for one in numbers.values())
    usual = sum(max(one.values()) for one in numbers.values())
    return having >= MIN_MEASURES * max(len(known), 1) and total - usual >= MIN_OTHERS * max(total, 1)


def unified(texts: Sequence[str | None]) -> list[str | None]:
    """The texts with each measure as one word, and a number of pieces before it as another: "6x 330ml"."""
    return [_unified(text) for text in texts]


def _unified(text: str | None) -> str | None:
    if not text or not _DIGIT.search(text):
        return text
    return _MEASURE.sub(_written, _TIMES.sub(r"\1x ", text))


def _written(found: re.Match[str]) -> str:
    factor, kind = _UNITS[found[2].lower()]
    value = float(found[1].replace(",", ".")) * factor
    units = _WRITTEN[kind]
    size, unit = next((one for one in units if value >= one[0] * (1 - 1e-9)), units[-1])
    # Without zeros at the end, in which different measures would look alike, and without a point, which parts words.
    return f"{value / size:.3g}".replace(".", "d").replace("+", "") + f"{unit} "
