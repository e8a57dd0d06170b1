"""Header classes to dissectors for Wireshark."""
