"""`jobs run`, `jobs follow` and `jobs explain`."""

from argparse import Namespace
from typing import Any

from ..client import Client
from ..position import Event, Item, Snapshot, State
from .names import Noun, id_of
from .output import Display, ExitCode, Step, count, note, result
from .shapes import CREATED, EXPLAIN, JOB, JOB_PROGRESS, SUMMARY, checked
from .waiting import Hint, within

ENDED = ("completed", "failed", "cancelled")
ENDINGS = {f"job.{status}" for status in ENDED}


async def run(client: Client, arguments: Namespace, hint: Hint) -> int:
    """Queue a job, and with --wait or --prove follow it to its end."""
    project = await id_of(client, Noun("project", "/projects", {}), arguments.project)
    sources = Noun("source", f"/projects/{project}/sources", {})
    body = {
        "left_source": await id_of(client, sources, arguments.left),
        "right_source": await id_of(client, sources, arguments.right),
    }
    if arguments.plan is not None:
        body["plan"] = await id_of(client, Noun("plan", f"/projects/{project}/plans", {}), arguments.plan)
    job = checked(await client.post(f"/projects/{project}/jobs", body), CREATED)["id"]
    if not (arguments.wait or arguments.prove):
        result(job)
        return ExitCode.DONE
    return await _to_the_end(client, job, arguments, hint)


async def follow(client: Client, arguments: Namespace, hint: Hint) -> int:
    """Follow a job to its end."""
    return await _to_the_end(client, arguments.job, arguments, hint)


async def explain(client: Client, arguments: Namespace, _: Hint) -> int:
    """Say why a job matched two records, or why it did not."""
    found = await client.get(f"/jobs/{arguments.job}/explain", left=arguments.left, right=arguments.right)
    checked(found, EXPLAIN)
    result(found["sentence"])
    if found["competitor"] is not None:
        result(f"match {found['competitor']['match_id']} holds the {found['competitor']['side']} record")
    for one in found["passes"]:
        result(f"{one['pass']}: {one['sentence']}")
    if found["weight"] is not None:
        parts = [("prior", found["prior"]), *((one["field"], one["weight"]) for one in found["fields"])]
        added = " ".join(f"{name} {weight:+.3f}" for name, weight in parts if weight is not None)
        result(f"{added} = {found['weight']:.3f} bits")
    for sentence in found["unknown"]:
        result(sentence)
    return ExitCode.DONE


async def _to_the_end(client: Client, job_id: str, arguments: Namespace, hint: Hint) -> int:
    hint.text = f"The job goes on; follow it with: tallyroom remote jobs follow {job_id}"
    async with within(arguments.within, hint):
        job = await _ended(client, job_id)
    result(f"job {job_id} {job['status']}")
    if job["status"] != "completed":
        detail = (job["problem"] or {}).get("detail") or f"The job was {job['status']}."
        note(f"{detail} You can retry it on its page in the dashboard.")
        return ExitCode.FAILED
    summary = checked(await client.get(f"/jobs/{job_id}/summary"), SUMMARY)
    for line in _lines(summary):
        result(line)
    if arguments.prove and not (summary["proof"] and all(proof["agrees"] for proof in summary["proof"])):
        note("The two sides do not agree. Review the suggested matches and the open records in the dashboard.")
        return ExitCode.DISAGREES
    return ExitCode.DONE


async def _ended(client: Client, job_id: str) -> dict[str, Any]:
    """The job, once it has ended. What was missed before the first event is in the first reading."""
    answer = await client.read(f"/jobs/{job_id}")
    if checked(answer.body, JOB)["status"] not in ENDED:
        with Display() as display:
            display.show(Step(answer.body["status"], None))
            async with client.follow(f"job:{job_id}", answer.position, states=True) as items:
                async for item in items:
                    if _is_end(item):
                        break
                    if isinstance(item, State) and item.key.startswith("job.progress:"):
                        display.show(_step(item.value))
        answer = await client.read(f"/jobs/{job_id}")
    return dict(checked(answer.body, JOB))


def _is_end(item: Item) -> bool:
    if isinstance(item, Snapshot):
        return item.state.get("status") in ENDED
    return isinstance(item, Event) and item.type in ENDINGS


def _step(value: dict[str, Any]) -> Step:
    checked(value, JOB_PROGRESS)
    parts = [f"{count(value['matched'], 'record')} matched"]
    if value.get("eta_seconds") is not None:
        parts.append(f"about {value['eta_seconds']:.0f} s left")
    return Step(value["stage"], value["fraction"], ", ".join(parts))


def _lines(summary: dict[str, Any]) -> list[str]:
    counts = summary["counts"]
    lines = [
        f"{count(counts['matches'], 'match')}: {counts['confirmed']:,} confirmed, {counts['suggested']:,} to review; "
        f"open: {counts['open_left']:,} left, {counts['open_right']:,} right"
    ]
    for proof in summary["proof"]:
        sides = "; ".join(f"{side} {_side(proof[side])}" for side in ("left", "right"))
        verdict = "agrees" if proof["agrees"] else "does not agree"
        lines.append(f"{proof['currency']} {verdict}: difference {_amount(proof['difference'])}; {sides}")
    return lines + [str(text) for text in summary["notes"]]


def _side(side: dict[str, Any]) -> str:
    return (
        f"confirmed {_amount(side['confirmed'])}, to review {_amount(side['to_review'])}, open {_amount(side['open'])}"
    )


def _amount(money: dict[str, str]) -> str:
    return money["amount"]
