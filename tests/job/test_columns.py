"""Records in matches, and open records, show their columns in the order of their files."""


async def test_matches_and_open_records_keep_the_order_of_their_files(alice, make_sides, run):
    sides = await make_sides(100)
    job = await run(sides)
    orders = {}
    for side in ("left", "right"):
        profile = await alice.ok("GET", f"/sources/{sides[f'{side}_source']}/profile")
        orders[side] = [column["name"] for column in profile["columns"]]

    matches = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=3"))["items"]
    one = await alice.ok("GET", f"/matches/{matches[0]['id']}")
    unmatched = (await alice.ok("GET", f"/jobs/{job['id']}/unmatched?side=right&limit=3"))["items"]

    # JSONB would put the shortest names first.
    assert any(order != sorted(order, key=lambda name: (len(name), name)) for order in orders.values())
    for match in (*matches, one):
        for record in match["records"]:
            assert list(record["data"]) == orders[record["side"]]
    assert unmatched
    assert [list(record["data"]) for record in unmatched] == [orders["right"]] * len(unmatched)
