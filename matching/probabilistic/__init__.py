"""
The pass kind `probabilistic`: it learns without labels what true pairs look like, and pairs the rows that are left.

Read search.py first. It profiles nothing: the plan says which fields are compared. values.py reads them, measures.py
writes units alike, texts.py turns texts into vectors, candidates.py and windows.py find pairs, levels.py compares them
(codes.py model numbers, dictionary.py words that go together in catalogues), em.py and weights.py learn what each level of
agreement says, decoys.py finds what rows get whose partner is missing, rescoring.py weighs the comparisons by what tells
true pairs from these, and posterior.py decides.
"""

from matching.probabilistic.search import Budget, Outcome, find

__all__ = ["Budget", "Outcome", "find"]
