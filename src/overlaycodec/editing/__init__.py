"""What is done to decoded packets: checksums, fill, incremental updates."""
