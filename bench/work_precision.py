# The SciPy side of bench/work_precision: the same problems with right-hand sides as plain Python functions.
import json
import re
import sys
import time

import numpy as np
from scipy.integrate import solve_ivp

out = []
for item in json.load(open(sys.argv[1])):
    problem = item["problem"]
    text = ", ".join(problem["rhs"])
    names = {name: f"y[{i}]" for i, name in enumerate(problem["states"])}
    names.update({name: repr(value) for name, value in problem["parameters"].items()})
    names.update({"cos": "cos", "sin": "sin"})
    text = re.sub(r"\b[a-zA-Z_]\w*\b", lambda m: names.get(m.group(), m.group()), text).replace("^", "**")
    import math

    rates = eval(f"lambda t, y: ({text},)", {"cos": math.cos, "sin": math.sin})
    reference = np.array(problem["reference"])
    for method in ("Radau", "LSODA", "BDF"):
        for decade in range(4, 13):
            tolerance = 10.0**-decade
            seconds = 1e300
            for _ in range(2):
                began = time.process_time()
                sol = solve_ivp(rates, (problem["t0"], problem["t_end"]), problem["y0"], method=method, rtol=tolerance, atol=tolerance * item["absolute"], t_eval=[problem["t_end"]])
                seconds = min(seconds, time.process_time() - began)
            if not sol.success:
                continue
            error = float(np.max(np.abs(sol.y[:, -1] - reference) / (np.abs(reference) + item["floor"])))
            if np.isfinite(error):
                out.append({"problem": problem["name"], "method": "SciPy " + method, "tolerance": tolerance, "seconds": seconds, "error": error})
json.dump(out, open(sys.argv[2], "w"))
