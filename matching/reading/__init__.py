"""Reading files into tables of text, and text into typed values."""
