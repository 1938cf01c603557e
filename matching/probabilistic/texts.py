"""
Texts as sparse vectors: their words and their groups of three characters, each weighed by its rarity.

Source: Salton & Buckley, Term-weighting approaches in automatic text retrieval (Information Processing & Management,
1988).
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
MAX_LENGTH = 2_000  # characters of a text that are compared; what follows says little more about which row it is
_BITS = 21  # of a code point
_APART = 0x10FFFF  # a code point that no text has: between the texts when they are read as one array
_DENSE = 4_000_000  # entries of a matrix of products
_AT_ONCE = 65_536  # pairs whose vectors are multiplied at once


@dataclass(frozen=True)
class Side:
    """The texts of one side, cleaned. An empty text says nothing."""

    texts: list[str]  # words in lower case without accents, separated by single spaces
    is_known: NDArray[np.bool_]  # shape (rows,)

    @property
    def mean_words(self) -> float:
        """Words per known text."""
        known = int(self.is_known.sum())
        return sum(text.count(" ") + 1 for text in self.texts if text) / max(known, 1)


@dataclass(frozen=True)
class Vectors:
    """One feature space for both sides. Each row of a matrix has length 1, or 0 if its text is empty."""

    left: csr_matrix  # shape (rows left, features), float32
    right: csr_matrix
    frequency: NDArray[np.int64]  # shape (features,), rows of both sides that have the feature


def clean(texts: Sequence[str | None]) -> Side:
    """Keep the words of each text: letters and digits of any script, in lower case, without accents and entities."""
    found = [_clean(text) if text else "" for text in texts]
    return Side(found, np.array([bool(text) for text in found], dtype=bool))


def _clean(text: str) -> str:
    text = text[:MAX_LENGTH]
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(text.lower()))


def together(sides: Sequence[Side]) -> Side:
    """The texts of several columns of one side as one text for each row."""
    joined = [" ".join(filter(None, row)) for row in zip(*(side.texts for side in sides), strict=True)]
    return Side(joined, np.array([bool(text) for text in joined], dtype=bool))


def join_codes(sides: list[Side]) -> list[Side]:
    """
    Join two or three adjacent words that some text, of any field, writes as one code: "ps lx350h" as "pslx350h".

    A code is a word with a digit. Three words are tried before two.
    """
    known = {word for side in sides for text in side.texts for word in text.split(" ") if _DIGIT.search(word)}
    return [
        Side([_joined(text, known) if _DIGIT.search(text) else text for text in side.texts], side.is_known)
        for side in sides
    ]


def _joined(text: str, known: set[str]) -> str:
    words = text.split(" ")
    found: list[str] = []
    n = 0
    while n < len(words):
        for width in (3, 2):
            one = "".join(words[n : n + width])
            if n + width <= len(words) and one in known:
                found.append(one)
                n += width
                break
        else:
            found.append(words[n])
            n += 1
    return " ".join(found)


def words(left: Side, right: Side) -> Vectors:
    """Vectors of the words of both sides."""
    every = sorted({word for side in (left, right) for text in side.texts for word in text.split(" ") if word})
    number = {word: n for n, word in enumerate(every)}
    return _vectors(*(_words(side, number) for side in (left, right)), sizes=_sizes(left, right), features=len(every))


def _words(side: Side, number: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    split = [text.split(" ") if text else [] for text in side.texts]
    row = np.repeat(np.arange(len(split)), [len(found) for found in split])
    return row, np.fromiter((number[word] for found in split for word in found), np.int64, len(row))


def grams(left: Side, right: Side) -> Vectors:
    """Vectors of the groups of three characters of both sides. The ends of a text count as spaces."""
    made = [_grams(side) for side in (left, right)]
    every, index = np.unique(np.concatenate([ids for _, ids in made]), return_inverse=True)
    cut = len(made[0][0])
    parts = ((made[0][0], index[:cut]), (made[1][0], index[cut:]))
    return _vectors(*parts, sizes=_sizes(left, right), features=len(every))


def _grams(side: Side) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row and the number of each group."""
    padded = [f" {text} " if text else "" for text in side.texts]
    apart = chr(_APART)
    points = np.frombuffer(apart.join(padded).encode("utf-32-le"), np.uint32).astype(np.int64)
    if len(points) < 3:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    row = np.cumsum(points == _APART)[1:-1]
    found = (points[:-2] << (2 * _BITS)) | (points[1:-1] << _BITS) | points[2:]
    inside = (points[:-2] != _APART) & (points[1:-1] != _APART) & (points[2:] != _APART)
    return row[inside], found[inside]


def codes(left: Side, right: Side) -> tuple[csr_matrix, csr_matrix]:
    """
    Matrices of the words with a digit, whose products are the summed rarity of the codes that two rows share.

    Returns: shapes (rows, codes), float32; each entry is the square root of the code's rarity, in nats.
    """
    is_code = [_with_digits(side) for side in (left, right)]
    every = sorted({word for side in is_code for text in side.texts for word in text.split(" ") if word})
    number = {word: n for n, word in enumerate(every)}
    sizes = _sizes(left, right)
    counted = [_counted(_words(side, number), rows, len(every)) for side, rows in zip(is_code, sizes, strict=True)]
    frequency = sum(np.bincount(matrix.indices, minlength=len(every)) for matrix in counted)
    weight = np.sqrt(_rarity(np.asarray(frequency), sum(sizes)))
    for matrix in counted:
        matrix.data = weight[matrix.indices].astype(np.float32)
    return counted[0], counted[1]


def contained(part: Side, whole: Side) -> tuple[csr_matrix, csr_matrix]:
    """
    Matrices of groups of characters, whose products are the summed rarity of the groups of a part that a whole has.

    Returns: shapes (rows, groups), float32; each entry is the square root of the group's rarity, in nats.
    """
    made = [_grams(side) for side in (part, whole)]
    every, index = np.unique(np.concatenate([ids for _, ids in made]), return_inverse=True)
    cut, sizes = len(made[0][0]), _sizes(part, whole)
    found = [
        _counted((row, number), rows, len(every))
        for (row, _), number, rows in zip(made, (index[:cut], index[cut:]), sizes, strict=True)
    ]
    frequency = sum(np.bincount(matrix.indices, minlength=len(every)) for matrix in found)
    weight = np.sqrt(_rarity(np.asarray(frequency), sum(sizes)))
    for matrix in found:
        matrix.data = weight[matrix.indices].astype(np.float32)
    return found[0], found[1]


def _with_digits(side: Side) -> Side:
    texts = [
        " ".join(sorted({word for word in text.split(" ") if _DIGIT.search(word)})) if _DIGIT.search(text) else ""
        for text in side.texts
    ]
    return Side(texts, side.is_known)


def _sizes(left: Side, right: Side) -> tuple[int, int]:
    return len(left.texts), len(right.texts)


def _vectors(
    left: tuple[NDArray[np.int64], NDArray[np.int64]],
    right: tuple[NDArray[np.int64], NDArray[np.int64]],
    *,
    sizes: tuple[int, int],
    features: int,
) -> Vectors:
    counted = [_counted(part, rows, features) for part, rows in zip((left, right), sizes, strict=True)]
    frequency = np.asarray(sum(np.bincount(matrix.indices, minlength=features) for matrix in counted))
    rarity = _rarity(frequency, sum(sizes))
    made = [_weighed(matrix, rarity) for matrix in counted]
    return Vectors(made[0], made[1], frequency)


def _counted(part: tuple[NDArray[np.int64], NDArray[np.int64]], rows: int, features: int) -> csr_matrix:
    row, feature = part
    matrix = csr_matrix((np.ones(len(row), np.float32), (row, feature)), shape=(rows, features))
    matrix.sum_duplicates()
    return matrix


def _rarity(frequency: NDArray[np.int64], rows: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.maximum(np.log((rows + 1) / (frequency + 0.5)), 0.0)
    return found


def _weighed(counted: csr_matrix, rarity: NDArray[np.float64]) -> csr_matrix:
    counted.data = ((1 + np.log(counted.data)) * rarity[counted.indices]).astype(np.float32)
    return unit(counted)


def unit(matrix: csr_matrix) -> csr_matrix:
    """The rows, each divided by its length."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    return csr_matrix(diags_array((1 / np.sqrt(np.maximum(squares, 1e-12))).astype(np.float32)) @ matrix)


def products(
    left: csr_matrix, right: csr_matrix, pairs: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> NDArray[np.float32]:
    """
    The inner product of each pair of rows.

    Returns: shape (pairs,), rounded to 5 decimals, so that the order in which a row's features are added makes no
    difference.
    """
    found = np.empty(len(pairs[0]), np.float32)
    (rows, row), (columns, column) = (np.unique(side, return_inverse=True) for side in pairs)
    if len(rows) * len(columns) <= min(_DENSE, 2 * len(found)):  # nearly all pairs of a few rows
        whole = (left[rows] @ right[columns].T).toarray()
        return np.asarray(np.round(whole[row, column], 5), np.float32)
    for start in range(0, len(found), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        both = left[pairs[0][part]].multiply(right[pairs[1][part]])
        found[part] = np.asarray(both.sum(axis=1)).ravel()
    rounded: NDArray[np.float32] = np.round(found, 5)
    return rounded
