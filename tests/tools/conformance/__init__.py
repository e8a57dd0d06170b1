"""Writes the conformance suite: python -m tests.tools.conformance (needs scapy, tshark and tcpdump)."""
