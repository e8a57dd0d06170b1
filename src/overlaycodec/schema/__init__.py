"""The declaration language: facts, key spaces, layouts, and the classes that are declared with them."""
