"""
The kinds of files that can be loaded, in one table: a new one is a module here and a line in FORMATS.

Detection, the upload's list, the dashboard's list and the messages are all derived from the table. The order is that in
which people read the formats named; CSV is what a text is that nothing else recognises.
"""

from matching.reading.formats import csv, jsonl, parquet, xlsx

FORMATS = {format.name: format for format in (csv.FORMAT, jsonl.FORMAT, xlsx.FORMAT, parquet.FORMAT)}
FALLBACK = csv.FORMAT


def titles() -> str:
    """The formats as a sentence names them: "CSV, JSON Lines, XLSX and Parquet"."""
    *others, last = (format.title for format in FORMATS.values())
    return f"{', '.join(others)} and {last}"
