"""The lab's responder beside supervisors that people use: the same target, faults and probe, in one run, one after the other."""
