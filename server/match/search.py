"""What a search among matches and open items finds: records by their reference, by any text of theirs, or by their amount."""

import re

from models.status import MatchKind

# Most records do not have the text at all, which is seen soonest in the whole record as JSON; only then in its columns.
_IN_RECORD = """
    (strpos(lower(r.reference), lower(?)) > 0 OR abs(r.amount) = ?::text::numeric
        OR (strpos(lower(r.data::text), lower(?)) > 0
            AND EXISTS (SELECT 1 FROM jsonb_each_text(r.data) v WHERE strpos(lower(v.value), lower(?)) > 0)))
"""
OF_MATCH = f"""
    EXISTS (SELECT 1 FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
        WHERE u.match_id IN (t.id, t.extends_id) AND {_IN_RECORD})
"""
OF_RECORD = _IN_RECORD
# The write-offs of a project whose records are in one of two sources: they belong to each pair of these sources.
WRITE_OFFS = f"""
    t.project_id = ? AND t.pair_id IS NULL AND t.job_id IS NULL AND t.kind = '{MatchKind.ONE_SIDED}' AND EXISTS (
        SELECT 1 FROM match_records w JOIN reconciliation_records s ON s.id = w.record_id
        WHERE w.match_id = t.id AND s.source_id IN (?, ?))
"""
_AMOUNT = re.compile(r"[+-]?([0-9]{1,28}(\.[0-9]{0,9})?)")
_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | {
    ord(character): escaped
    for character, escaped in zip('\b\t\n\f\r"\\', (r"\b", r"\t", r"\n", r"\f", r"\r", r"\"", r"\\"), strict=True)
}


def values(text: str) -> tuple[str, str | None, str, str]:
    """The values of the conditions above, for what somebody looks for."""
    amount = _AMOUNT.fullmatch(text.strip())
    return text, amount[1] if amount else None, text.translate(_ESCAPES), text
