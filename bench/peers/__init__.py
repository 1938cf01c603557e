"""
Other people's record linkage on the same tables: Splink and recordlinkage, in an environment of their own (make bench-peers).

Each gets what its documentation asks of a user: which columns belong together, taken from the plan that our engine
suggested, one comparison for each, and blocking on any of them. Neither sees labels. Their pairs become one-to-one by
taking the likeliest first.
"""
