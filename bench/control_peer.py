# The same plan by SciPy: pieces of constant rates by scipy.linalg.expm, SLSQP with its own differences. Independent of libhyped's code.
import json
import sys
import time

import numpy as np
from scipy.linalg import expm
from scipy.optimize import minimize

job = json.load(open(sys.argv[1]))
G0, G1, S = 8, 8, 20
N = G0 + G1 + S


def generator(p, si, mm):
    entry = np.exp(p["siPRRX1_on_S_entry"] * si + p["mmMYOD1_on_S_entry"] * mm + p["interaction_on_S_entry"] * si * mm)
    a = np.zeros((N, N))
    for first, count, rate, target, offspring in ((0, G0, p["release"] * entry, G0 + G1, 1), (G0, G1, p["g1_exit"] * entry, G0 + G1, 1), (G0 + G1, S, p["division"], G0, 2)):
        for k in range(count):
            i = first + k
            a[i, i] -= count * rate + p["death"]
            a[i + 1 if k + 1 < count else target, i] += (1 if k + 1 < count else offspring) * count * rate
    return a


def start(p):
    odds = np.array([1, p["start_G1"], p["start_S/G2/M"]])
    odds /= odds.sum()
    x = np.zeros(N)
    x[0] = odds[0]      # quiescent cells stand at the first stage
    x[G0:G0 + G1] = odds[1] / G1
    x[G0 + G1:] = odds[2] / S
    return x


def cost(v):
    total = 0
    for p in job["members"]:
        x, now = start(p), 0.0
        errors = []
        cuts = sorted({v[1], v[3], 48.0, 72.0})
        for cut in cuts:
            if cut > 72:
                break
            if cut > now:
                x = expm(generator(p, v[0] if now >= v[1] else 0, v[2] if now >= v[3] else 0) * (cut - now)) @ x
                now = cut
            if cut == 48.0:
                errors.append(x[G0 + G1:].sum() / x.sum() - 0.15)
            if cut == 72.0:
                errors.append(x[G0 + G1:].sum() / x.sum() - 0.12)
        total += np.mean(np.square(errors))
    return total / len(job["members"])


at = cost(np.array(job["at"]))
began = time.process_time()
lower, upper = np.array(job["lower"]), np.array(job["upper"])
scaled = minimize(lambda z: cost(lower + z * (upper - lower)), (np.array(job["start"]) - lower) / (upper - lower), method="SLSQP", bounds=[(0, 1)] * 4, options={"ftol": 1e-12, "maxiter": 200})
print(json.dumps({"seconds": time.process_time() - began, "cost": scaled.fun, "cost_at": at}))
