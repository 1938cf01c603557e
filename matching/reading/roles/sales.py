"""Payments and refunds without signs, as whoever is paid lists them."""

from matching.reading.roles.amounts import Bookings
from matching.reading.roles.words import says

NAMED = 0.4  # of a column's name that says that it holds customers, or whoever collects from them


def outs_of_sales(bookings: Bookings, values: list[str]) -> dict[str, bool] | None:
    """
    Which values mean money out, if some say that customers paid and the others that money went back to them, else None.

    Only beside a column of customers. On the statement of a card, a payment and a refund are both money in.
    """
    is_refund = {value: says("refund", value, whole=True) for value in values}
    if len(set(is_refund.values())) < 2:
        return None
    if not all(says("sale", value, whole=True) for value, is_out in is_refund.items() if not is_out):
        return None
    return is_refund if lists_customers(bookings) else None


def lists_customers(bookings: Bookings) -> bool:
    """Whether a column says which customer has paid, or through whom."""
    customers = (column for column in bookings.facts.columns if column.role("customer") >= NAMED)
    return any(bool(column.filled[bookings.places].any()) for column in customers)
