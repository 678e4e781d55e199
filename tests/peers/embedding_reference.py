# UMAP, t-SNE, Leiden and their quality by umap-learn, scikit-learn and leidenalg on the points of points.bin. Argument: folder.
import sys
import warnings

import anndata
import numpy as np
import scanpy as sc
from sklearn.manifold import TSNE, trustworthiness

warnings.simplefilter("ignore")
folder = sys.argv[1]
write = lambda name, values: np.ascontiguousarray(np.asarray(values), dtype=np.float64).tofile(f"{folder}/{name}")
n, d = (int(x) for x in np.fromfile(f"{folder}/shape", dtype=np.int64))
points = np.fromfile(f"{folder}/points", dtype=np.float64).reshape(n, d)
ours = np.fromfile(f"{folder}/ours", dtype=np.float64).reshape(n, 2)
write("trust_ours", [trustworthiness(points, ours, n_neighbors=15)])
data = anndata.AnnData(np.zeros((n, 1)), obsm={"X_pca": points})
sc.pp.neighbors(data, n_neighbors=15, use_rep="X_pca")
graph = data.obsp["connectivities"].tocsr()
graph.sort_indices()
write("start", graph.indptr)
write("other", graph.indices)
write("weight", graph.data)
umaps, tsnes = [], []
for seed in (1, 2, 3):
    sc.tl.umap(data, random_state=seed, init_pos=points[:, :2].astype(np.float32))
    umaps.append(data.obsm["X_umap"].copy())
    if seed == 1:
        tsnes.append(TSNE(init="pca", random_state=seed, perplexity=30).fit_transform(points))
write("umap", np.array(umaps))
write("tsne", np.array(tsnes))
sc.tl.leiden(data, flavor="leidenalg", n_iterations=-1, random_state=0)
write("leiden", data.obs["leiden"].astype(int))
