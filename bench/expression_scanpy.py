# Open, normalise, variable genes and principal components of one .h5ad by scanpy; then what the last line says, as JSON. Arguments: file, number of components.
import json
import sys
import time
import warnings

warnings.simplefilter("ignore")
import scanpy as sc      # not timed: a program that runs is compared, not its start

file, components = sys.argv[1], int(sys.argv[2])


def run():
    clock, times = time.perf_counter(), {}

    def lap(name):
        nonlocal clock
        now = time.perf_counter()
        times[name] = now - clock
        clock = now

    data = sc.read_h5ad(file)
    lap("open")
    counts = data.X.copy()
    sc.pp.normalize_total(data, target_sum=1e4)
    sc.pp.log1p(data)
    lap("normalise")
    data.layers["counts"] = counts
    sc.pp.highly_variable_genes(data, flavor="seurat_v3", n_top_genes=2000, layer="counts")
    lap("variable_genes")
    sc.pp.pca(data, n_comps=components)
    lap("components")
    return times, data.uns["pca"]["variance"].tolist()


run()                    # compiles what numba compiles
times, variance = run()
import resource

print(json.dumps({"times": times, "total": sum(times.values()), "variance": variance, "scanpy": sc.__version__, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
