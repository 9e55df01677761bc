"""The quick way to read messages that are right: `values` of any kind, and whole `frames`.

It proves what it returns, and leaves all else to the scan, which says what is wrong and where.
"""
