# A two-phase chain with a decaying input and a loss of cells, by SciPy's DOP853 at tight tolerance: one line per sample time.
import json
import sys

import numpy as np
from scipy.integrate import solve_ivp

case = json.load(open(sys.argv[1]))
k1, k2 = case["stages"]
g1, s, death, effect, half = case["g1_exit"], case["division"], case["death"], case["effect"], case["half_life_h"]


def rates(t, x):
    u = np.exp(-np.log(2) * (t - case["from_h"]) / half) if t >= case["from_h"] else 0.0
    a = np.concatenate([np.full(k1, k1 * g1 * np.exp(effect * u)), np.full(k2, k2 * s)])
    flow = a * x
    d = -flow - death * x
    d[1:] += flow[:-1]
    d[0] += 2 * flow[-1]
    return d


x = np.array(case["initial"], float)
times = np.array(case["times_h"])
out, t = [], times[0]
for until in sorted(set([case["from_h"], case["loss_h"], times[-1]])):
    inside = times[(times >= t) & (times < until)] if until < times[-1] else times[times >= t]
    # the interval is half open, so that rates just before an event are those before it
    run = solve_ivp(lambda at, y: rates(min(at, np.nextafter(until, -1)), y) if until < times[-1] else rates(at, y), (t, until), x,
                    method="DOP853", rtol=1e-12, atol=1e-10, t_eval=np.unique(np.append(inside, until)))
    for at in inside:
        out.append(run.y[:, np.searchsorted(run.t, at)])
    x, t = run.y[:, -1], until
    if until == case["loss_h"]:
        x = x * case["kept"]
for row in out:
    print(*("%.17g" % v for v in row))
