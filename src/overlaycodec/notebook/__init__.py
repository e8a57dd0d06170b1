"""Values as HTML for notebooks: packets, header classes, captures, tables, findings, differences, encoded packets.

Strategy: each page is complete: its style sheet is in it, it loads nothing and has no script. CSS alone lights a field
and its octets, so that an untrusted notebook and an exported page work like a live one. All text from packets and files
is escaped and shortened; each page shows a bounded part, and says what it leaves out.
"""
