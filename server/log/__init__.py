"""Log lines that browsers send, bounded and rate-limited, and their list for administrators."""
