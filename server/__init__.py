"""The application: the REST API, one folder per feature, and the code that assembles them."""

VERSION = "0.1.0"
