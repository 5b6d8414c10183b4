"""A whole room in memory and virtual time: a drill of 40 s runs in about one, the same to the last digit for a seed.

It simulates what clients see, not how a kernel works: faults show their ``symptom``. Most tests run on it.
"""

from lab.runtimes.fake.room import FakeRoom as FakeRoom
from lab.runtimes.fake.world import Traits as Traits
