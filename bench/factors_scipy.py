# The peer of bench/factors_bench: C_j as full matrices in NumPy, then SciPy's nnls on the columns of each set.
# Arguments: folder, genes, factors. Prints seconds for the matrices, seconds for one nnls, then the distance left of every set.
import sys
import time

import numpy as np
from scipy.optimize import nnls

folder, genes, factors = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
path = np.fromfile(folder + "/path").reshape(-1, genes).T
target = np.fromfile(folder + "/target")
B = np.fromfile(folder + "/inputs").reshape(factors, genes).T
sets = np.loadtxt(folder + "/sets", dtype=int)
K = path.shape[1] - 1
change = [(path[:, k + 1] - path[:, k]) / (path[:, k] @ path[:, k]) for k in range(K)]


def through(k, x):      # A_k x, identity + rank one
    return x + np.outer(change[k], path[:, k] @ x) if x.ndim == 2 else x + change[k] * (path[:, k] @ x)


began = time.process_time()
wanted = sorted(set(sets[:, 0]))
effects = {}
# C_j = A_K ... A_{j+1} B + C_{j+1}, only those that are asked for are kept
total = np.zeros((genes, factors))
for j in range(K, 0, -1):
    term = B
    for k in range(j, K):
        term = through(k, term)
    total = total + term
    if j in wanted:
        effects[j] = total.copy()
    if j == min(wanted):
        break
free = path[:, 0]
for k in range(K):
    free = through(k, free)
r = target - free
prepared = time.process_time() - began
left = []
began = time.process_time()
for start, *columns in sets:
    left.append(nnls(effects[start][:, columns], r)[1])
each = (time.process_time() - began) / len(sets)
print(prepared, each)
for value in left:
    print("%.17g" % value)
