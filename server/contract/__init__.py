"""
The contracts, generated from the running code: OpenAPI from the routes' declarations, AsyncAPI from the event catalogue
and the socket commands, and TypeScript types from both. They are committed in docs/ and web/src/api/, and `make check`
fails if they are out of date. The server also serves the documents, with pages to browse them.
"""
