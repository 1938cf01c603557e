"""The demo: three accounts and a project whose reconciliation runs live. Never in production."""
