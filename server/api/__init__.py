"""HTTP in and out, once for every route. Start with routing.py, which declares routes and binds them; endpoint.py is what it declares."""
