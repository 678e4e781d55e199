// Tables of AnnData files: groups of columns (0.7 and later), records (before).
#include <fmt/format.h>

#include <algorithm>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/element_reader.hpp"

namespace hyped {
namespace {

const char* const rewrite = "the file is damaged or was written wrongly: write it again";

// Of one dimension; none for anything else.
std::optional<DataColumn> column_of(Element&& element) {
  if (auto* array = element.as<Array>(); array != nullptr && array->shape.size() == 1) return DataColumn(std::move(array->values));
  if (auto* text = element.as<TextArray>(); text != nullptr && text->shape.size() == 1) return DataColumn(std::move(text->values));
  if (auto* categorical = element.as<Categorical>()) return DataColumn(std::move(*categorical));
  if (auto* numbers = element.as<NullableNumbers>()) return DataColumn(std::move(*numbers));
  if (auto* strings = element.as<NullableStrings>()) return DataColumn(std::move(*strings));
  return std::nullopt;
}

// A column of 0.7: integers whose categories another dataset holds, which knows whether they are ordered.
std::optional<DataColumn> referenced_categories(const hdf5::Group& group, const std::string& name) {
  const auto attributes = group.attributes_of(name);
  if (!attributes.has("categories")) return std::nullopt;
  const auto levels = attributes.referenced("categories");
  const hdf5::Dataset codes = group.dataset(name);
  if (!levels || codes.type().kind != hdf5::Kind::number || codes.shape().size() != 1 || levels->shape().size() > 1) throw InputError(codes.where(), "has categories that cannot be found", rewrite);
  Categorical out;
  out.codes = codes.read<std::int32_t>();
  if (levels->type().kind == hdf5::Kind::text) out.categories = levels->read_text();
  else out.categories = read_numbers(*levels);
  const auto about = levels->attributes();
  out.ordered = about.has("ordered") && about.flag("ordered");
  for (std::size_t i = 0; i < out.codes.size(); ++i)
    if (out.codes[i] < -1 || out.codes[i] >= static_cast<std::int64_t>(levels->size())) throw InputError(codes.where(), fmt::format("row {} has category number {} of {}", i + 1, out.codes[i], levels->size()), rewrite);
  return DataColumn(std::move(out));
}

}  // namespace

DataFrame frame_of_records(const RecordArray& records, const std::string& where) {
  if (records.shape.size() != 1 || records.fields.empty()) throw InputError(where, "is no table: its records have " + (records.fields.empty() ? std::string("no fields") : "the shape " + shape_words(records.shape)), rewrite);
  DataFrame out;
  const auto column = [](const RecordArray::Field& field) -> DataColumn { return std::visit([](const auto& values) -> DataColumn { return values; }, field.values); };
  out.index = column(records.fields[0]);
  out.index_name = records.fields[0].name;
  for (std::size_t f = 1; f < records.fields.size(); ++f) {
    if (records.fields[f].width > 0) throw InputError(where, "column '" + records.fields[f].name + "' holds arrays", rewrite);
    out.names.push_back(records.fields[f].name);
    out.columns.push_back(column(records.fields[f]));
  }
  return out;
}

std::optional<DataColumn> ElementReader::read_column(const hdf5::Group& group, const std::string& name, const std::string& path, std::int64_t rows) {
  if (!group.has(name)) throw InputError(group.where(), "names the column '" + name + "', which is not there", rewrite);
  std::optional<DataColumn> out;
  if (!group.is_group(name) && !group.is_elsewhere(name)) out = referenced_categories(group, name);
  if (!out) {
    auto element = read(group, name, path, 1);
    if (!element) return std::nullopt;      // the notes say why
    out = column_of(std::move(*element));
    if (!out) {
      note(path + ": is no column and is not read");
      return std::nullopt;
    }
  }
  if (rows >= 0 && static_cast<std::int64_t>(size_of(*out)) != rows) throw InputError(group.where() + "/" + name, fmt::format("has {} values for {} rows", size_of(*out), rows), rewrite);
  return out;
}

DataFrame ElementReader::read_frame(const hdf5::Group& parent, const std::string& name, const std::string& path) {
  if (!parent.has(name)) throw InputError(parent.where() + "/" + name, "there is no such table", "an AnnData file has obs (cells) and var (genes): check what this file is");
  if (!parent.is_group(name)) {
    const hdf5::Dataset dataset = parent.dataset(name);
    const auto element = read_dataset(dataset, {}, path);
    const auto* records = element ? element->as<RecordArray>() : nullptr;
    if (records == nullptr) throw InputError(dataset.where(), "is no table but " + dataset.type().words, rewrite);
    return frame_of_records(*records, dataset.where());
  }
  const hdf5::Group group = parent.open(name);
  const auto attributes = group.attributes_of(".");
  std::string index = attributes.is_text("_index") ? attributes.text("_index") : group.has("_index") ? "_index" : "index";
  if (!group.has(index)) throw InputError(group.where(), "has no index '" + index + "'", rewrite);
  DataFrame out;
  auto names = read_column(group, index, path + "/" + index, -1);
  if (!names) throw InputError(group.where() + "/" + index, "the index cannot be read", rewrite);
  out.index = std::move(*names);
  if (index != "_index") out.index_name = index;
  std::vector<std::string> order;
  if (attributes.has("column-order")) order = attributes.texts("column-order");
  else
    for (const auto& child : group.children())
      if (child != index && child != "__categories") order.push_back(child);
  for (const std::string& column : order) {
    if (std::find(out.names.begin(), out.names.end(), column) != out.names.end()) throw InputError(group.where(), "names the column '" + column + "' twice", rewrite);
    if (auto values = read_column(group, column, path + "/" + column, out.rows())) {
      out.names.push_back(column);
      out.columns.push_back(std::move(*values));
    }
  }
  return out;
}

}  // namespace hyped
