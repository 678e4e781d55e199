// Repeated names and naming schemes of genes.
#include "libhyped/expression/gene_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

// Values of columns with one target added up; targets ascend with their first column.
SparseRows merged_columns(const SparseRows& matrix, const std::vector<std::int32_t>& target, int columns) {
  SparseRows out;
  out.rows = matrix.rows;
  out.columns = columns;
  out.column.reserve(matrix.column.size());
  out.value.reserve(matrix.value.size());
  std::vector<std::pair<std::int32_t, float>> row;
  for (int r = 0; r < matrix.rows; ++r) {
    const auto from = matrix.columns_of(r);
    const auto values = matrix.values_of(r);
    row.clear();
    for (std::size_t i = 0; i < from.size(); ++i) row.emplace_back(target[static_cast<std::size_t>(from[i])], values[i]);
    std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < row.size();) {
      double sum = 0;
      std::size_t j = i;
      for (; j < row.size() && row[j].first == row[i].first; ++j) sum += static_cast<double>(row[j].second);
      if (sum != 0) out.column.push_back(row[i].first), out.value.push_back(static_cast<float>(sum));
      i = j;
    }
    out.start.push_back(static_cast<std::int64_t>(out.column.size()));
  }
  return out;
}

DataColumn rows_of_column(const DataColumn& column, const std::vector<std::size_t>& rows) {
  const auto pick = [&](const auto& v) {
    std::decay_t<decltype(v)> out;
    out.reserve(rows.size());
    for (const std::size_t r : rows) out.push_back(v[r]);
    return out;
  };
  const auto pick_numbers = [&](const Numbers& numbers) { return std::visit([&](const auto& v) { return Numbers(pick(v)); }, numbers); };
  if (const auto* numbers = std::get_if<Numbers>(&column)) return pick_numbers(*numbers);
  if (const auto* strings = std::get_if<Strings>(&column)) return pick(*strings);
  if (const auto* categories = std::get_if<Categorical>(&column)) return Categorical{pick(categories->codes), categories->categories, categories->ordered};
  if (const auto* some = std::get_if<NullableNumbers>(&column)) return NullableNumbers{pick_numbers(some->values), pick(some->missing)};
  const auto& texts = std::get<NullableStrings>(column);
  return NullableStrings{pick(texts.values), pick(texts.missing), texts.missing_mark};
}

void sum_repeated(AnnotatedData& data, const Strings& names, const std::string& where) {
  std::unordered_map<std::string_view, std::int32_t> place;
  std::vector<std::int32_t> target;
  std::vector<std::size_t> kept;
  for (std::size_t g = 0; g < names.size(); ++g) {
    const auto [found, added] = place.try_emplace(names[g], static_cast<std::int32_t>(kept.size()));
    if (added) kept.push_back(g);
    target.push_back(found->second);
  }
  data.X = {compressed_of(merged_columns(sparse_rows_of(std::move(data.X), where + ": X"), target, static_cast<int>(kept.size())))};
  data.layers = {};
  data.varm = {};
  data.varp = {};
  DataFrame var;
  var.index = rows_of_column(data.var.index, kept);
  var.index_name = data.var.index_name;
  var.names = data.var.names;
  for (const auto& column : data.var.columns) var.columns.push_back(rows_of_column(column, kept));
  data.var = std::move(var);
}

}  // namespace

bool is_ensembl_id(std::string_view name) {
  if (!name.starts_with("ENS")) return false;
  name.remove_prefix(3);
  if (const auto dot = name.find('.'); dot != name.npos) {
    const auto version = name.substr(dot + 1);
    if (version.empty() || version.find_first_not_of("0123456789") != version.npos) return false;
    name = name.substr(0, dot);
  }
  const auto digits = name.find_first_of("0123456789");
  if (digits == name.npos || digits == 0 || digits > 4 || name.size() - digits != 11) return false;
  return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == digits && name.find_first_not_of("0123456789", digits) == name.npos;
}

GeneNaming naming_of(const Strings& names) {
  const auto ids = static_cast<double>(std::count_if(names.begin(), names.end(), [](const auto& name) { return is_ensembl_id(name); }));
  const auto all = static_cast<double>(names.size());
  return ids < 0.05 * all || names.empty() ? GeneNaming::symbols : ids > 0.95 * all ? GeneNaming::ensembl_ids : GeneNaming::mixed;
}

std::vector<std::pair<std::string, int>> repeated_names(const Strings& names) {
  std::map<std::string_view, int> counts;
  for (const auto& name : names) ++counts[name];
  std::vector<std::pair<std::string, int>> out;
  for (const auto& [name, count] : counts)
    if (count > 1) out.emplace_back(name, count);
  return out;
}

std::string words_of(const std::vector<std::pair<std::string, int>>& repeated) {
  std::string out;
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, repeated.size()); ++i) out += fmt::format("{}{} ({})", i > 0 ? ", " : "", repeated[i].first, repeated[i].second);
  return repeated.size() > shown ? fmt::format("{} and {} more", out, repeated.size() - shown) : out;
}

RepeatedGenes repeated_genes_of(const std::string& word) {
  if (word == "refuse") return RepeatedGenes::refuse;
  if (word == "suffix") return RepeatedGenes::suffix;
  if (word == "sum") return RepeatedGenes::sum;
  throw InputError("repeated genes", "'" + word + "' is no choice", "the choices are refuse, suffix and sum");
}

std::string settle_repeated_genes(AnnotatedData& data, RepeatedGenes choice, const std::string& where) {
  const Strings names = names_of(data.var, where + ": var");
  const auto repeated = repeated_names(names);
  if (repeated.empty()) return "";
  const std::string which = fmt::format("{} names of genes are repeated: {}", repeated.size(), words_of(repeated));
  if (choice == RepeatedGenes::refuse)
    throw InputError(where, which, "choose --repeated-genes suffix (later ones become NAME-1, ...) or --repeated-genes sum (their counts are added)");
  if (choice == RepeatedGenes::sum) {
    std::string dropped;
    for (const auto& name : data.layers.names) dropped += ", layers/" + name;
    for (const auto& name : data.varm.names) dropped += ", varm/" + name;
    for (const auto& name : data.varp.names) dropped += ", varp/" + name;
    sum_repeated(data, names, where);
    return which + "; their counts were added" + (dropped.empty() ? "" : "; dropped because they cannot be added: " + dropped.substr(2));
  }
  std::unordered_set<std::string> taken(names.begin(), names.end());
  std::unordered_map<std::string, int> next;
  Strings renamed;
  for (const auto& name : names) {
    const auto [counter, first] = next.try_emplace(name, 0);
    std::string own = name;
    while (!first && !taken.insert(own = name + "-" + std::to_string(++counter->second)).second) {}
    renamed.push_back(own);
  }
  data.var.index = std::move(renamed);
  return which + "; later ones have a number after their name";
}

void use_as_gene_names(AnnotatedData& data, const std::string& column, const std::string& old_name, const std::string& where) {
  const DataColumn* found = data.var.find(column);
  if (found == nullptr) throw InputError(where + ": var", "has no column '" + column + "'", "its columns are " + nearest_names(column, data.var.names));
  const Labels labels = labels_of(*found);
  Strings names;
  for (std::size_t g = 0; g < labels.codes.size(); ++g) {
    if (labels.codes[g] < 0) throw InputError(where + ": var/" + column, fmt::format("gene {} has no value", g + 1), "keep the other names");
    names.push_back(labels.levels[static_cast<std::size_t>(labels.codes[g])]);
  }
  data.var.take(column);
  DataColumn old = std::move(data.var.index);
  data.var.index = std::move(names);
  data.var.index_name = column;
  data.var.put(old_name, std::move(old));
}

}  // namespace hyped
