"""What became of two records in each pass of a job, from what it has stored. No database, no engine."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from models.job import Job
from models.status import JobStatus, MatchStatus
from server.job.schemas import ComparedView, Competitor, Explain, GateView, PassFate

Verdict = Literal["matched", "lost_to", "gated", "not_compared"]
# What a fate in a pass says of the whole, for the first pass that let the two records through.
_VERDICTS: dict[str, Verdict] = {
    "lost_to": "lost_to",
    "taken": "lost_to",
    "not_compared": "not_compared",
    "not_reached": "not_compared",
}
_NOT_WEIGHED = "Not all of what the pass weighed for these two records is kept: that is done for matches and their best alternatives."
_TOO_LITTLE = "All gates hold, but the evidence is too little for a match: the values agree too often by chance."
_TOO_LITTLE_OR_FAR = (
    "All gates hold. Either the evidence is too little for a match, or the texts have none of their rarest words in common, "
    "by which a pass without an equal gate finds its candidates."
)
MOST_SHOWN = 60  # characters of a value in a sentence
_FAILURES = {
    "equal": "differs",
    "within": "differs by too much",
    "days": "is too far apart",
    "similarity": "is too different",
    "currency": "is in two currencies",
}
_UNDONE = (
    "If one of the records was in a confirmed match when the job began and that was undone since, the job did not read it. "
    "That is no longer known."
)


@dataclass(frozen=True)
class Asked:
    """The job and its two records."""

    job: Job
    left: UUID
    right: UUID

    @property
    def both(self) -> frozenset[UUID]:
        """The two records."""
        return frozenset((self.left, self.right))

    @property
    def sides(self) -> tuple[tuple[Literal["left"], UUID], tuple[Literal["right"], UUID]]:
        """The two records with their sides."""
        return ("left", self.left), ("right", self.right)


@dataclass(frozen=True)
class Found:
    """A match that uses or used one of the two records. `job_id` is None if people made it."""

    id: UUID
    job_id: UUID | None
    pass_index: int | None
    pass_name: str | None
    status: MatchStatus
    score: float | None
    fields: list[dict[str, Any]]
    runner_up: dict[str, Any] | None
    records: frozenset[UUID]
    at: datetime  # of its decision, or else when it was made


@dataclass(frozen=True)
class Seen:
    """What is known of the two records. `refused` says why the plan does not fit them, if it does not."""

    compared: list[dict[str, Any]]  # matching.explanation.Compared
    matches: list[Found]
    is_late: dict[str, bool]  # by side: whether the record was added after the job had begun
    last_pass: int  # of which a chunk is stored, or -1
    refused: str | None = None

    def of_pass(self, index: int) -> list[dict[str, Any]]:
        """The comparisons of a pass."""
        return [one for one in self.compared if one["pass_index"] == index]


def judge(asked: Asked, seen: Seen) -> Explain:
    """Why the job matched the two records, or why it did not."""
    passes = (asked.job.plan_document or {}).get("passes", [])
    fates = [_fate(asked, seen, index, step) for index, step in enumerate(passes)]
    own = next((match for match in _own(asked, seen) if asked.both <= match.records), None)
    if own is not None:
        return _matched(asked, seen, own, fates)
    unread = _unread(asked, seen)
    if unread is not None:
        sentence, rival = unread
        return _answer(seen, "not_compared", sentence, [], rival)
    for index, fate in enumerate(fates):
        if fate.fate not in _VERDICTS:
            continue
        rival = _rival(asked, seen, index)
        found = _answer(seen, _VERDICTS[fate.fate], fate.sentence, fates, rival)
        return _weighed(asked, seen, found, index)
    return _without(asked, seen, fates)


def _without(asked: Asked, seen: Seen, fates: list[PassFate]) -> Explain:
    """No pass let the two records through, or none found enough in them."""
    rival = _meanwhile(asked, seen)
    if rival is not None and any(fate.fate in ("weak", "not_kept") for fate in fates):
        sentence = f"While the job ran, another match took the {rival.side} record, so the job left it alone."
        return _answer(seen, "lost_to", sentence, fates, rival)
    nearest = min(range(len(fates)), key=lambda index: (_failing(seen, index), index), default=None)
    if seen.refused is not None:
        sentence = "The plan does not fit these records."
    elif nearest is None:
        sentence = "The job has no plan yet: it has not begun, or one of its sides has no records."
    elif all(fate.fate == "gated" for fate in fates):
        sentence = (
            f"No pass lets the two records through. Nearest is “{fates[nearest].pass_name}”. {fates[nearest].sentence}"
        )
    else:
        sentence = "No pass that lets the two records through found enough evidence for a match of them."
    verdict: Verdict = "not_compared" if nearest is None else "gated"
    found = _answer(seen, verdict, sentence, fates, None)
    found.unknown += [_UNDONE] if any(fate.fate in ("weak", "not_kept") for fate in fates) else []
    return found if nearest is None else _weighed(asked, seen, found, nearest)


def _failing(seen: Seen, index: int) -> int:
    """How many gates of a pass keep the two records apart."""
    return sum(one["holds"] is False for one in seen.of_pass(index))


def _fate(asked: Asked, seen: Seen, index: int, step: dict[str, Any]) -> PassFate:
    fate, sentence = _in_pass(asked, seen, index, step)
    return PassFate(pass_name=step["name"], kind=step["kind"], fate=fate, sentence=sentence)


def _in_pass(asked: Asked, seen: Seen, index: int, step: dict[str, Any]) -> tuple[Any, str]:
    """The fate in a pass, and what people are told about it."""
    taking = _taking(asked, seen)
    if any(asked.both <= match.records and match.pass_index == index for match in _own(asked, seen)):
        return "matched", "The pass matched the two records with each other."
    failing = [one for one in seen.of_pass(index) if one["holds"] is False]
    if failing:
        return "gated", " ".join(_failure(one) for one in failing)
    for side, match in taking.items():
        if match.pass_index is not None and match.pass_index < index:
            return "taken", f"The pass “{match.pass_name}”, which comes first, had matched the {side} record elsewhere."
    taken = [side for side, match in taking.items() if match.pass_index == index]
    if taken:
        whom = "both records" if len(taken) == 2 else f"the {taken[0]} record"
        if step["kind"] != "rules":  # which has no gates, so the two may have nothing in common
            return "lost_to", f"The pass matched {whom} elsewhere. Nothing is kept of how the two would fit together."
        return "lost_to", f"The pass matched {whom} elsewhere, because that is better for all records together."
    return _left_open(asked, seen, index, step)


def _left_open(asked: Asked, seen: Seen, index: int, step: dict[str, Any]) -> tuple[Any, str]:
    """The fate in a pass that let the two records through and matched neither."""
    if asked.job.status != JobStatus.COMPLETED and index >= seen.last_pass:
        return "not_reached", f"The job is {asked.job.status}, and may not have come to these records in this pass."
    if step.get("accept") == "report":
        return "not_kept", "The pass only reports, so it makes no matches. What it found is not kept."
    ended: dict[str, Any] = next(
        (one for one in asked.job.statistics.get("passes", []) if one.get("pass_index") == index), {}
    )
    blocks, pairs = ended.get("skipped_blocks", 0), ended.get("skipped_pairs", 0)
    if blocks and step["kind"] == "rules":
        return "not_compared", (
            f"The pass left out {blocks:,} groups of records that would have made {pairs:,} pairs. It does not keep which records "
            "were in them. These two may be among them; otherwise there was too little evidence for them."
        )
    if blocks:
        return "not_compared", (
            f"The pass had a budget of sums, and did not look through {blocks:,} totals completely. It does not keep which ones. "
            "These records may be among them; otherwise it found no match with both."
        )
    if step["kind"] == "rules":
        return "weak", _TOO_LITTLE if not _is_by_words(step) else _TOO_LITTLE_OR_FAR
    return "not_kept", "The pass found no match with these two records. What it weighed for them is not kept."


def _is_by_words(step: dict[str, Any]) -> bool:
    """Whether a pass finds its candidates by the words of a text."""
    compared = {gate["compare"] for gate in step["where"]}
    return "similarity" in compared and "equal" not in compared


def _failure(one: dict[str, Any]) -> str:
    """Which gate fails, and for which values."""
    missing = " and ".join(f"the {side}" for side in ("left", "right") if one[side] is None)
    if missing:
        return f"“{one['field']}” is missing on {missing}."
    left, right = (_plain(one[side]) for side in ("left", "right"))
    alike = "" if one["similarity"] is None else f", {one['similarity']:.0%} alike"
    return f"“{one['field']}” {_FAILURES[one['compare']]}: {left} and {right}{alike}."


def _plain(text: str) -> str:
    """A value in a sentence, cut where it is long."""
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _own(asked: Asked, seen: Seen) -> list[Found]:
    """The matches that the job itself made, by pass."""
    own = [match for match in seen.matches if match.job_id == asked.job.id and match.pass_index is not None]
    return sorted(own, key=lambda match: (match.pass_index, match.id))


def _taking(asked: Asked, seen: Seen) -> dict[Literal["left", "right"], Found]:
    """By side: the match of this job that took the record."""
    found = {}
    for side, record in asked.sides:
        match = next((match for match in _own(asked, seen) if record in match.records), None)
        if match is not None:
            found[side] = match
    return found


def _rival(asked: Asked, seen: Seen, index: int) -> Competitor | None:
    """The match that took one of the records, in this pass or before it; of two, the one of the earlier pass."""
    taking = [
        (match.pass_index, side, match)
        for side, match in _taking(asked, seen).items()
        if match.pass_index is not None and match.pass_index <= index
    ]
    if not taking:
        return None
    _, side, match = min(taking, key=lambda one: (one[0], one[1]))
    return _competitor(side, match)


def _competitor(side: Literal["left", "right"], match: Found) -> Competitor:
    return Competitor(match_id=match.id, side=side, pass_name=match.pass_name, score=match.score, status=match.status)


def _unread(asked: Asked, seen: Seen) -> tuple[str, Competitor | None] | None:
    """Why the job did not have the two records before it, if it did not, and the match for which it left one out."""
    for side, _ in asked.sides:
        if seen.is_late[side]:
            return f"The job did not read the {side} record: it was added after the job had begun.", None
    began = asked.job.started_at
    if began is None:
        return "The job has not begun yet.", None
    for match in seen.matches:
        if match.job_id == asked.job.id or match.at > began:
            continue
        if match.status == MatchStatus.REJECTED and match.records == asked.both:
            return "People had rejected a match of just these two records before the job began.", _competitor(
                "left", match
            )
        if match.status == MatchStatus.CONFIRMED:
            side, _ = next(one for one in asked.sides if one[1] in match.records)
            return f"The job did not read the {side} record: it was in a confirmed match already.", _competitor(
                side, match
            )
    return None


def _meanwhile(asked: Asked, seen: Seen) -> Competitor | None:
    """A match of others that was confirmed while the job ran."""
    began, ended = asked.job.started_at, asked.job.finished_at
    for match in seen.matches:
        is_other = match.job_id != asked.job.id and match.status == MatchStatus.CONFIRMED
        if is_other and began is not None and match.at > began and (ended is None or match.at <= ended):
            return _competitor(*next((side, match) for side, record in asked.sides if record in match.records))
    return None


def _answer(seen: Seen, verdict: Verdict, sentence: str, fates: list[PassFate], rival: Competitor | None) -> Explain:
    return Explain(
        verdict=verdict,
        sentence=sentence,
        pass_name=None,
        match_id=None,
        weight=None,
        prior=None,
        fields=[],
        gates=_gates(seen, fates),
        passes=fates,
        competitor=rival,
        unknown=[] if seen.refused is None else [f"The gates are not known: {seen.refused}"],
    )


def _gates(seen: Seen, fates: list[PassFate]) -> list[GateView]:
    """The gates of all passes. Two records that the job did not have before it met none."""
    by_pass = {index: list(found) for index, found in groupby(seen.compared, key=lambda one: int(one["pass_index"]))}
    return [
        GateView(pass_name=fate.pass_name, ok=one["holds"], **_values(one))
        for index, fate in enumerate(fates)
        for one in by_pass.get(index, [])
        if one["holds"] is not None
    ]


def _values(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("field", "compare", "left", "right", "similarity")}


def _matched(asked: Asked, seen: Seen, own: Found, fates: list[PassFate]) -> Explain:
    by_now = "" if own.status in (MatchStatus.SUGGESTED, MatchStatus.CONFIRMED) else f" It is {own.status} by now."
    whom = "the two records" if own.records == asked.both else "the two records, together with others"
    found = _answer(seen, "matched", f"The pass “{own.pass_name}” matched {whom}.{by_now}", fates, None)
    found.match_id, found.pass_name = own.id, own.pass_name
    return _with_evidence(found, own.score, own.fields)


def _weighed(asked: Asked, seen: Seen, found: Explain, index: int) -> Explain:
    """The answer with what the deciding pass compares, and with the weights if they are kept."""
    found.pass_name = found.passes[index].pass_name
    for match in _own(asked, seen):
        other = match.runner_up
        if other is not None and match.pass_index == index and {UUID(one) for one in other["records"]} == asked.both:
            return _with_evidence(found, other["score"], other["fields"])
    found.fields = [ComparedView(**_values(one), weight=None, rarity=None) for one in seen.of_pass(index)]
    if found.passes[index].fate == "lost_to":
        of_pass = [match for match in _taking(asked, seen).values() if match.pass_index == index]
        if not _weighed_alike(found, of_pass):
            found.unknown.append(_NOT_WEIGHED)
    return found


def _weighed_alike(found: Explain, matches: list[Found]) -> bool:
    """
    Take weights from the matches that took one of the records, where those compare the same values: a pass gives the same
    values the same weight, and all pairs the same prior. Returns: whether that makes the total known.
    """
    known = [field for match in matches for field in match.fields]
    for one in found.fields:
        same = next((field for field in known if _is_same(one, field)), None)
        if same is not None:
            one.weight, one.rarity = same["weight"], same["rarity"]
    score = next((match.score for match in matches), None)
    if score is None or any(one.weight is None for one in found.fields):
        return False
    found.prior = round(score - sum(field["weight"] for field in matches[0].fields), 3)
    found.weight = round(found.prior + sum(one.weight or 0.0 for one in found.fields), 3)
    return True


def _is_same(one: ComparedView, field: dict[str, Any]) -> bool:
    """Whether a match compares the same values. Equal values are the same if one of them is."""
    if (one.field, one.compare) != (field["field"], field["compare"]):
        return False
    alike = [getattr(one, side) == field[side] for side in ("left", "right")]
    return any(alike) if one.compare == "equal" else all(alike)


def _with_evidence(found: Explain, score: float | None, fields: list[dict[str, Any]]) -> Explain:
    found.fields = [ComparedView(**{name: one[name] for name in ComparedView.model_fields}) for one in fields]
    found.weight = score
    if score is not None:
        # What no field explains. With it, the parts add up to the total exactly.
        found.prior = round(score - sum(one.weight or 0.0 for one in found.fields), 3)
    return found
