# Quality metrics, normalisation, variable genes, scores, scaling and principal components of one matrix: by scanpy, or by its documented
# formulas in NumPy. Arguments: folder, "scanpy" or "numpy". Reads arrays the test wrote, writes float64 arrays it compares with.
import sys

import numpy as np
from scipy import sparse, stats

folder, by = sys.argv[1], sys.argv[2]
read = lambda name, kind: np.fromfile(f"{folder}/{name}", dtype=kind)
write = lambda name, values: np.ascontiguousarray(np.asarray(values), dtype=np.float64).tofile(f"{folder}/{by}_{name}")
rows, columns, top_genes, components = (int(x) for x in read("shape", np.int64))
counts = sparse.csr_matrix((read("value", np.float32).astype(np.float64), read("column", np.int32), read("start", np.int64)), shape=(rows, columns))
batch = read("batch", np.int32)
mask = read("mask", np.int8).astype(bool)
s_genes, g2m_genes = read("s_genes", np.int32), read("g2m_genes", np.int32)
tops = [t for t in (50, 100, 200, 500) if t <= columns]


def lognormal(target):
    total = np.asarray(counts.sum(axis=1)).ravel()
    factor = np.where(total > 0, target / np.where(total > 0, total, 1), 1)
    out = sparse.diags(factor) @ counts
    out = out.tocsr()
    out.sort_indices()
    out.data = np.log1p(out.data)
    return out


stored = sparse.csr_matrix((read("log_value", np.float32).astype(np.float64), counts.indices, counts.indptr), shape=(rows, columns))      # CP10k as the test has it
untied = sparse.csr_matrix((read("untied_value", np.float32).astype(np.float64), counts.indices, counts.indptr), shape=(rows, columns))      # no two genes alike
total = np.asarray(counts.sum(axis=1)).ravel()
median = np.median(total[total > 0])
write("mad", [np.median(np.log1p(total)), stats.median_abs_deviation(np.log1p(total))])

if by == "scanpy":
    import anndata
    import pandas as pd
    import scanpy as sc
    import warnings

    warnings.simplefilter("ignore")
    names = [f"g{i:06d}" for i in range(columns)]      # groupby sorts by name: this keeps the order
    obs = pd.DataFrame({"batch": pd.Categorical(batch)}, index=[str(i) for i in range(rows)])
    data = anndata.AnnData(counts.copy(), obs=obs, var=pd.DataFrame({"mask": mask}, index=names))
    cell, gene = sc.pp.calculate_qc_metrics(data, qc_vars=["mask"], percent_top=tops, inplace=False, log1p=False)
    write("total", cell["total_counts"])
    write("detected", cell["n_genes_by_counts"])
    write("top", np.stack([cell[f"pct_counts_in_top_{t}_genes"] for t in tops]))
    write("masked", cell["pct_counts_mask"])
    write("gene", np.stack([gene["n_cells_by_counts"], gene["mean_counts"], gene["pct_dropout_by_counts"], gene["total_counts"]]))
    for name, target in (("cp10k", 1e4), ("median", median)):
        one = data.copy()
        sc.pp.normalize_total(one, target_sum=target)
        sc.pp.log1p(one)
        write(name, one.X.data)
        if name == "cp10k":
            logs = one
    unlike = anndata.AnnData(untied, obs=obs, var=pd.DataFrame(index=names))
    three = sc.pp.highly_variable_genes(unlike, flavor="seurat_v3", n_top_genes=top_genes, inplace=False)
    three_batch = sc.pp.highly_variable_genes(unlike, flavor="seurat_v3", n_top_genes=top_genes, batch_key="batch", inplace=False)
    seurat = sc.pp.highly_variable_genes(logs, flavor="seurat", n_top_genes=top_genes, inplace=False)
    seurat_batch = sc.pp.highly_variable_genes(logs, flavor="seurat", n_top_genes=top_genes, batch_key="batch", inplace=False)
    seurat["highly_variable_nbatches"] = seurat["highly_variable"]
    for name, frame in (("v3", three), ("v3_batch", three_batch)):
        batches = frame["highly_variable_nbatches"] if "highly_variable_nbatches" in frame else ~np.isnan(frame["highly_variable_rank"])
        write(name, np.stack([frame["means"], frame["variances"], frame["variances_norm"], frame["highly_variable_rank"], batches, frame["highly_variable"]]).astype(float))
    for name, frame in (("seurat", seurat), ("seurat_batch", seurat_batch)):
        write(name, np.stack([frame["means"], frame["dispersions"], frame["dispersions_norm"], frame["highly_variable_nbatches"], frame["highly_variable"]]).astype(float))
    for name, genes in (("s", s_genes), ("g2m", g2m_genes)):      # ctrl_size of all genes: every gene of a bin is a control
        sc.tl.score_genes(logs, [names[g] for g in genes], ctrl_size=columns, score_name=name)
    write("scores", np.stack([logs.obs["s"], logs.obs["g2m"]]))
    chosen = three["highly_variable"].to_numpy()
    small = logs[:, chosen].copy()
    small.X = stored[:, chosen]
    sc.pp.pca(small, n_comps=components, svd_solver="arpack", dtype="float64")
    write("pca", small.obsm["X_pca"])
    write("pca_variance", np.stack([small.uns["pca"]["variance"], small.uns["pca"]["variance_ratio"]]))
    write("loadings", small.varm["PCs"])
    scaled = small.copy()
    scaled.X = np.asarray(scaled.X.todense())
    sc.pp.scale(scaled, max_value=4)
    write("scaled", scaled.X)
    sc.pp.pca(scaled, n_comps=components, svd_solver="arpack", dtype="float64")
    write("scaled_pca", scaled.obsm["X_pca"])
    sys.exit(0)

x = counts.toarray()
detected = (x > 0).sum(axis=1)
ordered = -np.sort(-x, axis=1)
with np.errstate(all="ignore"):
    write("total", total)
    write("detected", detected)
    write("top", np.stack([100 * ordered[:, :t].sum(axis=1) / total for t in tops]))
    write("masked", 100 * x[:, mask].sum(axis=1) / total)
seen = (x > 0).sum(axis=0)
write("gene", np.stack([seen, x.mean(axis=0), 100 * (1 - seen / rows), x.sum(axis=0)]))
write("median", lognormal(median).data)
logs = lognormal(1e4)
write("cp10k", logs.data)
z = logs.toarray()


def loess(x, y, span=0.3, cell=0.2):
    """Cleveland and Grosse: cut the x axis while a cell holds more than n span cell points, fit there, cubic Hermite between."""
    order = np.argsort(x, kind="stable")
    x, y, n = x[order], y[order], len(x)
    most, near = int(np.floor(n * span * cell)), int(np.floor(n * span + 1e-5))
    margin = 0.005 * max(np.ptp(x), 1e-10 * np.abs(x).max() + 1e-30)
    knots = {x[0] - margin, x[-1] + margin}
    todo = [(0, n, x[0] - margin, x[-1] + margin)]
    while todo:
        low, high, left, right = todo.pop()
        if high - low <= most:
            continue
        middle = (low + high + 1) // 2 - 1
        for step in (s for k in range(n) for s in ((k, -k) if k else (0,))):      # 0, 1, -1, 2, -2, ...: the first place where neighbours differ
            if not low <= middle + step < high - 1:
                break
            if x[middle + step] != x[middle + step + 1]:
                middle += step
                break
        at = x[middle]
        if at in (left, right):
            continue
        knots.add(at)
        todo += [(low, middle + 1, left, at), (middle + 1, high, at, right)]
    knots = np.array(sorted(knots))
    value, slope = np.empty(len(knots)), np.empty(len(knots))
    for k, q in enumerate(knots):
        distance = np.abs(x - q)
        radius = np.partition(distance, near - 1)[near - 1]
        w = np.sqrt(np.clip(1 - (distance / radius) ** 3, 0, None) ** 3)
        value[k], slope[k] = np.linalg.lstsq(np.vander(x - q, 3, increasing=True) * w[:, None], y * w, rcond=None)[0][:2]
    right = np.clip(np.searchsorted(knots, x), 1, len(knots) - 1)
    width = knots[right] - knots[right - 1]
    h = (x - knots[right - 1]) / width
    fit = (1 - h) ** 2 * (1 + 2 * h) * value[right - 1] + h**2 * (3 - 2 * h) * value[right] + width * (h * (1 - h) ** 2 * slope[right - 1] + h**2 * (h - 1) * slope[right])
    out = np.empty(n)
    out[order] = fit
    return out


def seurat_v3(x, groups):
    norms = []
    for cells in groups:
        one = x[cells]
        mean, variance = one.mean(axis=0), one.var(axis=0, ddof=1)
        changing = variance > 0
        deviation = np.ones(columns)
        deviation[changing] = np.sqrt(10 ** loess(np.log10(mean[changing]), np.log10(variance[changing])))
        standard = np.minimum((one - mean) / deviation, np.sqrt(len(one)))
        norms.append((standard**2).sum(axis=0) / (len(one) - 1))
    norms = np.array(norms)
    rank = np.argsort(np.argsort(-norms, axis=1, kind="stable"), axis=1, kind="stable").astype(float)
    batches = (rank < top_genes).sum(axis=0)
    rank[rank >= top_genes] = np.nan
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        middle = np.nanmedian(rank, axis=0)
    chosen = np.zeros(columns)
    chosen[np.lexsort((np.arange(columns), -batches, np.where(np.isnan(middle), np.inf, middle)))[:top_genes]] = 1
    return np.stack([x.mean(axis=0), x.var(axis=0, ddof=1), norms.mean(axis=0), middle, batches, chosen])


def seurat(groups, batched):
    parts = []
    for cells in groups:
        one = np.expm1(z[cells])
        use = one.sum(axis=0) > 0 if batched else np.ones(columns, dtype=bool)
        mean, variance = one[:, use].mean(axis=0), one[:, use].var(axis=0, ddof=1)
        mean[mean == 0] = 1e-12
        with np.errstate(divide="ignore"):
            dispersion = np.log(variance / mean)
        dispersion[np.isinf(dispersion)] = np.nan
        mean = np.log1p(mean)
        edges = np.linspace(mean.min(), mean.max(), 21)
        edges[0] -= 0.001 * np.ptp(mean)
        place = np.searchsorted(edges, mean) - 1
        normal = np.full(mean.shape, np.nan)
        for b in range(20):
            d = dispersion[place == b]
            d = d[~np.isnan(d)]
            if len(d) == 1:
                normal[place == b] = dispersion[place == b] / d[0]
            elif len(d) > 1:
                normal[place == b] = (dispersion[place == b] - d.mean()) / d.std(ddof=1)
        cut = np.sort(normal[~np.isnan(normal)])[::-1][min(top_genes, (~np.isnan(normal)).sum()) - 1]
        part = np.zeros((4, columns))
        part[:, use] = [mean, dispersion, normal, normal >= cut]
        parts.append(part)
    parts = np.array(parts)
    out = np.vstack([np.nanmean(parts[:, :3], axis=0), parts[:, 3].sum(axis=0), np.zeros(columns)])
    if batched:
        out[4, np.lexsort((np.arange(columns), -out[2], -out[3]))[:top_genes]] = 1
    else:
        out[4] = out[3]
    return out


everything, parts = [np.arange(rows)], [np.flatnonzero(batch == b) for b in np.unique(batch)]
import warnings

warnings.simplefilter("ignore")
three = seurat_v3(untied.toarray(), everything)
write("v3", three)
write("v3_batch", seurat_v3(untied.toarray(), parts))
write("seurat", seurat(everything, False))
write("seurat_batch", seurat(parts, True))

average = z.mean(axis=0)
items = int(np.round(columns / 24))
cut = stats.rankdata(average, method="min") // items
scores = []
for genes in (s_genes, g2m_genes):
    control = np.setdiff1d(np.flatnonzero(np.isin(cut, cut[genes])), genes)
    scores.append(z[:, genes].mean(axis=1) - z[:, control].mean(axis=1))
write("scores", scores)


def pca(values):
    centred = values - values.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    sign = np.sign(vt[np.arange(len(vt)), np.argmax(np.abs(vt), axis=1)])
    u, vt = u * sign, vt * sign[:, None]
    return (u * s)[:, :components], s[:components] ** 2 / (rows - 1), centred.var(axis=0, ddof=1).sum(), vt[:components].T


chosen = stored.toarray()[:, three[5] > 0]
scores, variance, all_variance, loadings = pca(chosen)
write("pca", scores)
write("pca_variance", np.stack([variance, variance / all_variance]))
write("loadings", loadings)
deviation = chosen.std(axis=0, ddof=1)
deviation[deviation == 0] = 1
scaled = np.clip((chosen - chosen.mean(axis=0)) / deviation, -4, 4)
write("scaled", scaled)
write("scaled_pca", pca(scaled)[0])
