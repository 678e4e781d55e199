# Scores of cell-eval (any version) or cell-eval2, of the even cells of every condition as truth and the odd ones as prediction.
# score_halves.py FOLDER FILE COLUMN CONTROL [full]: writes FOLDER/scores.tsv (metric, condition, value) and FOLDER/version.txt. full: all metrics of cell-eval2, else the six of VCC-2026.
import importlib.metadata
import os
import sys

import anndata
import numpy as np

folder, file, column, control = sys.argv[1:5]
data = anndata.read_h5ad(file)
data.obs_names_make_unique()
label = np.asarray(data.obs[column].astype(str))
even = np.zeros(len(label), bool)
for name in np.unique(label):
    even[np.flatnonzero(label == name)[::2]] = True
# cell-eval2 wants a column and a control of its own names
obs = data.obs[[column]].rename(columns={column: "target"}).astype(str)
obs["target"] = obs["target"].where(obs["target"] != control, "non-targeting")
def part(mask):
    out = anndata.AnnData(data.X[mask].astype(np.float32), obs=obs[mask].copy(), var=data.var[[]].copy())
    return out
truth, prediction = part(even), part(~even)

lines = []
try:
    import cell_eval

    version = "cell-eval " + importlib.metadata.version("cell-eval") + ", pdex " + importlib.metadata.version("pdex")
    from cell_eval import MetricsEvaluator

    evaluator = MetricsEvaluator(adata_pred=prediction, adata_real=truth, control_pert="non-targeting", pert_col="target", num_threads=1, outdir=os.path.join(folder, "out"))
    results, _ = evaluator.compute(profile="full", skip_metrics=["clustering_agreement"], write_csv=False)
    for row in results.iter_rows(named=True):
        for metric, value in row.items():
            if metric != "perturbation":
                lines.append((metric, row["perturbation"], value))
except ImportError:
    import cell_eval2
    from cell_eval2.config import EvalConfig
    from cell_eval2.run import compute_metrics
    from dataclasses import replace

    version = "cell-eval2 " + importlib.metadata.version("cell-eval2")
    config = EvalConfig.from_preset("vcc2026")
    wanted = sys.argv[5] if len(sys.argv) > 5 else "vcc2026"
    config = replace(config, metrics=wanted, device="cpu", num_threads=1, validate_input=True)
    results = compute_metrics(prediction, truth, config=config)
    frame = results[0] if isinstance(results, tuple) else results
    names = frame.columns
    for row in frame.iter_rows(named=True):
        lines.append((row.get("metric"), row.get("perturbation", row.get("target")), row.get("value")))
with open(os.path.join(folder, "scores.tsv"), "w") as out:
    for metric, condition, value in lines:
        out.write(f"{metric}\t{condition}\t{'' if value is None else repr(float(value))}\n")
with open(os.path.join(folder, "version.txt"), "w") as out:
    out.write(version + "\n")
