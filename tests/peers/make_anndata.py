# Writes .h5ad files with every encoding that the installed anndata has; prints their names.
# Use: make_anndata.py FOLDER
import sys
import warnings

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

warnings.filterwarnings("ignore")
import anndata as ad

folder = sys.argv[1]
version = tuple(int(x) for x in ad.__version__.split(".")[:2])
rng = np.random.default_rng(5)
n, g = 37, 53


def sparse(rows, columns, dtype, form, density=0.2):
    dense = np.zeros((rows, columns))
    mask = rng.random((rows, columns)) < density
    dense[mask] = rng.integers(1, 100, mask.sum())
    return getattr(sp, form + "_matrix")(dense.astype(dtype))


def frame(rows, index):
    out = pd.DataFrame(index=index)
    for dtype in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]:
        info = np.finfo(dtype) if "float" in dtype else np.iinfo(dtype)
        values = rng.integers(0, 100, rows).astype(dtype)
        values[0], values[-1] = info.min, info.max
        out["column_" + dtype] = values
    out["with_nan"] = np.where(rng.random(rows) < 0.3, np.nan, rng.random(rows))
    out["truth"] = rng.random(rows) < 0.5
    out["text"] = [f"v{i % 7}é" for i in range(rows)]
    out["unique_text"] = [f"only {i}" for i in range(rows)]
    codes = rng.integers(-1, 3, rows)
    codes[:4] = [-1, 0, 1, 2]
    out["category"] = pd.Categorical.from_codes(codes, ["G1", "siPRRX1/mmMYOD1", "µ"])
    out["ordered"] = pd.Categorical.from_codes(codes, ["low", "middle", "high"], ordered=True)
    out["number_category"] = pd.Categorical.from_codes(codes, [0.5, 1.5, 20.25])
    out["int_category"] = pd.Categorical.from_codes(codes, [3, 1, 2])
    out["unused_category"] = pd.Categorical.from_codes(np.zeros(rows, int), ["used", "never"])
    out["many_categories"] = pd.Categorical([f"c{i:04d}" for i in range(rows)])
    for dtype in ["Int8", "Int32", "Int64", "UInt8", "UInt16"]:
        values = pd.array(rng.integers(0, 100, rows), dtype=dtype)
        values[1] = pd.NA
        out["nullable_" + dtype] = values
    truth = pd.array(rng.random(rows) < 0.5, dtype="boolean")
    truth[2] = pd.NA
    out["nullable_boolean"] = truth
    if version >= (0, 11):
        text = pd.array([f"t{i % 5}" for i in range(rows)], dtype="string")
        text[3] = pd.NA
        out["nullable_text"] = text
    return out


def index(start, count):
    return pd.Index([f"{start}_{i}" for i in range(count)])


def full():
    obs, var = frame(n, index("cell", n)), frame(g, pd.Index([f"GENE{i}" for i in range(g)], name="gene_name"))
    raw = ad.AnnData(sparse(n, g + 4, "float32", "csr"), obs=pd.DataFrame(index=obs.index), var=pd.DataFrame({"more": np.arange(g + 4.0)}, index=index("raw", g + 4)))
    raw.varm["loadings"] = rng.random((g + 4, 3))
    a = ad.AnnData(sparse(n, g, "float32", "csr"), obs=obs, var=var)
    a.raw = raw
    for dtype in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]:
        a.layers["dense_" + dtype] = rng.integers(0, 100, (n, g)).astype(dtype)
        a.layers["csc_" + dtype] = sparse(n, g, dtype, "csc")
    a.layers["dense_bool"] = rng.random((n, g)) < 0.5
    a.layers["csr_bool"] = sp.csr_matrix(rng.random((n, g)) < 0.1)
    wide = sparse(n, g, "float64", "csr")
    wide.indices, wide.indptr = wide.indices.astype("int64"), wide.indptr.astype("int64")
    a.layers["csr_wide"] = wide
    a.obsm["X_pca"] = rng.normal(size=(n, 5)).astype("float32")
    a.obsm["three_dimensions"] = rng.normal(size=(n, 2, 3))
    a.obsm["sparse"] = sparse(n, 9, "float32", "csr")
    a.obsm["table"] = frame(n, obs.index)
    a.varm["PCs"] = rng.normal(size=(g, 5))
    a.obsp["distances"] = sparse(n, n, "float64", "csr")
    a.varp["correlation"] = rng.normal(size=(g, g))
    ranked = np.rec.fromarrays([np.array(["A", "Bé"], dtype=object), rng.random(2), np.array([3, -4], "int16")], names="siPRRX1/mmMYOD1,scores,rank")
    a.uns.update({
        "nested": {"deeper": {"still": {"x": 1}}, "empty": {}},
        "integer": 7, "number": 0.25, "truth": True, "text": "ein Wört", "empty_text": "", "numpy_float32": np.float32(0.1),
        "list": [1.0, 2.0, 5.0], "text_list": ["a", "", "ü"], "two_dimensions": np.arange(6).reshape(2, 3), "texts_2d": np.array([["a", "b"], ["c", "d"]], dtype=object),
        "no_values": np.zeros((0, 4)), "truths": np.array([True, False]), "records": ranked, "table": frame(6, index("row", 6)),
        "sparse": sparse(4, 6, "float32", "csc"), "categories": pd.Categorical(["x", "y", "x"]), "number_index": pd.DataFrame({"v": [1, 2]}, index=["1", "2"]),
        "complex": np.array([1 + 2j, 3 - 1j]),
    })
    if version >= (0, 11):
        a.uns["nothing"] = None
        a.uns["log1p"] = {"base": None}
    return a


made = []


def write(name, data, **how):
    data.write_h5ad(f"{folder}/{name}.h5ad", **how)
    made.append(name)


if version >= (0, 11):
    ad.settings.allow_write_nullable_strings = True
write("full", full())
write("full_gzip", full(), compression="gzip")
write("full_lzf", full(), compression="lzf")
write("dense", ad.AnnData(rng.random((n, g)).astype("float32"), obs=pd.DataFrame(index=index("c", n)), var=pd.DataFrame(index=index("g", g))))
write("dense_gzip", ad.AnnData(rng.random((300, 700)), obs=pd.DataFrame(index=index("c", 300)), var=pd.DataFrame(index=index("g", 700))), compression="gzip")
write("csc", ad.AnnData(sparse(n, g, "float32", "csc"), obs=pd.DataFrame(index=index("c", n)), var=pd.DataFrame(index=index("g", g))))
write("no_cells", ad.AnnData(sp.csr_matrix((0, 3), dtype="float32"), var=pd.DataFrame({"a": [1, 2, 3]}, index=index("g", 3))))
write("no_matrix", ad.AnnData(obs=pd.DataFrame({"a": [1, 2]}, index=["c", "d"]), var=pd.DataFrame(index=["g"])))
write("all_zero", ad.AnnData(sp.csr_matrix((4, 3), dtype="float32"), obs=pd.DataFrame(index=index("c", 4)), var=pd.DataFrame(index=index("g", 3))))
larger = sparse(1500, 900, "float32", "csr", 0.3)
write("larger_gzip", ad.AnnData(larger, obs=pd.DataFrame(index=index("c", 1500)), var=pd.DataFrame(index=index("g", 900))), compression="gzip")
write("larger_csc_gzip", ad.AnnData(larger.tocsc(), obs=pd.DataFrame(index=index("c", 1500)), var=pd.DataFrame(index=index("g", 900))), compression="gzip")
if hasattr(getattr(ad, "settings", None), "write_csr_csc_indices_with_min_possible_dtype"):
    ad.settings.write_csr_csc_indices_with_min_possible_dtype = True
    write("small_indices", ad.AnnData(sparse(n, g, "float32", "csr"), obs=pd.DataFrame(index=index("c", n)), var=pd.DataFrame(index=index("g", g))))
# The newest forms of headers, groups and indices of chunks that HDF5 has.
with h5py.File(f"{folder}/full_gzip.h5ad") as old, h5py.File(f"{folder}/newest_forms.h5ad", "w", libver="latest") as new:
    new.attrs.update({k: v for k, v in old.attrs.items()})
    for key in old:
        old.copy(key, new)
made.append("newest_forms")
print("\n".join(made))
