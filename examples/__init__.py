"""Small complete programs, each for one role in an overlay network: docs/examples.md lists them."""
