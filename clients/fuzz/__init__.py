"""The codec lab: a kit that tries any codec of this wire with inputs whose right answer is known.

`inputs` writes legal and damaged messages, each with the rule of SPEC.md that it breaks first.
`codec` gives them to our decoder and to others, and says where two disagree.
"""
