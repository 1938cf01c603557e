"""Views of the books of a pair, and of a job."""

from typing import Literal

from pydantic import Field

from core.money import Money
from realtime.events.job import Counts
from server.api.schemas import View


class PassSummary(View):
    """What a pass has matched or suggested; records of both sides."""

    name: str = Field(serialization_alias="pass")
    matches: int
    records: int


class BookSum(View):
    """
    The books of one side in one currency: matched + booked + explained + written_off + elsewhere + open = total.

    `suggested` and `remainder` are parts of `open`; `remainders` counts the matches that leave something open. `ties`
    says whether the terms, each kept by itself, add up.
    """

    side: Literal["left", "right"]
    currency: str
    matched: Money
    booked: Money
    explained: Money
    written_off: Money
    elsewhere: Money
    open: Money
    total: Money
    suggested: Money
    remainder: Money
    remainders: int
    records: int
    without_amount: int
    ties: bool


class Balance(View):
    """
    What a source says about its balance beside the sum of its records. No source says anything yet, so `opening`,
    `closing` and `ties` are null.
    """

    side: Literal["left", "right"]
    currency: str
    opening: Money | None = None
    movements: Money
    closing: Money | None = None
    ties: bool | None = None


class FlowNode(View):
    """A number of records and their sums per currency."""

    count: int
    sums: list[Money]


class FlowPass(View):
    """The records that a pass has matched or suggested, per side."""

    name: str
    left: FlowNode
    right: FlowNode
    by_status: dict[str, int]


class FlowSides(View):
    """Records that did not go into a pass, per side."""

    left: FlowNode
    right: FlowNode


class Flow(View):
    """
    How records flow through the passes: `left` and `right` are all of them, and each is in a pass, open, written off, or
    in a match with another source. While a job runs, a record may be suggested twice; it counts with one pass.
    """

    left: FlowNode
    right: FlowNode
    passes: list[FlowPass]
    open: FlowSides
    written_off: FlowSides
    elsewhere: FlowSides


class Ageing(View):
    """
    Open items of one side by age in days: of records since their date, of remainders since their match was confirmed.
    Records without a date are in none.
    """

    side: Literal["left", "right"]
    from_days: int
    to_days: int | None
    count: int
    sums: list[Money]


class BookProof(View):
    """
    Whether both sides agree in one currency: the matched amounts are the same (`difference` is zero), and no record
    waits in a suggestion. Otherwise `missing` says what is missing.
    """

    currency: str
    left: Money
    right: Money
    difference: Money
    to_review_records: int
    agrees: bool
    missing: str | None


class Totals(View):
    """
    What the summaries of a pair and of a job have in common. `sign` is -1 if one side counts amounts the other way round,
    and null until a match is confirmed. Of a currency, `difference` is left - sign x right.
    """

    counts: Counts
    by_pass: list[PassSummary]
    sign: Literal[1, -1] | None
    sums: list[BookSum]
    balance: list[Balance]
    flow: Flow
    ageing: list[Ageing]
    notes: list[str]


class PairSummary(Totals):
    """
    The books of two sources that are reconciled with each other. What matches leave open is counted apart in
    `remainders_left` and `remainders_right`: these are open items, but no records as in `counts.open_left`. `to_sign` counts the
    records that somebody else has to sign for before they are written off; `counts.suggested` counts matches of both sides only.
    """

    proof: list[BookProof]
    agrees: bool
    missing: list[str]
    remainders_left: int
    remainders_right: int
    to_sign: int
