"""
The file formats that can be loaded, in one table. A new format is a module here and an entry in FORMATS.

Detection, the upload's list, the dashboard's list and the messages are all derived from the table. Its order is the
order in which texts name the formats. A text that nothing else recognises is read as CSV.
"""

from matching.reading.formats import csv, json, jsonl, parquet, xlsx

FORMATS = {format.name: format for format in (csv.FORMAT, jsonl.FORMAT, json.FORMAT, xlsx.FORMAT, parquet.FORMAT)}
FALLBACK = csv.FORMAT


def titles() -> str:
    """The formats as part of a sentence: "CSV, JSON Lines, JSON, XLSX and Parquet"."""
    *others, last = (format.title for format in FORMATS.values())
    return f"{', '.join(others)} and {last}"
