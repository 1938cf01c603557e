"""
What the text of a cell means: numbers, days and currencies, as people write them in any language.

numbers.py and days.py type whole columns; number_form and day_forms in them read one text. currencies.py knows the words for
money. The words come from CLDR: build.py makes cldr.json, and lexicon.py loads it.
"""
