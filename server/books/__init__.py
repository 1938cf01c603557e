"""The books of sources and pairs: their terms, kept with every change, and how a match changes them."""
