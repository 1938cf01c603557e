"""
The contracts, generated from the running code: OpenAPI from the routes' declarations, AsyncAPI from the catalogue of
events and the socket's commands, and TypeScript types of both. They are committed in docs/ and web/src/api/; drift
fails `make check`. The same documents are served, with pages to browse them.
"""
