"""What a job reconciles, as the writing of its chunks needs it."""

from dataclasses import dataclass
from decimal import Decimal

from core.problems import Invalid
from matching.plan import Plan, PlanInvalid
from server.books.pairs import PairOf, refuse_other_sign, sign_of_plan
from server.job.inputs import SideIds

Sets = tuple[list[int], list[int]]  # the rows of a match on either side


@dataclass(frozen=True)
class Sides:
    """What a job reconciles: its pair, its plan, and the records of both sides."""

    pair: PairOf
    document: Plan
    left: SideIds
    right: SideIds
    confirms_up_to: tuple[Decimal, str] | None = None  # above it, or in another currency, a match is only suggested

    @property
    def sign(self) -> int:
        """The sign that the plan gives to the pair."""
        return sign_of_plan(self.document.model_dump(mode="json", by_alias=True)) or 1

    def refuse_other_sign(self) -> None:
        """Check that the plan counts amounts as the pair's confirmed matches do. Raises: PlanInvalid."""
        try:
            refuse_other_sign(self.pair, self.document.model_dump(mode="json", by_alias=True))
        except Invalid as invalid:
            raise PlanInvalid([(fault.pointer, fault.code, fault.message) for fault in invalid.errors]) from None

    def sums_of(self, sets: Sets) -> list[Decimal]:
        """The amounts of the sides of a match, without their signs. A side without any amount has none."""
        found = [
            [Decimal(text) for row in rows if (text := side.amounts[row].as_py()) is not None]
            for side, rows in zip((self.left, self.right), sets, strict=True)
        ]
        return [abs(sum(amounts, Decimal(0))) for amounts in found if amounts]
