# The jump process of bench/engine_bench by GillesPy2's C++ solver: processor seconds of the simulation without its compilation.
import json
import os
import resource
import shutil
import sys
import tempfile

import gillespy2
import numpy as np

# The solver is built by another Python, which has to find this environment.
os.environ["PYTHONPATH"] = os.path.dirname(os.path.dirname(gillespy2.__file__))
size, molecules, hours = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


class Ring(gillespy2.Model):
    def __init__(self):
        super().__init__(name="ring")
        self.add_parameter(gillespy2.Parameter(name="k", expression="1"))
        species = [gillespy2.Species(name=f"A{i}", initial_value=molecules // size, mode="discrete") for i in range(size)]
        self.add_species(species)
        for i in range(size):
            self.add_reaction(gillespy2.Reaction(name=f"move{i}", reactants={species[i]: 1}, products={species[(i + 1) % size]: 1}, rate="k"))
        self.timespan(np.linspace(0, hours, 3))


def seconds(runs):
    solver = gillespy2.SSACSolver(model=Ring())
    solver.run(number_of_trajectories=1, seed=1)  # compiles
    least = 1e300
    for attempt in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        solver.run(number_of_trajectories=runs, seed=2 + attempt)
        least = min(least, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime)
    return least / runs


as_shipped = seconds(2)
with tempfile.TemporaryDirectory() as folder:  # GillesPy2 compiles without optimisation: a g++ that adds it
    with open(os.path.join(folder, "g++"), "w") as wrapper:
        wrapper.write(f'#!/bin/sh\nexec {shutil.which("g++")} "$@" -O3 -march=native\n')
    os.chmod(os.path.join(folder, "g++"), 0o755)
    os.environ["PATH"] = folder + ":" + os.environ["PATH"]
    optimised = seconds(4)
print(json.dumps({"seconds": as_shipped, "optimised_seconds": optimised, "version": gillespy2.__version__}))
