"""Reports of the stages of payments, in which no column of all rows is what moved."""

VALUES = ["70.91", "69.64", "84.22", "146.23"]


def report(*, settled):
    """Payments on three stages, of which only the first ones have reached the last."""
    lines = ["Ref,Day,Currency,Whole,Stage,Opened,Taken,Payable,Commission"]
    for number, value in enumerate(VALUES):
        start = f"R{number},2025-05-{number + 2:02d},EUR,{value}"
        lines += [f"{start},a,{value},,,", f"{start},b,-{value},{value},,"]
        if number < settled:
            lines.append(f"{start},c,,-{value},{float(value) - 0.5:.2f},0.50")
    return "\n".join(lines) + "\n"


def test_no_amount_of_a_report_of_stages_is_taken_without_a_question(load):
    for settled in (4, 3):
        found = load(report(settled=settled))

        assert ("Whole", "amount_column") in found.questions
        assert set(found.amounts) == {None}


def test_one_column_that_is_passed_on_shows_the_stages_beside_the_whole(load):
    lines = ["Ref,Day,Currency,Amount,Stage,Open,Paid out"]
    for number, value in enumerate(VALUES):
        start = f"R{number},2025-05-{number + 2:02d},EUR,{value}"
        lines += [f"{start},a,{value},", f"{start},b,-{value},{float(value) - 0.5:.2f}"]

    found = load("\n".join(lines) + "\n")

    assert ("Amount", "amount_column") in found.questions


def test_bookings_that_were_reversed_are_no_stages(load):
    lines = [f"2025-05-{number + 2:02d},{sign}{value}" for sign in ("", "-") for number, value in enumerate(VALUES)]

    found = load("Date,Amount\n" + "\n".join(lines) + "\n")

    assert found.amounts == [*VALUES, *(f"-{value}" for value in VALUES)]


def test_an_amount_is_no_account_with_a_balance_of_its_own(load):
    header = "Ref,Day,Currency,Whole,Taken,Kept,Paid"
    lines = []
    for number, value in enumerate(VALUES):
        start = f"R{number},2025-05-{number + 2:02d},EUR,{value}"
        lines += [f"{start},-{value},{value},", f"{start},,-{value},{float(value) - 0.4:.2f}"]

    found = load("\n".join([header, *lines]) + "\n")

    assert "amount_column" in {kind for _, kind in found.questions}
