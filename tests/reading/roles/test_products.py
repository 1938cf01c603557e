"""Quantity times price: what all pieces cost together may be the amount, and the price of one piece is not."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        rows(
            "End Date\tQuantity\tShare\tExtended Share\tCurrency\tCustomer Price",
            "2024-03-30\t120\t2.09\t250.80\tEUR\t2.99",
            "2024-03-30\t14\t2.09\t29.26\tEUR\t2.99",
            "2024-03-30\t-1\t2.09\t-2.09\tEUR\t-2.99",
            "2024-03-30\t3\t6.99\t20.97\tEUR\t9.99",
        ),
        rows(
            "Date,Pieces,Price,Together",
            "2024-03-01,3,4.50,13.50",
            "2024-03-02,2,10.00,20.00",
            "2024-03-03,7,1.25,8.75",
        ),
        rows(
            "Date;Hours;Price;Line;Currency",
            "2024-03-01;1.5;80.00;120.00;EUR",
            "2024-03-02;2.25;80.00;180.00;EUR",
            "2024-03-03;4;95.00;380.00;EUR",
        ),
        rows(
            "日付,数量,単価,計,定価 金額",
            "2024-03-01,3,450,1350,500",
            "2024-03-02,2,1000,2000,1200",
            "2024-03-03,7,125,875,150",
        ),
    ],
    ids=["royalties", "pieces", "hours", "yen"],
)
def test_a_price_beside_a_product_is_never_taken_silently(load, text):
    found = load(text)

    assert "amount_column" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_a_product_that_is_called_an_amount_is_taken(load):
    found = load(
        rows(
            "Date,Quantity,Unit price,Amount",
            "2024-03-01,3,4.50,13.50",
            "2024-03-02,2,10.00,20.00",
            "2024-03-03,7,1.25,8.75",
        )
    )

    assert found.amounts == ["13.5", "20", "8.75"]


@pytest.mark.parametrize(
    "text",
    [
        rows(
            "Date,Amount,Rate,In dollars",
            "2024-03-01,-10.00,1.10,-11.00",
            "2024-03-02,20.00,1.05,21.00",
            "2024-03-03,-30.00,1.20,-36.00",
        ),
        rows(
            "Date,Amount,Part,Levy",
            "2024-03-01,10.00,0.20,2.00",
            "2024-03-02,20.00,0.20,4.00",
            "2024-03-03,30.00,0.10,3.00",
        ),
    ],
    ids=["exchange", "share"],
)
def test_an_amount_times_a_rate_is_no_doubt(load, text):
    found = load(text)

    assert found.mapping["amount"]["column"] == "Amount"


@pytest.mark.parametrize(
    "text",
    [
        rows(
            "Date,Item,In,Out,Stock,Unit price,Value",
            "2024-03-05,a,10,,110,2.50,25.00",
            "2024-03-06,b,,4,106,2.50,10.00",
            "2024-03-09,c,3,,109,2.50,7.50",
        ),
        rows(
            "Date,Item,In,Out,Stock,Value",
            "2024-03-05,a,10.50,,110.50,26.25",
            "2024-03-06,b,,4.20,106.30,10.50",
            "2024-03-09,c,3.00,,109.30,7.50",
        ),
        rows(
            "Date,Stan,Pob,Kost",
            "2024-03-05,1012.5,12.5,3.13",
            "2024-03-06,1020.0,7.5,1.88",
            "2024-03-09,1031.0,11.0,2.75",
            "2024-03-12,1040.0,9.0,2.25",
        ),
    ],
    ids=["pieces", "kilograms", "meter"],
)
def test_goods_that_walk_like_a_balance_are_not_taken_for_money(load, text):
    found = load(text)

    assert "amount_column" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_a_commission_is_a_share_of_an_amount_that_walks(load):
    found = load(
        rows(
            "Date,In,Out,Balance,Commission",
            "2024-03-05,100.00,,1100.00,1.00",
            "2024-03-06,,40.00,1060.00,0.40",
            "2024-03-09,30.00,,1090.00,0.30",
        )
    )

    assert found.amounts == ["100", "-40", "30"]


@pytest.mark.parametrize(
    "header",
    ["Date,Price,Discount,Paid", "Datum,Preis,Rabatt,Bezahlt", "日付,価格,割引,支払額"],
    ids=["en", "de", "ja"],
)
def test_a_price_before_a_discount_is_not_what_was_paid(load, header):
    found = load(
        rows(header, "2024-03-05,10.50,0.50,10.00", "2024-03-06,20.00,5.00,15.00", "2024-03-09,7.00,0.00,7.00")
    )

    assert "10.5" not in found.amounts


@pytest.mark.parametrize("header", ["Date,Total,Paid,Open", "Date,Total,Vok,Pel", "Datum,Summe,Bezahlt,Offen"])
def test_a_total_before_what_was_paid_of_it_is_not_taken_silently(load, header):
    found = load(
        rows(header, "2024-03-05,100.00,90.00,10.00", "2024-03-06,50.00,0.00,50.00", "2024-03-09,70.00,70.00,0.00")
    )

    assert "100" not in found.amounts


def charged(names, rates):
    lines = []
    for n, rate in enumerate(rates, 1):
        gross = 37.40 * n
        fee = round(gross * rate, 2)
        lines.append(f"2024-03-{n:02d},x{n},{gross:.2f},{fee:.2f},{gross - fee:.2f}")
    return rows(names, *lines)


def test_a_charge_of_any_name_is_taken_off_what_was_collected(load):
    found = load(charged("Date,Text,Zed,Vok,Pel", [0.041, 0.034, 0.0315, 0.029, 0.033, 0.0277]))

    assert found.amounts[0] == "35.87"


def test_what_may_be_a_tax_of_one_rate_is_asked_about(load):
    found = load(charged("Date,Text,Zed,Vok,Pel", [0.08] * 6))

    assert "amount_column" in {kind for _, kind in found.questions}


def test_what_a_bill_comes_to_is_neither_what_was_paid_of_it_nor_what_is_open(load):
    found = load(
        rows(
            "Nr,Date,Until,Total,Vok,Pel",
            "R-1,2024-03-05,2024-04-04,100.00,100.00,0.00",
            "R-2,2024-03-06,2024-04-05,50.00,0.00,50.00",
            "R-3,2024-03-09,2024-04-08,70.00,70.00,0.00",
            "R-4,2024-03-11,2024-04-10,80.00,30.00,50.00",
        )
    )

    assert found.amounts == ["100", "50", "70", "80"]


def test_what_moved_is_the_sum_of_sales_and_fees_where_either_is_missing(load):
    found = load(
        rows(
            "Date,Type,Amount,Fees,Net",
            "2024-03-01,Refund,-27.46,-0.20,-27.66",
            "2024-03-02,Sale,38.06,--,38.06",
            "2024-03-03,Fee,--,-5.09,-5.09",
            "2024-03-04,Sale,72.75,--,72.75",
        )
    )

    assert found.amounts == ["-27.66", "38.06", "-5.09", "72.75"]


def test_of_the_same_amount_twice_beside_a_charge_none_is_taken_silently(load):
    lines = [
        f"2024-03-0{n},{37.4 * n:.2f},{f:.2f},{37.4 * n - f:.2f},{37.4 * n:.2f}"
        for n, f in enumerate([1.5, 2.5, 3.4, 4.4, 6.1], 1)
    ]
    found = load(rows("Date,Zed,Vok,Pel,Rum", *lines))

    assert "amount_column" in {kind for _, kind in found.questions}


def test_what_stands_before_its_parts_may_be_what_they_are_taken_off(load):
    lines = [f"2024-03-0{n},{1000 + 7 * n}.00,{150 + n}.00,{105 + n}.00,{745 + 5 * n}.00" for n in range(1, 6)]
    found = load(rows("Date,Zed,Vok,Pel,Rum", *lines))

    assert ("Rum", "amount_column") in found.questions


@pytest.mark.parametrize("name", ["Net pay", "Do wypłaty", "Zed"])
def test_wages_are_never_taken_before_what_is_taken_off_them(load, name):
    wages = [(f"{3000 + n * 137}.00", f"{600 + n * 31}.10", f"{200 + n * 7}.20") for n in range(5)]
    lines = (
        f"2024-03-{n + 11},{gross},{tax},{share},{float(gross) - float(tax) - float(share):.2f}"
        for n, (gross, tax, share) in enumerate(wages)
    )
    found = load("\n".join([f"Date,Gross,Tax,Pension,{name}", *lines]) + "\n")

    assert not {gross.removesuffix(".00") for gross, _, _ in wages} & set(found.amounts)


def test_an_amount_is_no_factor_of_what_it_was_converted_to_in_one_row(load):
    amounts = ["-31.80", "-12.00", "900.00", "-5.40"]
    lines = (f"2024-03-{n:02d},{a},{'-24.00,USD,2.00' if n == 4 else ',,'}" for n, a in enumerate(amounts, 3))

    assert load("\n".join(["Date,Amount,Orig amount,Orig currency,Rate", *lines]) + "\n").amounts == [
        "-31.8",
        "-12",
        "900",
        "-5.4",
    ]


@pytest.mark.parametrize(
    "header",
    ["id,Date,Amount,Deducted fees,Text", "id,Date,Amount paid,Fees,Customer email"],
    ids=["deducted", "sales"],
)
def test_a_fee_that_is_off_already_or_of_another_is_not_asked_about(load, header):
    lines = (f"P{n},2024-03-{n + 10},{n}00.50,{n}.25,c{n}@example.com" for n in range(1, 6))

    assert load("\n".join([header, *lines]) + "\n").amounts == [f"{n}00.5" for n in range(1, 6)]


@pytest.mark.parametrize(
    "header",
    [
        "Date,Text,Debit,Credit,Balance,GST",
        "Date,Text,Débit,Crédit,Solde,TVA",
        "Datum,Text,Soll,Haben,Saldo,MwSt-Betrag",
    ],
)
def test_a_tax_is_a_share_of_sides_that_walk(load, header):
    lines, balance = [], 100_000
    for day, moved in enumerate([-5_750, 23_000, -11_500, 4_025, -805, 34_500], 1):
        balance += moved
        sides = f",{moved / 100:.2f}" if moved > 0 else f"{-moved / 100:.2f},"
        lines.append(f"2024-03-{day:02d},t{day},{sides},{balance / 100:.2f},{abs(moved) * 3 // 23 / 100:.2f}")
    found = load(rows(header, *lines))

    assert found.amounts == ["-57.5", "230", "-115", "40.25", "-8.05", "345"]
    assert "amount_column" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    ("names", "is_known"), [("Miles,Rate,Zaru", True), ("Amount,Rate,Zaru", False), ("Vik,Pel,Zaru", False)]
)
def test_what_is_counted_at_a_rate_is_no_amount(load, names, is_known):
    lines = ("2024-03-15,12,2.50,30.00", "2024-03-16,31,2.50,77.50", "2024-03-19,5,3.10,15.50")
    found = load("\n".join([f"Date,{names}", *lines]) + "\n")

    assert (found.amounts == ["30", "77.5", "15.5"]) is is_known
    assert ("amount_column" in {kind for _, kind in found.questions}) is not is_known


@pytest.mark.parametrize(
    "text",
    [
        rows(
            "Date,Litres,Butterfat,Price (c/l),Value (EUR)",
            "2024-03-01,2763,4.15,51.69,1428.19",
            "2024-03-02,2248,3.96,50.93,1144.91",
            "2024-03-03,3293,4.22,46.35,1526.31",
        ),
        rows(
            "Datum;kWh;Preis ct/kWh;Betrag EUR",
            "2024-03-01;312;32,10;100,15",
            "2024-03-02;287;32,10;92,13",
            "2024-03-03;401;32,10;128,72",
        ),
        rows(
            "Date,Litres,Price per litre,Value",
            "2024-03-01,40.12,1.7429,69.93",
            "2024-03-02,51.30,1.6999,87.20",
            "2024-03-03,33.07,1.7119,56.61",
        ),
    ],
    ids=["milk", "power", "fuel"],
)
def test_a_price_in_cents_or_of_more_decimals_is_no_amount(load, text):
    found = load(text)

    assert "amount_column" not in {kind for _, kind in found.questions}
    assert found.mapping["amount"]["column"] in ("Value (EUR)", "Betrag EUR", "Value")


@pytest.mark.parametrize(
    ("name", "rates"), [("Rat", ("20.00", "10.00", "20.00")), ("Rat %", ("20.00", "10.00", "5.00"))]
)
def test_a_tax_at_a_rate_is_no_product(load, name, rates):
    amounts = ("100.00", "50.00", "200.00")
    taxes = (f"{float(amount) * float(rate) / 100:.2f}" for amount, rate in zip(amounts, rates, strict=True))
    lines = [f"2024-03-0{n},{','.join(row)}" for n, row in enumerate(zip(amounts, rates, taxes, strict=True), 1)]

    found = load(rows(f"Date,Amount,{name},Tak", *lines))

    assert found.amounts == ["100", "50", "200"]


@pytest.mark.parametrize("name", ["Price €/t", "Price per ton", "Preis je t"])
def test_the_price_of_a_unit_by_its_name_is_no_rival_of_the_product(load, name):
    found = load(
        rows(
            f"Date,Docket,Quantity,{name},Worth €",
            "2024-03-01,A7,27.63,215.5049,5954.40",
            "2024-03-02,A8,22.48,215.5049,4844.55",
            "2024-03-03,A9,32.93,216.0031,7112.98",
        )
    )

    assert found.mapping["amount"]["column"] == "Worth €"
    assert found.questions == []


def test_a_price_finer_than_a_product_of_an_unknown_name_is_asked_about(load):
    found = load(
        rows(
            "Date,Litres,Price,Worth",
            "2024-03-01,40.12,1.7429,69.93",
            "2024-03-02,51.30,1.6999,87.20",
            "2024-03-03,33.07,1.7119,56.61",
        )
    )

    assert "amount_column" in {kind for _, kind in found.questions}


def test_an_amount_at_a_rate_is_no_price(load):
    found = load(
        rows(
            "Date,Amount,Zul,Foreign",
            "2024-03-01,40.12,1.0843,43.50",
            "2024-03-02,51.30,1.0811,55.46",
            "2024-03-03,33.07,1.0790,35.68",
        )
    )

    assert found.amounts == ["40.12", "51.3", "33.07"]
