# The reference of bench/fit_bench: the same model, data, start and residuals with SciPy's solve_ivp and least_squares.
import json
import sys
import time

import numpy as np
import scipy
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline
from scipy.optimize import least_squares

job = json.load(open(sys.argv[1]))
exit_group = np.array(job["exit_group"])
death_group = np.array(job["death_group"])
scale = np.array(job["stage_scale"], dtype=float)
stages = len(exit_group)
move = -np.eye(stages)
for i, (target, offspring) in enumerate(zip(job["target"], job["offspring"])):
    move[target, i] += offspring
dies = death_group >= 0
table_times = np.array(job["input_times"])
event_time, event_parameter = job["event_h"], job["event_parameter"]
spans = ((0.0, event_time), (event_time, table_times[-1]))  # inputs are smooth inside each
courses = []
for course in job["courses"]:
    courses.append([])
    for first, last in spans:
        inside = (table_times >= first) & (table_times <= last)
        courses[-1].append({name: CubicSpline(table_times[inside], np.array(values)[inside]) for name, values in course.items()})
names, log10 = job["parameters"], np.array(job["log10"])
seen = np.array(job["seen"], dtype=float)  # [K x S], labelled classes
dark = job["unlabelled"]
times = np.array(job["times_h"])
counts = [np.array(well["counts"]).reshape(len(times), -1) for well in job["wells"]]
well_arm = [well["arm"] for well in job["wells"]]
start_stages = job["start_stages"]  # per phase: stages the founders of the phase stand in
evaluations = 0


def named(theta):
    value = dict(job["fixed"])
    for name, logarithmic, x in zip(names, log10, theta):
        value[name] = 10.0**x if logarithmic else x
    return value


def course_of(p, inputs):
    base = np.array([p[name] for name in job["rates"]])
    death = np.where(dies, base[death_group], 0.0)
    effects = [(p[e["coefficient"]], e["inputs"], e["groups"]) for e in job["effects"] if all(i in inputs[0] for i in e["inputs"])]
    x = np.zeros(stages)
    odds = np.array([1.0] + [p["start_" + phase] for phase in job["phases"][1:]])
    odds /= odds.sum()
    for share, where in zip(odds, start_stages):
        x[where] = share / len(where)
    rows = []
    for (start, end), active in zip(spans, inputs):
        end = min(end, times[-1])

        def right_hand_side(t, x):
            rate = base.copy()
            for coefficient, needed, groups in effects:
                exponent = coefficient
                for name in needed:
                    exponent = exponent * active[name](t)
                rate[groups] *= np.exp(exponent)
            return move @ (scale * rate[exit_group] * x) - death * x

        if start > 0:
            x = x * p[event_parameter]
        inside = (times >= start) & ((times < end) if end < times[-1] else (times <= end))
        sol = solve_ivp(right_hand_side, (start, end), x, t_eval=np.unique(np.append(times[inside], end)), rtol=1e-9, atol=1e-12)
        rows.append(sol.y.T[: inside.sum()])
        x = sol.y[:, -1]
    return np.vstack(rows)


def residuals(theta):
    global evaluations
    evaluations += 1
    p = named(theta)
    runs = [course_of(p, inputs) for inputs in courses]
    fractions = []
    for arm in job["arms"]:
        x = sum(weight * runs[course] for weight, course in zip(arm["weights"], arm["courses"]))
        labelled = p["labelled_fraction"] * x @ seen.T
        labelled[:, dark] = (1 - p["labelled_fraction"]) * x.sum(axis=1)
        fractions.append(labelled / labelled.sum(axis=1, keepdims=True))
    parts = []
    for y, arm in zip(counts, well_arm):
        mu = y.sum(axis=1, keepdims=True) * fractions[arm]
        with np.errstate(divide="ignore", invalid="ignore"):
            deviance = 2 * (np.where(y > 0, y * np.log(y / mu), 0.0) - y + mu)
        parts.append((np.sign(y - mu) * np.sqrt(np.maximum(deviance, 0.0))).ravel())
    return np.concatenate(parts)


began = time.process_time()
fit = least_squares(residuals, np.array(job["start"]), bounds=(np.array(job["lower"]), np.array(job["upper"])))
seconds = time.process_time() - began
json.dump({"seconds": seconds, "theta": fit.x.tolist(), "sum_of_squares": 2 * fit.cost, "evaluations": evaluations,
           "status": fit.status, "scipy": scipy.__version__}, open(sys.argv[2], "w"))
