"""Money: an exact decimal with a currency. Never a float."""

import decimal
import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

# Codes that ISO 4217 has withdrawn since 2010, which stand in files of those years. Older ones are left out, since more and
# more of them are only words, such as SIT and DEM.
_WITHDRAWN = frozenset(["BYR", "CUC", "EEK", "HRK", "LTL", "LVL", "MRO", "SLL", "VEF", "ZMK", "ZWL"])
CURRENCIES = _WITHDRAWN | frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "ANG",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BHD",
        "BIF",
        "BMD",
        "BND",
        "BOB",
        "BOV",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHE",
        "CHF",
        "CHW",
        "CLF",
        "CLP",
        "CNY",
        "COP",
        "COU",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DJF",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GNF",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KGS",
        "KHR",
        "KMF",
        "KPW",
        "KRW",
        "KWD",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "LYD",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MXV",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "RWF",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SVC",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TND",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "USN",
        "UYI",
        "UYU",
        "UYW",
        "UZS",
        "VED",
        "VES",
        "VND",
        "VUV",
        "WST",
        "XAF",
        "XCD",
        "XCG",
        "XDR",
        "XOF",
        "XPF",
        "YER",
        "ZAR",
        "ZMW",
        "ZWG",
    ]
)  # and the active codes of ISO 4217; any other three letters before digits are a reference, not money
# Sums of amounts with 38 digits are exact. Without this, decimals are rounded to 28 digits.
decimal.DefaultContext.prec = 100
decimal.getcontext().prec = 100
NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved
MAX_DECIMALS = 9
MAX_AMOUNT = Decimal("99999999999999999999999999999.999999999")  # numeric(38, 9) and decimal128(38, 9) hold no more
_AMOUNT = re.compile(r"-?[0-9]{1,29}(\.[0-9]{1,9})?")  # what numeric(38, 9) can hold
# ISO 4217 minor unit exponents that are not 2.
_EXPONENTS = dict.fromkeys(
    [
        "BIF",
        "BYR",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)


def exponent(currency: str) -> int:
    """The number of decimals of a currency's minor unit (ISO 4217), or 2 if the currency is unknown."""
    return _EXPONENTS.get(currency, 2)


def amount_text(amount: Decimal, currency: str) -> str:
    """An amount as text, with at least the decimals of the currency's minor unit, and more if the value has them."""
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(exponent(currency), "0")
    return f"{whole}.{fraction}" if fraction else whole


def parse_amount(text: str) -> Decimal:
    """Read a plain decimal with at most 9 decimals. Raises: ValueError otherwise."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("an amount must be a decimal string such as 1234.50, with at most 9 decimals")
    try:
        return Decimal(text)
    except InvalidOperation as error:  # pragma: no cover - the pattern allows only decimals
        raise ValueError("not a decimal") from error


def _amount(value: str) -> str:
    parse_amount(value)
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError("a currency must be three capital letters such as EUR")
    return value


Currency = Annotated[str, AfterValidator(_currency)]


class Money(BaseModel):
    """An amount and its currency: {"amount": "1234.50", "currency": "EUR"}."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Annotated[str, AfterValidator(_amount)]
    currency: Currency

    @property
    def decimal(self) -> Decimal:
        """The amount as an exact number."""
        return parse_amount(self.amount)

    @classmethod
    def total(cls, amount: Decimal, currency: str) -> "Money":
        """A sum, which may have more digits than any amount that can be loaded."""
        return cls.model_construct(amount=amount_text(amount, currency), currency=currency)

    @classmethod
    def of(cls, amount: Decimal | None, currency: str | None) -> "Money | None":
        """Money from two columns, or None if there is no amount."""
        if amount is None:
            return None
        code = currency or NO_CURRENCY
        return cls(amount=amount_text(amount, code), currency=code)
