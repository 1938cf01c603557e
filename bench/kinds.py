"""
Generated pairs of tables of kinds that no rule was made for: restaurants, books, people, products, bank lines.

Each has rows without a partner and near-twins: branches of a chain, editions of a book, families at one address, models in
two colours, payments that recur.
"""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

Row = list[str]

FIRST = [
    "James",
    "Mary",
    "Robert",
    "Patricia",
    "John",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "William",
    "Barbara",
    "Richard",
    "Susan",
    "Joseph",
    "Jessica",
    "Thomas",
    "Sarah",
    "Charles",
    "Karen",
    "Daniel",
    "Nancy",
    "Matthew",
    "Lisa",
    "Anthony",
    "Betty",
    "Mark",
    "Margaret",
    "Paul",
    "Sandra",
    "Steven",
    "Ashley",
    "Andrew",
    "Kimberly",
    "Kenneth",
    "Emily",
    "Joshua",
    "Donna",
    "Kevin",
    "Michelle",
    "Brian",
    "Carol",
    "George",
    "Amanda",
    "Edward",
    "Melissa",
    "Ronald",
    "Deborah",
    "Timothy",
    "Stephanie",
]
SHORT = {
    "James": "Jim", "Robert": "Bob", "Patricia": "Pat", "Jennifer": "Jen", "Michael": "Mike", "Elizabeth": "Liz",
    "William": "Bill", "Barbara": "Barb", "Richard": "Rick", "Susan": "Sue", "Joseph": "Joe", "Thomas": "Tom",
    "Charles": "Chuck", "Daniel": "Dan", "Matthew": "Matt", "Anthony": "Tony", "Margaret": "Peg", "Steven": "Steve",
    "Andrew": "Andy", "Kimberly": "Kim", "Kenneth": "Ken", "Joshua": "Josh", "Edward": "Ed", "Timothy": "Tim",
}  # fmt: skip
LAST = [
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Rodriguez",
    "Martinez",
    "Hernandez",
    "Lopez",
    "Gonzalez",
    "Wilson",
    "Anderson",
    "Thomas",
    "Taylor",
    "Moore",
    "Jackson",
    "Martin",
    "Lee",
    "Perez",
    "Thompson",
    "White",
    "Harris",
    "Sanchez",
    "Clark",
    "Ramirez",
    "Lewis",
    "Robinson",
    "Walker",
    "Young",
    "Allen",
    "King",
    "Wright",
    "Scott",
    "Torres",
    "Nguyen",
    "Hill",
    "Flores",
    "Green",
    "Adams",
    "Nelson",
    "Baker",
    "Hall",
    "Rivera",
    "Campbell",
    "Mitchell",
    "Carter",
    "Roberts",
]
CITIES = [
    "Springfield",
    "Riverside",
    "Fairview",
    "Salem",
    "Madison",
    "Georgetown",
    "Arlington",
    "Ashland",
    "Dover",
    "Oxford",
    "Jackson",
    "Burlington",
]
ROADS = ["Street", "Avenue", "Boulevard", "Road", "Drive", "Lane", "Place", "Court"]
ABBREVIATED = dict(zip(ROADS, ["St.", "Ave.", "Blvd.", "Rd.", "Dr.", "Ln.", "Pl.", "Ct."], strict=True))
CUISINES = [
    "American",
    "Italian",
    "French",
    "Chinese",
    "Japanese",
    "Mexican",
    "Thai",
    "Indian",
    "Steakhouses",
    "Seafood",
    "Delis",
    "Cafes",
    "Barbecue",
]
OTHER_CUISINE = {"American": "American (New)", "French": "French Bistro", "Delis": "Delicatessen", "Italian": "Pizza"}
DISHES = [
    "Grill",
    "Kitchen",
    "Cafe",
    "House",
    "Bistro",
    "Garden",
    "Tavern",
    "Palace",
    "Diner",
    "Room",
    "Table",
    "Corner",
    "Oven",
    "Bar",
]
TOPICS = [
    "history",
    "garden",
    "river",
    "empire",
    "light",
    "shadow",
    "winter",
    "summer",
    "secret",
    "last",
    "first",
    "golden",
    "silent",
    "lost",
    "broken",
    "city",
    "house",
    "daughter",
    "night",
    "morning",
    "war",
    "peace",
    "mountain",
    "sea",
    "island",
    "stone",
    "fire",
    "glass",
    "road",
    "letter",
    "memory",
    "music",
    "language",
    "science",
    "nature",
    "mind",
    "art",
]
PUBLISHERS = [
    "Penguin",
    "Vintage",
    "HarperCollins",
    "Knopf",
    "Scribner",
    "Norton",
    "Picador",
    "Doubleday",
    "Faber",
    "Macmillan",
]
MAKERS = [
    "Sonara",
    "Paxton",
    "Kelvio",
    "Nordik",
    "Belmar",
    "Tekna",
    "Vireo",
    "Optiva",
    "Gramo",
    "Fusano",
    "Lumen",
    "Zephyr",
    "Corvus",
    "Altec",
]
THINGS = [
    "Camera",
    "Speaker",
    "Refrigerator",
    "Headphones",
    "Printer",
    "Monitor",
    "Router",
    "Microwave",
    "Projector",
    "Keyboard",
    "Receiver",
    "Phone",
]
QUALITIES = [
    "Wireless",
    "Digital",
    "Compact",
    "Portable",
    "Stainless",
    "Energy",
    "Star",
    "Home",
    "Theater",
    "Bluetooth",
    "Slim",
    "Professional",
    "Series",
]
COLOURS = ("Black", "White", "Silver")
SYLLABLES = [
    a + b
    for a in ["b", "c", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v"]
    for b in ("a", "e", "i", "o", "an", "el", "or")
]


@dataclass(frozen=True)
class Made:
    """Both tables, and which rows belong together."""

    headers: tuple[Row, Row]
    rows: tuple[list[Row], list[Row]]
    truth: set[tuple[int, int]]


def write(made: Made, folder: Path) -> None:
    """Write the two tables as left.csv and right.csv."""
    for name, header, rows in zip(("left", "right"), made.headers, made.rows, strict=True):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])


class _Maker:
    """Rows of both sides, of which some belong together."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.sides: tuple[list[Row], list[Row]] = ([], [])
        self.pairs: list[tuple[int, int]] = []

    def of(self, items: Sequence[str]) -> str:
        return self.chance.choice(items)

    def is_so(self, share: float) -> bool:
        return self.chance.random() < share

    def name(self, least: int = 2, most: int = 3) -> str:
        return "".join(self.chance.choices(SYLLABLES, k=self.chance.randint(least, most))).capitalize()

    def typo(self, text: str) -> str:
        """One letter changed, left out, doubled, or swapped with the next."""
        if len(text) < 3:
            return text
        n = self.chance.randrange(len(text) - 1)
        kind = self.chance.randrange(4)
        middle = ("", text[n] * 2, text[n + 1] + text[n], self.of("aeiourstln") + text[n + 1])[kind]
        return text[:n] + middle + text[n + 1 + (kind > 1) :]

    def add(self, left: Row | None, right: Row | None) -> None:
        """A row of each side, which belong together, or only one of them."""
        if left is not None and right is not None:
            self.pairs.append((len(self.sides[0]), len(self.sides[1])))
        for side, row in zip(self.sides, (left, right), strict=True):
            if row is not None:
                side.append(row)

    def made(self, left: str, right: str) -> Made:
        places, shuffled = [], []
        for side in self.sides:
            order = self.chance.sample(range(len(side)), len(side))
            places.append({old: new for new, old in enumerate(order)})
            shuffled.append([side[old] for old in order])
        truth = {(places[0][a], places[1][b]) for a, b in self.pairs}
        return Made((left.split("|"), right.split("|")), (shuffled[0], shuffled[1]), truth)

    def split(self, left: Row, right: Row, partner: float) -> None:
        """Add both rows with a chance, or else one of them."""
        both, first = self.is_so(partner), self.is_so(0.5)
        self.add(left if both or first else None, right if both or not first else None)


def restaurants(seed: int, partner: float = 0.35, count: int = 700) -> Made:
    """Two guides that write addresses, telephones and cuisines in their own way; chains have branches."""
    made = _Maker(seed)
    chain: list[str] = []
    for _ in range(count):
        name = f"{made.name()} {made.of(DISHES)}" if made.is_so(0.6) else f"{made.of(LAST)}'s {made.of(DISHES)}"
        if chain and made.is_so(0.08):
            name = made.of(chain)
        chain = [*chain, name][-20:]
        number, road, kind = made.chance.randint(1, 9999), made.name(), made.of(ROADS)
        city, cuisine = made.of(CITIES), made.of(CUISINES)
        phone = (
            f"{made.of(('212', '310', '415', '702'))} {made.chance.randint(200, 999)} {made.chance.randint(1000, 9999)}"
        )
        left = [name, f"{number} {road} {kind}", city, phone.replace(" ", "/", 1).replace(" ", "-"), cuisine]
        other = name.replace("'s", "s") if made.is_so(0.5) else name
        other = f"The {other}" if made.is_so(0.1) else f"{other} ({city})" if made.is_so(0.1) else other
        if made.is_so(0.1):
            other = made.typo(other)
        address = f"{number} {'S. ' if made.is_so(0.1) else ''}{road} {ABBREVIATED[kind]}"
        address += " between 5th and 6th" if made.is_so(0.15) else ""
        right = [other, address, city, phone.replace(" ", "-"), OTHER_CUISINE.get(cuisine, cuisine)]
        if made.is_so(0.1):
            right[3] = f"{phone[:3]}-{made.chance.randint(200, 999)}-{made.chance.randint(1000, 9999)}"
        made.split(left, right, partner)
    return made.made("name|addr|city|phone|type", "title|address|town|telephone|cuisine")


def books(seed: int, partner: float = 0.5, count: int = 1500) -> Made:
    """Two catalogues. Many entries lack the ISBN, and of some books both have several editions."""
    made = _Maker(seed)
    for _ in range(count):
        words = [made.of(TOPICS).capitalize() for _ in range(made.chance.randint(1, 3))]
        title = f"The {' '.join(words)}" if made.is_so(0.4) else f"{words[0]} of {' '.join([made.name(), *words[1:]])}"
        first, last, second = made.of(FIRST), made.of(LAST) if made.is_so(0.5) else made.name(), made.of(LAST)
        two, publisher = made.is_so(0.15), made.of(PUBLISHERS)
        subtitle = f": A {made.of(TOPICS)} of {made.name()}" if made.is_so(0.4) else ""
        for edition in range(2 if made.is_so(0.15) else 1):
            year, pages = made.chance.randint(1970, 2015), made.chance.randint(120, 700)
            isbn = f"978{made.chance.randrange(10**9, 10**10)}"
            price = round(made.chance.uniform(6, 40), 2)
            form = ("Paperback", "Hardcover")[edition]
            authors = f"{first} {last}" + (f", {made.of(FIRST)} {second}" if two else "")
            left = [
                title + subtitle,
                authors,
                isbn if made.is_so(0.4) else "",
                publisher,
                str(year),
                str(pages),
                f"{price:.2f}",
            ]
            turned = f"{last}, {first if made.is_so(0.8) else first[0] + '.'}" + (" et al." if two else "")
            short = title + (subtitle if made.is_so(0.6) else "") + (f" ({form})" if made.is_so(0.3) else "")
            other = made.typo(short) if made.is_so(0.05) else short
            when = f"{year}-{made.chance.randint(1, 12):02d}-{made.chance.randint(1, 28):02d}"
            right = [
                other, turned, isbn if made.is_so(0.6) else "", f"{publisher} Books" if made.is_so(0.3) else publisher,
                when, str(pages + (made.chance.randint(1, 16) if made.is_so(0.3) else 0)),
                f"{price * made.chance.uniform(0.7, 1.0):.2f}",
            ]  # fmt: skip
            made.split(left, right, partner)
    return made.made(
        "Title|Authors|ISBN|Publisher|Year|Pages|Price", "name|author|isbn13|imprint|published|pageCount|amount"
    )


def people(seed: int, partner: float = 0.6, count: int = 2500) -> Made:
    """A census and a register: misspelt, swapped and short names, other days of birth, people who moved, and families."""
    made = _Maker(seed)
    home = ("", "", "")
    family = ""
    for _ in range(count):
        if not made.is_so(0.4) or not family:
            family = made.of(LAST) if made.is_so(0.5) else made.name()
            home = (str(made.chance.randint(1, 300)), f"{made.name()} {made.of(ROADS)}", made.of(CITIES))
        first = made.of(FIRST)
        born = date(1920, 1, 1) + timedelta(days=made.chance.randrange(36_500))
        left = [first, family, *home, f"{made.chance.randint(10_000, 10_080)}", born.isoformat()]
        right = left.copy()
        if made.is_so(0.15):
            right[0] = SHORT.get(first, first[0])
        if made.is_so(0.1):
            right[2:6] = [str(made.chance.randint(1, 300)), f"{made.name()} {made.of(ROADS)}", made.of(CITIES), "10100"]
        elif made.is_so(0.3):
            road = right[3].split()
            right[3] = f"{road[0]} {ABBREVIATED[road[1]]}"
        day = born
        if made.is_so(0.06) and born.day <= 12:
            day = born.replace(month=born.day, day=born.month)
        elif made.is_so(0.05):
            day = born + timedelta(days=made.of([-1, 1, 10, 365]))  # type: ignore[arg-type, type-var]  # numbers
        right[6] = day.strftime("%d/%m/%Y") if made.is_so(0.97) else ""
        for field in (0, 1, 3):
            if made.is_so(0.1):
                right[field] = made.typo(right[field])
        if made.is_so(0.04):
            right[0], right[1] = right[1], right[0]
        if made.is_so(0.05):
            right[made.chance.choice((0, 2, 3, 4, 5))] = ""
        made.split(left, right, partner)
    return made.made(
        "given_name|surname|house|street|city|zip|birth_date", "forename|family name|no|address|town|postcode|dob"
    )


def register(seed: int, partner: float = 0.6, count: int = 2500) -> Made:
    """The same, but the register has names, addresses and places in one column each."""
    made = people(seed, partner, count)
    joined = [
        [f"{family}, {first}", f"{house} {street}".strip(), f"{code} {city}".strip(), born]
        for first, family, house, street, city, code, born in made.rows[1]
    ]
    return Made((made.headers[0], ["name", "address", "place", "dob"]), (made.rows[0], joined), made.truth)


def products(seed: int, partner: float = 0.5, count: int = 1300) -> Made:
    """Two shops. One writes the model into the name, the other often only into the description; models come in colours."""
    made = _Maker(seed)
    while len(made.pairs) + sum(map(len, made.sides)) < 2 * count:
        maker, thing = made.of(MAKERS), made.of(THINGS)
        model = f"{''.join(made.chance.choices('ABCDEFGHKLMNPRSTVX', k=made.chance.randint(1, 3)))}{made.chance.randint(10, 9999)}"
        qualities = made.chance.sample(QUALITIES, 3)
        size = f"{made.chance.randint(5, 60)}{made.of((' inch', 'GB', 'W', ' cu. ft.'))}"
        price = round(made.chance.lognormvariate(4.5, 1.0), 2)
        for colour in made.chance.sample(COLOURS, 2 if made.is_so(0.25) else 1):
            left = [
                f"{maker} {size} {qualities[0]} {thing} - {model}{colour[0] if made.is_so(0.6) else ''}",
                f"{maker} {thing}/ {size}/ {' '.join(qualities)}/ {colour} Finish/ {made.of(QUALITIES)}",
                f"${price:,.2f}" if made.is_so(0.7) else "",
            ]
            name = f"{maker} {model[:-1] if made.is_so(0.05) else model} {' '.join(qualities[1:])} {thing}"
            name = name if made.is_so(0.75) else f"{maker} {size} {qualities[0]} {thing} ({colour})"
            about = f"{qualities[0]} - {size} - {colour}" if made.is_so(0.6) else ""
            right = [name, about, maker, f"{price * made.chance.uniform(0.8, 1.1):.2f}" if made.is_so(0.6) else ""]
            made.split(left, right, partner)
    return made.made("name|description|price", "title|details|brand|list price")


def bank_lines(seed: int, partner: float = 0.85, count: int = 3000) -> Made:
    """Invoices and the lines of a bank in capitals: cut names, some numbers, bank charges, rents of one amount each month."""
    made = _Maker(seed)
    parties = [
        f"{made.name()} {made.of(('GmbH', 'Ltd', 'Services', 'AG', '& Co KG', 'Inc'))}" if n % 2 else
        f"{made.of(FIRST)} {made.of(LAST)}" for n in range(600)
    ]  # fmt: skip
    rents = {party: made.chance.choice((45000, 62000, 85000, 99000)) for party in parties[:60]}
    start = date(2026, 1, 5)
    for n in range(count):
        party = made.of(parties)
        day = start + timedelta(days=made.chance.randrange(180))
        amount = round(made.chance.lognormvariate(9.5, 1.1)) + 100
        if made.is_so(0.15):
            party = made.of(list(rents))
            amount, day = rents[party], day.replace(day=1)
        elif made.is_so(0.1):
            amount = made.chance.choice((4990, 9900, 19900))
        number = f"R{2026_0000 + n}"
        left = [day.strftime("%d.%m.%Y"), number, party, _comma(amount)]
        paid = day + timedelta(days=min(made.chance.choice((0, 1, 2, 3, 7, 14, 30)) + made.chance.randint(0, 3), 35))
        written = party.upper()[: made.chance.choice((12, 20, 35))]
        less = amount - (made.chance.choice((150, 500, round(amount * 0.02))) if made.is_so(0.08) else 0)
        memo = f"{made.of(('SEPA CREDIT', 'TRANSFER', 'WIRE'))} {written}"
        memo += f" {number}" if made.is_so(0.35) else f" INV {number[-4:]}" if made.is_so(0.2) else ""
        right = [paid.isoformat(), memo, f"{less / 100:.2f}", f"{made.chance.randrange(10**9, 10**10)}"]
        made.split(left, right, partner)
    return made.made("Datum|Beleg|Kunde|Betrag", "value date|description|credit|bank id")


def _comma(amount: int) -> str:
    return f"{amount / 100:,.2f}".translate(str.maketrans(",.", ".,"))


KINDS: dict[str, Callable[..., Made]] = {
    "restaurants": restaurants,
    "books": books,
    "people": people,
    "register": register,
    "products": products,
    "bank lines": bank_lines,
}
