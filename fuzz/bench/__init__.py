"""Which bugs each fuzzer finds, after how many cases: bugs are planted one at a time in parsers written for this.

python -m fuzz.bench                        all fuzzers that are installed, long
python -m fuzz.bench --short                what pip gives alone, in at most five minutes
python -m fuzz.bench --into FILE            the table as a page of the documentation
"""
