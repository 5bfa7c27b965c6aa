"""The version of each stage's method. After a change of what a stage writes, raise its number and run `make golden`.

A stage whose output is of another version runs again. DVC reads this file as parameters, so it holds nothing but the
numbers.
"""

VERSIONS = {
    "data": 2,
    "g2p": 2,
    "align": 3,
    "features": 1,
    "embedding": 3,
    "train": 4,
    "decode": 1,
    "score": 3,
    "pack": 3,
}
