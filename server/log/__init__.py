"""Log lines that browsers send, limited in size and rate, and the list of them for administrators."""
