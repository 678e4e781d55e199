// Outer join of genes, one below another of cells.
#include "libhyped/expression/join_libraries.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// The ids of genes, if all have one and none is repeated.
std::optional<Strings> ids_of(const AnnotatedData& data) {
  const DataColumn* column = data.var.find("gene_id");
  if (column == nullptr) column = data.var.find("gene_ids");
  if (column == nullptr) return std::nullopt;
  const Labels labels = labels_of(*column);
  Strings out;
  for (const auto code : labels.codes) {
    if (code < 0) return std::nullopt;
    out.push_back(labels.levels[static_cast<std::size_t>(code)]);
  }
  return repeated_names(out).empty() ? std::optional(out) : std::nullopt;
}

// Where each row of the joined table comes from: library and row in it, -1 where a library has no part in it.
using Origins = std::vector<std::pair<int, std::int64_t>>;

// Columns of that name laid out over the joined rows; null where a library has none. Numbers stay numbers of their type where all
// have one type and no row lacks a value, else they become doubles with NaN; everything else becomes categories.
DataColumn laid_out(const std::vector<const DataColumn*>& columns, const Origins& origins) {
  bool numbers = true, one_type = true;
  const Numbers* type = nullptr;
  for (const DataColumn* column : columns) {
    if (column == nullptr) continue;
    const auto* own = std::get_if<Numbers>(column);
    numbers = numbers && (own != nullptr || std::holds_alternative<NullableNumbers>(*column));
    one_type = one_type && own != nullptr && (type == nullptr || own->index() == type->index());
    if (own != nullptr) type = own;
  }
  const bool whole = std::all_of(origins.begin(), origins.end(), [&](const auto& origin) { return columns[static_cast<std::size_t>(origin.first)] != nullptr; });
  if (numbers && one_type && whole && type != nullptr)
    return std::visit(
        [&](const auto& sample) -> DataColumn {
          std::decay_t<decltype(sample)> out;
          for (const auto& [library, row] : origins) out.push_back(std::get<std::decay_t<decltype(sample)>>(std::get<Numbers>(*columns[static_cast<std::size_t>(library)]))[static_cast<std::size_t>(row)]);
          return Numbers(std::move(out));
        },
        *type);
  if (numbers) {
    std::vector<std::vector<double>> values(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i] != nullptr) values[i] = *numbers_of(*columns[i]);
    std::vector<double> out;
    for (const auto& [library, row] : origins) out.push_back(columns[static_cast<std::size_t>(library)] == nullptr ? none : values[static_cast<std::size_t>(library)][static_cast<std::size_t>(row)]);
    return Numbers(std::move(out));
  }
  std::vector<Labels> labels(columns.size());
  Labels out;
  std::unordered_map<std::string, std::int32_t> levels;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == nullptr) continue;
    labels[i] = labels_of(*columns[i]);
    for (const auto& level : labels[i].levels)
      if (levels.try_emplace(level, static_cast<std::int32_t>(out.levels.size())).second) out.levels.push_back(level);
  }
  for (const auto& [library, row] : origins) {
    const Labels& own = labels[static_cast<std::size_t>(library)];
    const std::int32_t code = columns[static_cast<std::size_t>(library)] == nullptr ? -1 : own.codes[static_cast<std::size_t>(row)];
    out.codes.push_back(code < 0 ? -1 : levels.at(own.levels[static_cast<std::size_t>(code)]));
  }
  return categorical_of(std::move(out));
}

Strings column_names(const std::vector<Library>& libraries, DataFrame AnnotatedData::*frame) {
  Strings out;
  for (const auto& library : libraries)
    for (const auto& name : (library.data.*frame).names)
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  return out;
}

// A column of var where the libraries agree on the genes they share; none where they do not.
std::optional<DataColumn> agreed(const std::vector<const DataColumn*>& columns, const std::vector<std::vector<std::int64_t>>& rows) {
  const std::size_t genes = rows[0].size();
  Origins origins;
  std::vector<Labels> labels(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i] != nullptr) labels[i] = labels_of(*columns[i]);
  const auto text = [&](std::size_t library, std::int64_t row) -> std::string {
    const auto code = labels[library].codes[static_cast<std::size_t>(row)];
    return code < 0 ? std::string("\x01missing") : labels[library].levels[static_cast<std::size_t>(code)];
  };
  std::size_t lacking = columns.size();
  for (std::size_t i = columns.size(); i-- > 0;)
    if (columns[i] == nullptr) lacking = i;
  for (std::size_t g = 0; g < genes; ++g) {
    int from = -1;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] == nullptr || rows[i][g] < 0) continue;
      if (from >= 0 && text(i, rows[i][g]) != text(static_cast<std::size_t>(from), rows[static_cast<std::size_t>(from)][g])) return std::nullopt;
      if (from < 0) from = static_cast<int>(i);
    }
    if (from < 0) from = static_cast<int>(lacking);      // only in libraries without the column
    origins.emplace_back(from, rows[static_cast<std::size_t>(from)][g]);
  }
  return laid_out(columns, origins);
}

}  // namespace

JoinedLibraries join_libraries(std::vector<Library> libraries, const JoinOptions& options) {
  if (libraries.empty()) throw InputError("libraries", "there is none to join", "give at least one");
  std::set<std::string> names;
  for (auto& library : libraries) {
    if (!names.insert(library.name).second) throw InputError("libraries", "two are called '" + library.name + "'", "give each its own name: NAME=FOLDER");
    if (library.data.X.empty()) throw InputError(library.name, "has no matrix X", "give a library with counts");
  }
  JoinedLibraries out;
  // genes
  std::vector<std::optional<Strings>> ids;
  for (const auto& library : libraries) ids.push_back(ids_of(library.data));
  const bool all_ids = std::all_of(ids.begin(), ids.end(), [](const auto& one) { return one.has_value(); });
  const bool by_id = options.by == JoinBy::id || (options.by == JoinBy::automatic && all_ids);
  if (by_id && !all_ids) throw InputError("libraries", "not every library has an id for every gene, once each (column gene_id)", "join by name");
  std::vector<Strings> keys;
  std::vector<std::string> done;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    if (!by_id)
      if (const std::string settled = settle_repeated_genes(libraries[i].data, options.repeated, libraries[i].name); !settled.empty()) out.notes.push_back(libraries[i].name + ": " + settled);
    keys.push_back(by_id ? *ids[i] : names_of(libraries[i].data.var, libraries[i].name + ": var"));
  }
  struct Gene {
    std::string name, key;
    std::vector<std::int64_t> row;      // in each library, -1: not there
  };
  std::vector<Gene> genes;
  std::unordered_map<std::string_view, std::size_t> place;
  std::size_t renamed = 0;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    const Strings own_names = names_of(libraries[i].data.var, libraries[i].name + ": var");
    for (std::size_t g = 0; g < keys[i].size(); ++g) {
      const auto [found, added] = place.try_emplace(keys[i][g], genes.size());
      if (added) genes.push_back({own_names[g], keys[i][g], std::vector<std::int64_t>(libraries.size(), -1)});
      Gene& gene = genes[found->second];
      if (!added && gene.name != own_names[g]) ++renamed;
      gene.row[i] = static_cast<std::int64_t>(g);
    }
  }
  std::vector<std::size_t> order(genes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return std::pair(genes[a].name, genes[a].key) < std::pair(genes[b].name, genes[b].key); });
  std::vector<std::vector<std::int64_t>> rows(libraries.size(), std::vector<std::int64_t>(genes.size()));
  std::vector<std::vector<std::int32_t>> target(libraries.size());
  Strings gene_names;
  std::size_t shared = 0;
  for (std::size_t i = 0; i < libraries.size(); ++i) target[i].assign(keys[i].size(), -1);
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Gene& gene = genes[order[k]];
    gene_names.push_back(gene.name);
    shared += std::none_of(gene.row.begin(), gene.row.end(), [](auto row) { return row < 0; });
    for (std::size_t i = 0; i < libraries.size(); ++i) {
      rows[i][k] = gene.row[i];
      if (gene.row[i] >= 0) target[i][static_cast<std::size_t>(gene.row[i])] = static_cast<std::int32_t>(k);
    }
  }
  out.notes.push_back(fmt::format("genes were joined by {}{}: {} in all, {} in every library; a library without a gene has 0 there", by_id ? "id" : "name",
                                  options.by == JoinBy::automatic ? (by_id ? " (every library has ids)" : " (not every library has ids)") : "", genes.size(), shared));
  if (renamed > 0) out.notes.push_back(fmt::format("{} genes of one id have different names in the libraries; the name of the first library is kept", renamed));
  out.data.var.index = gene_names;
  for (const auto& name : column_names(libraries, &AnnotatedData::var)) {
    std::vector<const DataColumn*> columns;
    for (const auto& library : libraries) columns.push_back(library.data.var.find(name));
    if (auto column = agreed(columns, rows)) out.data.var.put(name, std::move(*column));
    else out.notes.push_back("var/" + name + " differs between the libraries and was dropped");
  }
  // cells
  Strings cells;
  Labels library_labels;
  Origins origins;
  SparseRows joined;
  joined.columns = static_cast<int>(genes.size());
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    auto& library = libraries[i];
    library_labels.levels.push_back(library.name);
    const Strings own = names_of(library.data.obs, library.name + ": obs");
    if (const auto repeated = repeated_names(own); !repeated.empty()) throw InputError(library.name, "names of cells are repeated: " + words_of(repeated), "join libraries as libraries, each from its own file");
    for (std::size_t r = 0; r < own.size(); ++r) {
      cells.push_back(own[r] + "_" + library.name);
      library_labels.codes.push_back(static_cast<std::int32_t>(i));
      origins.emplace_back(static_cast<int>(i), static_cast<std::int64_t>(r));
    }
    std::string dropped;
    for (const auto& [name, dict] : {std::pair("layers", &library.data.layers), {"obsm", &library.data.obsm}, {"varm", &library.data.varm}, {"obsp", &library.data.obsp}, {"varp", &library.data.varp}, {"uns", &library.data.uns}})
      if (!dict->names.empty()) dropped += fmt::format("{}{} ({})", dropped.empty() ? "" : ", ", name, fmt::join(dict->names, ", "));
    if (library.data.raw) dropped += dropped.empty() ? "raw" : ", raw";
    if (!dropped.empty()) out.notes.push_back(library.name + ": not joined: " + dropped);
    SparseRows part = sparse_rows_of(std::move(library.data.X), library.name + ": X");
    for (auto& column : part.column) column = target[i][static_cast<std::size_t>(column)];
    make_rows(part);      // in the new order of genes
    const std::int64_t before = joined.stored();
    if (joined.column.empty()) joined.column = std::move(part.column), joined.value = std::move(part.value);
    else {
      joined.column.insert(joined.column.end(), part.column.begin(), part.column.end());
      joined.value.insert(joined.value.end(), part.value.begin(), part.value.end());
    }
    for (int r = 1; r <= part.rows; ++r) joined.start.push_back(before + part.start[static_cast<std::size_t>(r)]);
    joined.rows += part.rows;
  }
  if (const auto repeated = repeated_names(cells); !repeated.empty()) throw InputError("libraries", "barcode and library together are not unique: " + words_of(repeated), "give the libraries other names");
  out.data.obs.index = std::move(cells);
  for (const auto& name : column_names(libraries, &AnnotatedData::obs)) {
    std::vector<const DataColumn*> columns;
    for (const auto& library : libraries) columns.push_back(library.data.obs.find(name));
    out.data.obs.put(name == "library" ? "library_before" : name, laid_out(columns, origins));
  }
  out.data.obs.put("library", categorical_of(std::move(library_labels)));
  out.data.X = {compressed_of(std::move(joined))};
  if (by_id)
    if (const std::string settled = settle_repeated_genes(out.data, options.repeated, "joined genes"); !settled.empty()) out.notes.push_back(settled);
  check_shapes(out.data, "joined libraries");
  return out;
}

}  // namespace hyped
