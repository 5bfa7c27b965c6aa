"""Scores of speech against the natural recordings of the same sentences.

`run.score_sentences` scores each sentence and row with all `metrics`; `summary` makes means with intervals and
`scores.json` of them. The natural recording is a row like any other: the ceiling.
"""
