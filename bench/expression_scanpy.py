# Open, variable genes, normalise, principal components and Wilcoxon of every arm against control of one .h5ad by scanpy, as a fresh process; the last
# line says what it took, as JSON. Everything is loaded and compiled on a small table before the clock starts.
# Arguments: file, number of components, distance of the genes whose scores are told.
import json
import resource
import sys
import time
import warnings

warnings.simplefilter("ignore")
import anndata
import numpy as np
import scanpy as sc
import scipy
from scipy.stats import mannwhitneyu

file, components, distance = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
times = {}


def prepare(data, times, top, components):
    clock = time.perf_counter()

    def lap(name):
        nonlocal clock
        now = time.perf_counter()
        times[name] = times.get(name, 0) + now - clock
        clock = now

    if isinstance(data, str):
        data = sc.read_h5ad(data)
        lap("open")
    sc.pp.highly_variable_genes(data, flavor="seurat_v3", n_top_genes=top)
    lap("variable_genes")
    sc.pp.normalize_total(data, target_sum=1e4)
    sc.pp.log1p(data)
    lap("normalise")
    sc.pp.pca(data, n_comps=components)
    lap("components")
    sc.tl.rank_genes_groups(data, "arm", reference="control", method="wilcoxon", tie_correct=True)
    lap("rank_sums")
    return data


random = np.random.default_rng(1)
small = anndata.AnnData(scipy.sparse.csr_matrix(random.poisson(np.exp(random.normal(0, 1, 400)), (300, 400)).astype(np.float32)))
small.obs["arm"] = np.array(["control", "a"])[np.arange(300) % 2]
small.obs["arm"] = small.obs["arm"].astype("category")
prepare(small, {}, 100, 5)

began = time.process_time()
data = prepare(file, times, 2000, components)
processor = time.process_time() - began

genes = data.var_names[::distance]
found = data.uns["rank_genes_groups"]
scores = {}
for arm in found["names"].dtype.names:
    by_gene = dict(zip(found["names"][arm], found["scores"][arm]))
    scores[arm] = [float(np.nan_to_num(by_gene[gene])) for gene in genes]  # a gene without counts has none

# the other usual way, on a few genes
sample = data[:, genes[:50]].X.toarray()
arm = data.obs["arm"].to_numpy()
began = time.process_time()
tests = 0
for gene in range(sample.shape[1]):
    for one in scores:
        mannwhitneyu(sample[arm == one, gene], sample[arm == "control", gene])
        tests += 1
gene_by_gene = (time.process_time() - began) / tests * len(scores) * data.n_vars

print(json.dumps({"times": times, "total": sum(times.values()), "processor": processor, "variance": data.uns["pca"]["variance"].tolist(), "scores": scores, "gene_by_gene": gene_by_gene, "gene_by_gene_tests": tests,
                  "scanpy": sc.__version__, "scipy": scipy.__version__, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
