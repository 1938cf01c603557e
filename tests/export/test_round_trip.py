"""An export of each format, loaded again as two sources, matches itself completely."""

import json

import pytest
from aiohttp import FormData

from server.export.sending import FORMATS
from tests.job.conftest import (  # noqa: F401 - fixtures
    end_of,
    kept,
    make_sides,
    run,
    until,
)


@pytest.fixture
def load_again(alice, project, commits):
    """Uploads an export without saying anything about it. Returns: the source's id, once it is ready."""

    async def upload(name: str, body: bytes) -> str:
        form = FormData()
        form.add_field("file", body, filename=name)
        headers = {"Authorization": f"Bearer {alice.token}"}
        async with alice.session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
            path = f"/sources/{(await response.json())['id']}"
        source = await commits.until(lambda: alice.ok("GET", path), lambda found: found["status"] != "loading")
        assert (source["status"], source["questions"]) == ("ready", [])
        return source

    return upload


async def test_an_export_of_each_format_loads_and_matches_itself(alice, make_sides, run, export, load_again):  # noqa: F811 - the fixtures above
    job = await run(await make_sides(300))
    exported = {
        what: [json.loads(line) for line in (await export(job["id"], f"?what={what}&format=jsonl")).splitlines()]
        for what in ("matches", "open-items")
    }
    # The formats write the columns of both alike, so one of them is enough for the open items.
    plans: dict[str, dict[str, str]] = {}
    for what, kind in [*(("matches", kind) for kind in FORMATS), ("open-items", "csv")]:
        body = await export(job["id"], f"?what={what}&format={kind}")
        left, right = await load_again(f"first.{kind}", body), await load_again(f"second.{kind}", body)
        again = await run({"left_source": left["id"], "right_source": right["id"]} | plans.get(what, {}))
        plans[what] = {
            "plan": again["plan"]["id"]
        }  # another format has the same columns, so the same would be suggested

        lines, where = exported[what], (what, kind)
        assert (left["rows"], where) == (
            {"read": len(lines), "loaded": len(lines), "rejected": 0, "left_out": 0},
            where,
        )
        counts = again["counts"]
        found = (counts["left"], counts["matches"], counts["open_left"], counts["open_right"])
        assert (found, where) == ((len(lines), len(lines), 0, 0), where)
        pairs = (await alice.ok("GET", f"/jobs/{again['id']}/matches?limit=500"))["items"]
        assert all(match["records"][0]["data"] == match["records"][1]["data"] for match in pairs), where
        sent = {line["record_id"]: line for line in lines}
        for match in pairs:
            record = match["records"][0]
            line = sent[record["data"]["record_id"]]
            assert (record["amount"]["amount"], record["reference"]) == (line["amount"], line["reference"])
            assert record["date"] == line["date"]
