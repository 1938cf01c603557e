"""
The matching engine: tables of values and a plan in, matches out. Pure: no ORM, no HTTP, no clock, no unseeded
randomness.
"""
