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
