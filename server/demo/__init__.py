"""The demo: three accounts, and a project with a reconciliation that runs live. Never created in production."""
