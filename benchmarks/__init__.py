"""The engine beside its peers, in one run: ``figures`` and ``table`` are pure, ``clients`` run one program each,
``measures`` are what is claimed, ``scripts`` are the programs that clients run.
"""
