# Mann-Whitney tests and energy distances by SciPy, scikit-learn and numba-mwu (pdex's kernel) on the numbers that benchmark_bench wrote; the last line is JSON.
# Arguments: folder with x.bin, y.bin (11,000 and 9,000 x 50) and genes.bin (cells x genes), number of cells, number of genes there. Processor seconds.
import json
import sys
import time

import numpy as np

folder, cells, shown = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
genes_in_all = 20000
said = {}


def processor(body):
    began = time.process_time()
    value = body()
    return time.process_time() - began, value


def matrix(name, columns):
    return np.fromfile(f"{folder}/{name}", dtype=np.float64).reshape(columns, -1).T.copy()


x, y, genes = matrix("x.bin", 50), matrix("y.bin", 50), matrix("genes.bin", shown)
control = genes[:9000]
groups = [genes[9000 + 3667 * k : 9000 + 3667 * (k + 1)] for k in range(3)]

try:
    from scipy.spatial.distance import cdist
    from scipy.stats import mannwhitneyu

    def mean(a, b):
        return np.mean([cdist(a[i : i + 1000], b).sum() for i in range(0, len(a), 1000)]) * len(range(0, len(a), 1000)) / (len(a) * len(b))

    seconds, value = processor(lambda: 2 * mean(x, y) - mean(x, x) - mean(y, y))
    said["scipy_energy"] = {"seconds": seconds, "value": value}
    seconds, p = processor(lambda: [np.nan_to_num(mannwhitneyu(g, control, axis=0, method="asymptotic").pvalue, nan=1.0) for g in groups])
    said["scipy_ranks"] = {"seconds": seconds * genes_in_all / shown, "p": np.concatenate(p).tolist()}
except ImportError:
    pass

try:
    from sklearn.metrics.pairwise import euclidean_distances

    def mean_sk(a, b):
        return sum(euclidean_distances(a[i : i + 2000], b).sum() for i in range(0, len(a), 2000)) / (len(a) * len(b))

    seconds, value = processor(lambda: 2 * mean_sk(x, y) - mean_sk(x, x) - mean_sk(y, y))
    said["sklearn_energy"] = {"seconds": seconds, "value": value}
except ImportError:
    pass

try:
    from numba_mwu import mannwhitneyu_sparse
    from scipy.sparse import csr_matrix

    sparse_control, sparse_groups = csr_matrix(control), [csr_matrix(g) for g in groups]
    mannwhitneyu_sparse(sparse_groups[0][:, :3], sparse_control[:, :3])  # compiled before the clock starts
    seconds, _ = processor(lambda: [mannwhitneyu_sparse(g, sparse_control) for g in sparse_groups])
    said["pdex_ranks"] = {"seconds": seconds * genes_in_all / shown}
except Exception as problem:
    print("numba-mwu:", problem, file=sys.stderr)

print(json.dumps(said))
