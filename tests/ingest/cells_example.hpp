// Annotated data with every kind of element, made by hand.
#pragma once
#include <cmath>
#include <limits>

#include "libhyped/expression/annotated_data.hpp"

namespace hyped::testing {

template <class T>
Numbers extremes(std::size_t count) {
  std::vector<T> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<T>(i * 3));
  out[0] = std::numeric_limits<T>::lowest();
  out[count - 1] = std::numeric_limits<T>::max();
  return out;
}

inline DataFrame example_frame(std::size_t rows, const std::string& start) {
  DataFrame out;
  Strings names, text;
  std::vector<double> some;
  std::vector<Flag> flags, missing;
  std::vector<std::int32_t> codes;
  for (std::size_t i = 0; i < rows; ++i) {
    names.push_back(start + std::to_string(i));
    text.push_back(i % 3 == 0 ? "" : "tÄxt " + std::to_string(i));
    some.push_back(i % 4 == 1 ? std::nan("") : 0.1 * static_cast<double>(i));
    flags.push_back(i % 2 == 0 ? Flag::yes : Flag::no);
    missing.push_back(i % 5 == 2 ? Flag::yes : Flag::no);
    codes.push_back(static_cast<std::int32_t>(i % 4) - 1);
  }
  out.index = names;
  out.put("i8", extremes<std::int8_t>(rows));
  out.put("i16", extremes<std::int16_t>(rows));
  out.put("i32", extremes<std::int32_t>(rows));
  out.put("i64", extremes<std::int64_t>(rows));
  out.put("u8", extremes<std::uint8_t>(rows));
  out.put("u16", extremes<std::uint16_t>(rows));
  out.put("u32", extremes<std::uint32_t>(rows));
  out.put("u64", extremes<std::uint64_t>(rows));
  out.put("f32", extremes<float>(rows));
  out.put("f64", extremes<double>(rows));
  out.put("with_nan", Numbers(some));
  out.put("flags", Numbers(flags));
  out.put("text", text);
  out.put("categories", Categorical{codes, Strings{"G1", "siPRRX1/mmMYOD1", "µ"}, false});
  out.put("ordered", Categorical{codes, Strings{"low", "middle", "high"}, true});
  out.put("numbered", Categorical{codes, Numbers(std::vector<double>{0.5, 1.5, 20.25}), false});
  out.put("nullable_integer", NullableNumbers{extremes<std::int32_t>(rows), missing});
  out.put("nullable_flag", NullableNumbers{Numbers(flags), missing});
  return out;
}

inline CompressedMatrix example_matrix(std::int64_t rows, std::int64_t columns, bool by_column, int step = 7) {
  CompressedMatrix out;
  out.by_column = by_column;
  out.rows = rows;
  out.columns = columns;
  std::vector<float> values;
  const std::int64_t major = by_column ? columns : rows, minor = by_column ? rows : columns;
  for (std::int64_t i = 0; i < major; ++i) {
    for (std::int64_t j = i * 3 % step; j < minor; j += 1 + (i + j) % step) {
      out.index.push_back(static_cast<std::int32_t>(j));
      values.push_back(static_cast<float>(1 + (i * 31 + j * 17) % 90));
    }
    out.start.push_back(static_cast<std::int64_t>(values.size()));
  }
  out.values = std::move(values);
  return out;
}

inline Array example_array(std::vector<std::int64_t> shape, double scale = 1) {
  std::int64_t count = 1;
  for (const auto d : shape) count *= d;
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(scale * std::sin(static_cast<double>(i)));
  return {std::move(shape), std::move(values)};
}

// `nullable_text` and `nothing` need anndata 0.11 to be read there.
inline AnnotatedData example_cells(bool young_encodings) {
  constexpr std::int64_t n = 23, g = 17;
  AnnotatedData out;
  out.X = {example_matrix(n, g, false)};
  out.obs = example_frame(n, "cell");
  out.var = example_frame(g, "GENE");
  out.var.index_name = "gene_name";
  out.layers.put("columns", {example_matrix(n, g, true)});
  out.layers.put("dense", {example_array({n, g})});
  CompressedMatrix wide = example_matrix(n, g, false, 3);
  wide.wide_index = wide.wide_start = true;
  wide.values = std::vector<std::int64_t>(static_cast<std::size_t>(wide.stored()), 5);
  out.layers.put("wide", {wide});
  out.obsm.put("X_pca", {example_array({n, 4})});
  out.obsm.put("cube", {example_array({n, 2, 3})});
  out.obsm.put("table", {example_frame(n, "cell")});
  out.varm.put("loadings", {example_array({g, 2})});
  out.obsp.put("distances", {example_matrix(n, n, false)});
  out.varp.put("correlation", {example_array({g, g})});
  Dict inner;
  inner.put("one", {Array{{}, Numbers(std::vector<std::int64_t>{7})}});
  inner.put("empty", {Dict{}});
  out.uns.put("nested", {inner});
  out.uns.put("number", {Array{{}, Numbers(std::vector<double>{0.25})}});
  out.uns.put("flag", {Array{{}, Numbers(std::vector<Flag>{Flag::yes})}});
  out.uns.put("text", {TextArray{{}, {"ein Wört"}}});
  out.uns.put("texts", {TextArray{{2, 2}, {"a", "", "ü", "d"}}});
  out.uns.put("none", {Array{{0, 4}, Numbers(std::vector<double>{})}});
  out.uns.put("table", {example_frame(5, "row")});
  out.uns.put("categories", {Categorical{{0, 1, -1}, Strings{"x", "y"}, true}});
  out.uns.put("records", {RecordArray{{2}, {{"siPRRX1/mmMYOD1", Strings{"A", "Bé"}, 0}, {"scores", Numbers(std::vector<float>{1.5F, -2}), 0}, {"rank", Numbers(std::vector<std::int16_t>{3, -4}), 0}}}});
  out.uns.put("complex", {RecordArray{{2}, {{"r", Numbers(std::vector<double>{1, 3}), 0}, {"i", Numbers(std::vector<double>{2, -1}), 0}}}});
  RawData raw;
  raw.X = {example_matrix(n, g + 3, false)};
  raw.var = example_frame(g + 3, "raw");
  raw.varm.put("loadings", {example_array({g + 3, 2})});
  out.raw = raw;
  if (young_encodings) {
    out.uns.put("nothing", {Nothing{}});
    std::vector<Flag> missing(static_cast<std::size_t>(n), Flag::no);
    missing[3] = Flag::yes;
    out.obs.put("nullable_text", NullableStrings{Strings(static_cast<std::size_t>(n), "t"), missing, ""});
  }
  return out;
}

}  // namespace hyped::testing
