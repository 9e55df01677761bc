"""Bugs that are put into a codec on purpose, to see that `relay fuzz codec` finds them.

Each is a patch, with lines before it that say what it breaks, and which rule of SPEC.md a finding
must name. `bugs` reads them and plants them into a copy, `hunting` sends the lab after one.
"""
