# Prints the content of .h5ad files as anndata reads them, a line per part: path, kind, type, shape and a hash of the bytes.
# Use: anndata_content.py FILE...; a line "file NAME" precedes each. tests/ingest/cells_content.hpp prints the same of ours.
import hashlib
import sys
import warnings

import numpy as np
import pandas as pd
import scipy.sparse as sp

warnings.filterwarnings("ignore")
import anndata as ad


def sha(data):
    return hashlib.sha256(data).hexdigest()[:16]


def words(shape):
    return "x".join(str(int(d)) for d in shape)


def text_hash(values):
    return sha(b"".join(str(v).encode() + b"\0" for v in values))


def number_bytes(values):
    values = np.ascontiguousarray(values)
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
        return np.ascontiguousarray(values).tobytes()
    return values.tobytes()


def numbers(path, values):
    values = np.asarray(values)
    if values.dtype.kind == "c":
        parts = np.ascontiguousarray(values).view(np.float32 if values.dtype.itemsize == 8 else np.float64).reshape(values.shape + (2,))
        print(path, "records", words(values.shape))
        print(path + "/r", "field", parts.dtype, sha(number_bytes(parts[..., 0])))
        print(path + "/i", "field", parts.dtype, sha(number_bytes(parts[..., 1])))
    else:
        print(path, "numbers", values.dtype, words(values.shape), sha(number_bytes(values)))


def is_text(values):
    return values.dtype.kind in "OUS"


def array(path, values):
    if values.dtype.names:
        print(path, "records", words(values.shape))
        for name in values.dtype.names:
            field = values[name]
            if is_text(field):
                print(f"{path}/{name}", "field text", text_hash(x.decode() if isinstance(x, bytes) else x for x in field.ravel()))
            else:
                print(f"{path}/{name}", "field", field.dtype, sha(number_bytes(field)))
    elif is_text(values):
        print(path, "text", words(values.shape), text_hash(values.ravel()))
    else:
        numbers(path, values)


def column(path, values):
    if isinstance(values, pd.Categorical):
        print(path, "categories", "ordered" if values.ordered else "unordered", sha(values.codes.astype("int32").tobytes()))
        column(path + "/categories", values.categories.array if hasattr(values.categories, "array") else values.categories)
    elif isinstance(values, (pd.arrays.IntegerArray, pd.arrays.BooleanArray)):
        mask = values.isna()
        plain = values.to_numpy(na_value=0, dtype=values.dtype.numpy_dtype)
        print(path, "nullable", plain.dtype, sha(number_bytes(plain)), sha(mask.astype("int8").tobytes()))
    elif isinstance(values, pd.core.arrays.string_.BaseStringArray if hasattr(pd.core.arrays.string_, "BaseStringArray") else pd.arrays.StringArray):
        mask = np.asarray(values.isna())
        print(path, "nullable text", text_hash("" if m else v for v, m in zip(values, mask)), sha(mask.astype("int8").tobytes()))
    else:
        array(path, np.asarray(values))


def frame(path, table):
    print(path, "table", len(table), "index", repr(table.index.name or ""), "columns", "|".join(table.columns))
    column(path + "/(index)", table.index.array)
    for name in table.columns:
        column(f"{path}/{name}", table[name].array)


def element(path, value):
    if value is None:
        print(path, "nothing")
    elif isinstance(value, dict) or hasattr(value, "keys") and not isinstance(value, (pd.DataFrame, pd.Series, np.ndarray)) and not sp.issparse(value):
        print(path, "dict", "|".join(sorted(value.keys(), key=lambda k: k.encode())))
        for key in sorted(value.keys(), key=lambda k: k.encode()):
            element(f"{path}/{key}", value[key])
    elif isinstance(value, pd.DataFrame):
        frame(path, value)
    elif sp.issparse(value):
        form = "columns" if value.format == "csc" else "rows"
        print(path, "compressed", form, words(value.shape), value.dtype, sha(value.indptr.astype("int64").tobytes()), sha(value.indices.astype("int32").tobytes()), sha(number_bytes(value.data)))
    elif isinstance(value, (pd.Categorical, pd.arrays.IntegerArray, pd.arrays.BooleanArray)) or "StringArray" in type(value).__name__:
        column(path, value)
    elif isinstance(value, (bool, np.bool_)):
        print(path, "one truth", bool(value))
    elif isinstance(value, (int, np.integer)):
        print(path, "one integer", int(value))
    elif isinstance(value, (float, np.floating)):
        print(path, "one number", sha(np.float64(value).tobytes()))
    elif isinstance(value, str):
        print(path, "one text", text_hash([value]))
    elif isinstance(value, np.ndarray) and value.shape == () and not value.dtype.names:
        element(path, value.item())
    else:
        array(path, np.asarray(value))


for file in sys.argv[1:]:
    print("file", file)
    data = ad.read_h5ad(file)
    if data.X is not None:
        element("X", data.X)
    frame("obs", data.obs)
    frame("var", data.var)
    for place in ["layers", "obsm", "varm", "obsp", "varp", "uns"]:
        element(place, dict(getattr(data, place)))
    if data.raw is not None:
        element("raw/X", data.raw.X)
        frame("raw/var", data.raw.var)
        element("raw/varm", dict(data.raw.varm))
