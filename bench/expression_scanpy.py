# Open, variable genes, normalise and principal components of one .h5ad by scanpy, as a fresh process; the last line says what it took, as JSON.
# Arguments: file, number of components, runs (the last one is told: from the second on, everything is loaded and compiled).
import json
import resource
import sys
import time
import warnings

warnings.simplefilter("ignore")
import scanpy as sc

file, components, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for _ in range(runs):
    times = {}
    clock = time.perf_counter()

    def lap(name):
        global clock
        now = time.perf_counter()
        times[name] = now - clock
        clock = now

    data = sc.read_h5ad(file)
    lap("open")
    sc.pp.highly_variable_genes(data, flavor="seurat_v3", n_top_genes=2000)
    lap("variable_genes")
    sc.pp.normalize_total(data, target_sum=1e4)
    sc.pp.log1p(data)
    lap("normalise")
    sc.pp.pca(data, n_comps=components)
    lap("components")

print(json.dumps({"times": times, "total": sum(times.values()), "variance": data.uns["pca"]["variance"].tolist(), "scanpy": sc.__version__, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
