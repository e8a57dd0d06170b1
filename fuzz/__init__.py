"""Coverage-guided fuzzing of the decoder, the capture readers and the columns.

python -m fuzz [--seconds N] [TARGET ...]    every target in turn, for so long in all
python -m fuzz.engine TARGET FILE            one input again
python -m fuzz.seeds                         the seeds in corpus/ anew, from tests/captures
"""
