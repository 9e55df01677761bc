"""Cases against a client: each plays the relay, legal or broken, for a program under test.

`program` starts it and speaks lines of JSON with it, `stage` has the relay's part. The other
modules hold the cases, by section of SPEC.md.
"""
