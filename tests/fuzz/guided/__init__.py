"""Searches that coverage guides: what reaches a new branch is kept, and changed further.

atheris does it for Python, jazzer.js for TypeScript. Both are libFuzzer inside.
"""
