"""The words for currencies: codes, symbols and names. And the decimals of their minor units (ISO 4217)."""

from functools import lru_cache

from core import money
from core.money import CURRENCIES
from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import key, plain

LONGEST = 64  # characters of a name
SHARED = "?"  # what stands for a word that several currencies share

# What people write and CLDR does not list: symbols that name the country, and shortenings. Each is in use in exported files.
_CUSTOMARY = {
    **dict.fromkeys(("US$", "U$S", "$US", "U$D", "USD$", "US $", "US-$"), "USD"),
    # In Nicaragua C$ is the córdoba.
    **dict.fromkeys(("C$", "CA$", "CAD$", "CDN$", "$CA", "$CAN"), "CAD"),
    **dict.fromkeys(("A$", "AU$", "AUD$", "$AU"), "AUD"),
    **dict.fromkeys(("NZ$", "NZD$", "$NZ"), "NZD"),
    **dict.fromkeys(("HK$", "HKD$"), "HKD"),
    **dict.fromkeys(("NT$", "NTD", "新臺幣", "新台幣", "臺幣", "台幣", "新台币", "台币"), "TWD"),
    **dict.fromkeys(("S$", "SG$", "SGD$"), "SGD"),
    **dict.fromkeys(("MX$", "Mex$", "MXN$", "M.N."), "MXN"),
    **dict.fromkeys(("RD$",), "DOP"),
    **dict.fromkeys(("AR$",), "ARS"),
    **dict.fromkeys(("CLP$", "CL$"), "CLP"),
    **dict.fromkeys(("COL$", "COP$"), "COP"),
    **dict.fromkeys(("TT$",), "TTD"),
    **dict.fromkeys(("J$", "JA$"), "JMD"),
    **dict.fromkeys(("N$",), "NAD"),
    **dict.fromkeys(("BN$",), "BND"),
    **dict.fromkeys(("EC$",), "XCD"),
    **dict.fromkeys(("FJ$",), "FJD"),
    **dict.fromkeys(("RS$",), "BRL"),
    **dict.fromkeys(("Fr", "Fr.", "SFr", "sFr.", "Sfr."), "CHF"),
    **dict.fromkeys(("RMB", "CNH", "CN¥", "人民币", "人民幣"), "CNY"),
    **dict.fromkeys(("円", "JP¥", "日本円"), "JPY"),
    **dict.fromkeys(("원", "원정"), "KRW"),
    **dict.fromkeys(("руб", "руб.", "р", "р.", "₽"), "RUB"),
    **dict.fromkeys(("грн", "грн."), "UAH"),
    **dict.fromkeys(("лв", "лв."), "BGN"),
    **dict.fromkeys(("тг", "тг.", "тенге"), "KZT"),
    **dict.fromkeys(("сум", "so'm"), "UZS"),
    **dict.fromkeys(("ден", "ден."), "MKD"),
    **dict.fromkeys(("дин", "дин.", "din", "din."), "RSD"),
    **dict.fromkeys(("TL", "₺"), "TRY"),
    # The letter before the name of the shekel is "in".
    **dict.fromkeys(("NIS", 'ש"ח', "ש״ח", "שח", 'בש"ח', "בש״ח", "בשח", "ב₪", "ב-₪"), "ILS"),
    **dict.fromkeys(("Ft", "Ft."), "HUF"),
    **dict.fromkeys(("S/.", "S/"), "PEN"),
    **dict.fromkeys(("B/.", "B/"), "PAB"),
    **dict.fromkeys(("Gs", "Gs.", "₲"), "PYG"),
    **dict.fromkeys(("GH₵", "GHC", "₵"), "GHS"),
    **dict.fromkeys(("KSh", "Ksh", "Kshs", "KShs"), "KES"),
    **dict.fromkeys(("TSh", "Tsh"), "TZS"),
    **dict.fromkeys(("USh", "Ush"), "UGX"),
    **dict.fromkeys(("Tk", "Tk."), "BDT"),
    **dict.fromkeys(("Ks", "Ks.", "Kyat", "Kyats"), "MMK"),
    **dict.fromkeys(("LE", "L.E.", "E£", "ج.م"), "EGP"),
    **dict.fromkeys(("ر.س",), "SAR"),
    **dict.fromkeys(("L.L.", "LL", "ل.ل"), "LBP"),
    **dict.fromkeys(("د.إ", "Dhs", "Dhs."), "AED"),
    **dict.fromkeys(("บาท",), "THB"),
    **dict.fromkeys(("Rp", "Rp.", "RP", "rp"), "IDR"),
    **dict.fromkeys(("đ", "₫", "VNĐ"), "VND"),
    **dict.fromkeys(("Lei", "lei", "LEI"), "RON"),
    **dict.fromkeys(("zl", "zł", "zł.", "ZŁ", "ZL"), "PLN"),
    **dict.fromkeys(("Kc", "Kč", "KČ", "kč"), "CZK"),
    **dict.fromkeys(
        ("FCFA", "F CFA", "CFA", "dollar", "dollars", "peso", "pesos", "$", "kr", "kr.", "Kr", "¥"), SHARED
    ),
    **dict.fromkeys(("KR", "KR.", "Rs", "Rs.", "RS", "RS.", "rs", "rs.", "₨", "﷼", "圓"), SHARED),
    **dict.fromkeys(("Bs", "Bs.", "B$", "DH", "Dh", "dh", "Sh", "Sh.", "Shs", "Shs."), SHARED),
    **dict.fromkeys(("دينار", "ریال", "ريال", "جنيه"), SHARED),
}
# The currencies that people write with a sign or a word that names no country, by the word in small letters. Where one of
# them is meant unless the file says otherwise, the lists above or CLDR have it.
_MEANINGS = {
    **dict.fromkeys(("kr", "krone", "kroner", "krona", "kronor", "krónur"), ("DKK", "ISK", "NOK", "SEK")),
    **dict.fromkeys(("rs", "₨", "rupee", "rupees"), ("INR", "LKR", "MUR", "NPR", "PKR", "SCR")),
    **dict.fromkeys(("¥",), ("CNY", "JPY")),
    **dict.fromkeys(("元", "圓"), ("CNY", "HKD", "MOP", "TWD")),
    **dict.fromkeys(("£", "pound", "pounds"), ("EGP", "FKP", "GBP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP")),
    **dict.fromkeys(("lei", "leu"), ("MDL", "RON")),
    **dict.fromkeys(("руб", "р"), ("BYN", "RUB")),
    **dict.fromkeys(("fr", "franc", "francs"), ("BIF", "CDF", "CHF", "DJF", "GNF", "KMF", "RWF", "XAF", "XOF", "XPF")),
    **dict.fromkeys(("fcfa", "f cfa", "cfa"), ("XAF", "XOF")),
    **dict.fromkeys(("sh", "shs", "shilling", "shillings"), ("KES", "SOS", "TZS", "UGX")),
    **dict.fromkeys(("dh", "dhs", "dirham", "dirhams"), ("AED", "MAD")),
    **dict.fromkeys(("dinar", "dinars", "دينار"), ("BHD", "DZD", "IQD", "JOD", "KWD", "LYD", "RSD", "TND")),
    **dict.fromkeys(("﷼", "ریال", "ريال", "rial", "riyal"), ("IRR", "OMR", "QAR", "SAR", "YER")),
    **dict.fromkeys(("جنيه",), ("EGP", "SDG", "SSP")),
    **dict.fromkeys(("bs",), ("BOB", "VED", "VES")),
    **dict.fromkeys(("b$",), ("BND", "BSD")),
    **dict.fromkeys(("c$",), ("CAD", "NIO")),
    **dict.fromkeys(("k", "kwacha"), ("LAK", "MMK", "MWK", "PGK", "ZMW")),
    **dict.fromkeys(("p",), ("BWP", "PHP")),
    **dict.fromkeys(("br",), ("BYN", "ETB")),
    **dict.fromkeys(("peso", "pesos"), ("ARS", "CLP", "COP", "CUP", "DOP", "MXN", "PHP", "UYU")),
}
# Single letters that are written before an amount as a currency. Behind an amount a letter is a sign or an abbreviation.
_LETTERS = {"R": "ZAR", "Q": "GTQ", "L": "HNL", "E": "SZL", "G": "HTG", "P": SHARED, "K": SHARED}
# Names that are also names of other things in exported files: a branch (SOL), a sign column (Kz), a flag of debit or credit.
_NO_CURRENCIES = frozenset({"sol", "soles", "kz", "db", "cr", "cf", "m", "s", "d", "c", "h", "um", "up", "ls", "mk"})


@lru_cache(4096)
def currency_of(word: str) -> str | None:
    """
    The ISO 4217 code that a code, a symbol or a name means: `SHARED` if several currencies share it, None if it is none.

    A code is read in small letters too. Nothing says whether a column name such as TOP is meant as a code; the caller does.
    """
    if len(word) > LONGEST:
        return None
    word = plain(word)
    code = word.removesuffix(".").upper()
    if code in CURRENCIES:
        return code
    if not word or word.casefold() in _NO_CURRENCIES:
        return None
    return _customary().get(word) or _in_cldr(word) or (_in_any_case().get(word.casefold()) if len(word) > 2 else None)


@lru_cache(4096)
def meanings_of(word: str) -> frozenset[str]:
    """The currencies among which only a country tells what a sign or a name stands for. None if it is a code, or means one."""
    word = plain(word).casefold().strip(".")
    if len(word) > LONGEST or word.upper() in CURRENCIES:
        return frozenset()
    if word in {"$", "dollar", "dollars"}:
        return lexicon().dollars
    return frozenset(_meanings().get(word, ()))


def letter_currency(letter: str) -> str | None:
    """The currency of one letter that is written before an amount, such as R for ZAR."""
    return _LETTERS.get(letter)


def minor_units(code: str) -> int:
    """The decimals of a currency's minor unit (ISO 4217), which are not always those that CLDR displays (HUF, COP, IDR)."""
    return money.exponent(code)


@lru_cache(1)
def _customary() -> dict[str, str]:
    return {plain(word): code for word, code in _CUSTOMARY.items()}


@lru_cache(1)
def _meanings() -> dict[str, tuple[str, ...]]:
    return {plain(word): codes for word, codes in _MEANINGS.items()}


@lru_cache(1)
def _in_any_case() -> dict[str, str]:
    return {word.casefold(): code for word, code in _customary().items()}


def _in_cldr(word: str) -> str | None:
    if len(word) == 1 and word.isascii() and word.isalpha():
        return None
    names = lexicon().currencies
    codes = names.get(word) or (names.get(key(word)) if len(word) > 3 else None)
    if codes is None:
        return None
    return codes[0] if len(codes) == 1 else SHARED
