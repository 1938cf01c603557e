"""Call a Tallyroom server and follow its streams."""
