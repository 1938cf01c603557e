"""A password that everybody knows, because the demo prints it: nobody gets it in production."""

DEMO_PASSWORD = "demo-tallyroom-password"  # noqa: S105 - printed at the start, in demo mode only
