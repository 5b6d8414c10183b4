"""Our executors beside the real k6's: the same plans, the same counting server.

``plans`` says what is asked and what it must come to; ``words`` says the same in k6's words; ``server`` counts what arrives;
``lab_side`` and ``k6_side`` run all plans, ``measured`` is what came of one, ``compared`` and ``page`` tell (pure).
"""
