"""Codecs as `relay fuzz codec --against` starts them, and examples for one of your own.

`ours` is our Python codec, plain or compiled; `node.mjs` is our TypeScript codec; `plain.c` is a
codec in C that was written from SPEC.md alone; `stub.c` repeats answers that were written down, to
measure how fast inputs are given and answers compared.
"""
