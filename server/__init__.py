"""The application: REST, one folder a feature, and the composition of everything."""

VERSION = "0.1.0"
