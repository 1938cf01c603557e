"""
HTTP in and out, once for every route. Start with routing.py, which declares and binds routes; endpoint.py says what a
declaration holds.
"""
