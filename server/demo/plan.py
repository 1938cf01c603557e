"""How the demo's books are matched, and the reasons for which people book differences in it."""

from typing import Any

REASONS = (
    {"code": "fee", "label": "Fee of the card processor", "account": "6855"},
    {"code": "rounding", "label": "Rounding", "account": "6960"},
    {"code": "discount", "label": "Cash discount", "account": "4730"},
    {"code": "duplicate", "label": "Paid twice, to be paid back", "account": "3500"},
    {"code": "bad_debt", "label": "Bad debt", "account": "6930"},
)
NAME = "Payments of invoices"

_NUMBER = {"field": "number", "compare": "equal"}
_AMOUNT = {"field": "amount", "compare": "equal"}
_NEARLY = {"field": "amount", "compare": "within", "percent": "5"}
_WEEK = {"field": "date", "compare": "days", "from": 0, "to": 7}
_CUSTOMER = {"field": "customer", "compare": "similarity"}
_SAME_CUSTOMER = {"field": "customer", "compare": "similarity", "method": "token_sort", "minimum": 0.9}

# What is certain is confirmed, and what a person should see is only suggested.
DOCUMENT: dict[str, Any] = {
    "fields": {
        "number": {"type": "reference", "left": "invoice_no", "right": {"from": "memo", "extract": "INV-[0-9]+"}},
        "amount": {
            "type": "money",
            "left": "amount",
            "right": "credit",
            "currency": {"left": "currency", "right": "ccy"},
        },
        "date": {"type": "date", "left": "booked_on", "right": "value_date"},
        "customer": {"type": "text", "left": "customer", "right": "payer"},
    },
    "passes": [
        {
            "name": "number and amount",
            "kind": "rules",
            "where": [_NUMBER, _AMOUNT],
            "score": [_CUSTOMER, _WEEK],
            "accept": "confirm_if_unambiguous",
        },
        {
            "name": "amount and customer, within a week",
            "kind": "rules",
            "where": [_AMOUNT, _SAME_CUSTOMER, _WEEK],
            "accept": "confirm_if_unambiguous",
        },
        {
            "name": "number, less a fee",
            "kind": "rules",
            "where": [_NUMBER, _NEARLY],
            "score": [_CUSTOMER, _WEEK],
            "accept": "suggest",
            "difference": {"booked": "fee"},
        },
        {
            "name": "number, paid in part",
            "kind": "rules",
            "where": [_NUMBER],
            "score": [_CUSTOMER, _WEEK],
            "accept": "suggest",
        },
        {
            "name": "amount only, within a week",
            "kind": "rules",
            "where": [_AMOUNT, _WEEK],
            "score": [_CUSTOMER],
            "accept": "suggest",
        },
    ],
}
