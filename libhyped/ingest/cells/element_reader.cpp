// Dispatch on encoding-type; what has none is read as older versions wrote it.
#include "libhyped/ingest/cells/element_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int deepest = 32;
const char* const rewrite = "the file is damaged or was written wrongly: write it again";

template <class T>
Numbers rows_as(const hdf5::Dataset& dataset, std::uint64_t from, std::uint64_t count) {
  std::vector<T> out(count * dataset.row_size());
  if (!out.empty()) dataset.read_rows(from, count, out.data());
  return out;
}

// Versions of encodings that were seen; others are read alike, with a note.
bool known(const Encoding& encoding) {
  static const std::map<std::string, std::vector<std::string>> versions = {
      {"anndata", {"0.1.0"}}, {"raw", {"0.1.0"}}, {"dict", {"0.1.0"}}, {"array", {"0.2.0"}}, {"csr_matrix", {"0.1.0"}}, {"csc_matrix", {"0.1.0"}}, {"csr_array", {"0.1.0"}}, {"csc_array", {"0.1.0"}},
      {"dataframe", {"0.1.0", "0.2.0"}}, {"categorical", {"0.2.0"}}, {"string-array", {"0.2.0"}}, {"string", {"0.2.0"}}, {"bytes", {"0.2.0"}}, {"numeric-scalar", {"0.2.0"}}, {"null", {"0.1.0"}},
      {"nullable-integer", {"0.1.0"}}, {"nullable-boolean", {"0.1.0"}}, {"nullable-string-array", {"0.1.0"}}, {"rec-array", {"0.2.0"}}, {"awkward-array", {"0.1.0"}}};
  if (encoding.type.empty()) return true;
  const auto found = versions.find(encoding.type);
  return found != versions.end() && std::find(found->second.begin(), found->second.end(), encoding.version) != found->second.end();
}

std::vector<std::int64_t> signed_shape(const hdf5::Dataset& dataset) { return {dataset.shape().begin(), dataset.shape().end()}; }

std::vector<Flag> truths_of(const hdf5::Dataset& dataset) {
  std::vector<Flag> out(dataset.size());
  if (!out.empty()) dataset.read_rows(0, dataset.rows(), reinterpret_cast<std::int8_t*>(out.data()));
  for (Flag& truth : out) truth = truth == Flag::no ? Flag::no : Flag::yes;
  return out;
}

}  // namespace

Encoding encoding_of(const hdf5::Attributes& attributes) {
  Encoding out;
  if (attributes.is_text("encoding-type")) out.type = attributes.text("encoding-type");
  if (attributes.is_text("encoding-version")) out.version = attributes.text("encoding-version");
  return out;
}

Numbers read_numbers(const hdf5::Dataset& dataset, std::uint64_t from, std::uint64_t count) {
  using enum hdf5::NumberType;
  if (dataset.type().kind == hdf5::Kind::truth) {
    std::vector<Flag> out(count * dataset.row_size());
    if (!out.empty()) dataset.read_rows(from, count, reinterpret_cast<std::int8_t*>(out.data()));
    for (Flag& truth : out) truth = truth == Flag::no ? Flag::no : Flag::yes;
    return out;
  }
  switch (dataset.type().number) {
    case i8: return rows_as<std::int8_t>(dataset, from, count);
    case i16: return rows_as<std::int16_t>(dataset, from, count);
    case i32: return rows_as<std::int32_t>(dataset, from, count);
    case i64: return rows_as<std::int64_t>(dataset, from, count);
    case u8: return rows_as<std::uint8_t>(dataset, from, count);
    case u16: return rows_as<std::uint16_t>(dataset, from, count);
    case u32: return rows_as<std::uint32_t>(dataset, from, count);
    case u64: return rows_as<std::uint64_t>(dataset, from, count);
    case f32: return rows_as<float>(dataset, from, count);
    case f64: return rows_as<double>(dataset, from, count);
    case none: break;
  }
  throw InputError(dataset.where(), "holds " + dataset.type().words + ", not numbers", "check what is stored there");
}

Numbers read_numbers(const hdf5::Dataset& dataset) { return read_numbers(dataset, 0, dataset.is_null() ? 0 : dataset.rows()); }

std::optional<StoredMatrix> stored_matrix(const hdf5::Group& group) {
  const auto attributes = group.attributes_of(".");
  const Encoding encoding = encoding_of(attributes);
  const bool old = attributes.is_text("h5sparse_format");
  const std::string form = old ? attributes.text("h5sparse_format") : encoding.type.substr(0, encoding.type.find('_'));
  if (!old && encoding.type != "csr_matrix" && encoding.type != "csc_matrix" && encoding.type != "csr_array" && encoding.type != "csc_array") return std::nullopt;
  if (form != "csr" && form != "csc") throw InputError(group.where(), "is a sparse matrix of the form '" + form + "'", "csr and csc are read: write it as one of them");
  const auto wrong = [&](const std::string& what) -> InputError { return {group.where(), what, rewrite}; };
  const auto shape = attributes.integers(old ? "h5sparse_shape" : "shape");
  if (shape.size() != 2 || shape[0] < 0 || shape[1] < 0) throw wrong("has no shape of two dimensions");
  const hdf5::Dataset start = group.dataset("indptr");
  StoredMatrix out{form == "csc", shape[0], shape[1], {}, group.dataset("indices"), group.dataset("data"), false, false};
  const std::int64_t major = out.by_column ? out.columns : out.rows, minor = out.by_column ? out.rows : out.columns;
  if (start.shape().size() != 1 || out.index.shape().size() != 1 || out.values.shape().size() != 1) throw wrong("its parts are no lists");
  if (static_cast<std::uint64_t>(major) + 1 != start.size()) throw wrong(fmt::format("is {} x {} and has {} row starts", out.rows, out.columns, start.size()));
  if (minor > std::numeric_limits<std::int32_t>::max()) throw wrong(fmt::format("is {} x {}, which is larger than can be read", out.rows, out.columns));
  if (out.index.size() != out.values.size()) throw wrong(fmt::format("has {} indices and {} values", out.index.size(), out.values.size()));
  if (start.type().kind != hdf5::Kind::number || out.index.type().kind != hdf5::Kind::number) throw wrong("its indices are no numbers");
  out.start = start.read<std::int64_t>();
  out.wide_start = start.type().bytes == 8;
  out.wide_index = out.index.type().bytes == 8;
  if (out.start.front() != 0 || out.start.back() != static_cast<std::int64_t>(out.values.size()) || !std::is_sorted(out.start.begin(), out.start.end()))
    throw wrong(fmt::format("its row starts do not ascend from 0 to {}", out.values.size()));
  return out;
}

void check_indices(const std::vector<std::int32_t>& index, std::int64_t limit, std::int64_t first, const std::string& where) {
  constexpr std::size_t block = 1 << 20;
  parallel_for(static_cast<int>((index.size() + block - 1) / block), [&](int b) {
    for (std::size_t i = static_cast<std::size_t>(b) * block; i < std::min(index.size(), (static_cast<std::size_t>(b) + 1) * block); ++i)
      if (index[i] < 0 || index[i] >= limit) throw InputError(where, fmt::format("value {} stands at place {} of {}", first + static_cast<std::int64_t>(i) + 1, index[i], limit), rewrite);
  });
}

Element ElementReader::read_matrix(const StoredMatrix& stored) {
  CompressedMatrix out{stored.by_column, stored.rows, stored.columns, stored.start, {}, {}, stored.wide_index, stored.wide_start};
  out.index = stored.index.read<std::int32_t>();
  check_indices(out.index, out.by_column ? out.rows : out.columns, 0, stored.index.where());
  out.values = read_numbers(stored.values);
  return {std::move(out)};
}

bool ElementReader::wanted(const std::string& path) const {
  return std::none_of(without_.begin(), without_.end(), [&](const std::string& not_this) { return path == not_this || path.starts_with(not_this + "/"); });
}

std::optional<Element> ElementReader::read_dataset(const hdf5::Dataset& dataset, const Encoding& encoding, const std::string& path) {
  const bool old = encoding.type.empty();
  if (dataset.is_null()) return Element{Nothing{}};
  switch (dataset.type().kind) {
    case hdf5::Kind::number:
    case hdf5::Kind::truth:
      if (dataset.type().bytes == 2 && dataset.type().number == hdf5::NumberType::f32) note(path + ": half-precision floats are kept as 32-bit ones");
      if (dataset.type().bytes == 16) note(path + ": floats of 16 bytes are kept as 64-bit ones");
      return Element{Array{signed_shape(dataset), read_numbers(dataset)}};
    case hdf5::Kind::text: {
      TextArray out{signed_shape(dataset), dataset.read_text()};
      // before 0.7 one text was stored as a list of one fixed-length text
      if (old && !dataset.type().variable && out.values.size() == 1) out.shape.clear();
      return Element{std::move(out)};
    }
    case hdf5::Kind::records: {
      RecordArray out{signed_shape(dataset), {}};
      const auto bytes = dataset.read_records();
      for (const auto& field : dataset.type().fields) {
        RecordArray::Field one{field.name, Strings{}, field.array ? static_cast<std::int64_t>(field.length) : 0};
        using enum hdf5::NumberType;
        const auto as = [&]<class T>(T) { one.values = Numbers(hdf5::Dataset::numbers_of_field<T>(bytes, dataset.type().bytes, field)); };
        if (field.kind == hdf5::Kind::text && !field.array) one.values = dataset.text_of_field(bytes, field);
        else if ((field.kind != hdf5::Kind::number && field.kind != hdf5::Kind::truth) || !field.native) {
          note(fmt::format("{}: field '{}' is of a type that is not read", path, field.name));
          continue;
        } else if (field.kind == hdf5::Kind::truth) {
          std::vector<Flag> truths;
          for (const auto v : hdf5::Dataset::numbers_of_field<std::int8_t>(bytes, dataset.type().bytes, field)) truths.push_back(v != 0 ? Flag::yes : Flag::no);
          one.values = Numbers(std::move(truths));
        } else {
          switch (field.number) {
            case i8: as(std::int8_t{}); break;
            case i16: as(std::int16_t{}); break;
            case i32: as(std::int32_t{}); break;
            case i64: as(std::int64_t{}); break;
            case u8: as(std::uint8_t{}); break;
            case u16: as(std::uint16_t{}); break;
            case u32: as(std::uint32_t{}); break;
            case u64: as(std::uint64_t{}); break;
            case f32: as(float{}); break;
            case f64: as(double{}); break;
            case none: break;
          }
        }
        out.fields.push_back(std::move(one));
      }
      return Element{std::move(out)};
    }
    case hdf5::Kind::other: break;
  }
  note(path + ": " + dataset.type().words);
  return std::nullopt;
}

Element ElementReader::read_categorical(const hdf5::Group& group, const std::string& path, int depth) {
  const hdf5::Dataset codes = group.dataset("codes");
  Categorical out;
  if (codes.type().kind != hdf5::Kind::number || codes.shape().size() != 1) throw InputError(codes.where(), "the codes of categories are no list of integers", rewrite);
  out.codes = codes.read<std::int32_t>();
  const auto attributes = group.attributes_of(".");
  out.ordered = attributes.has("ordered") && attributes.flag("ordered");
  auto categories = read(group, "categories", path + "/categories", depth + 1);
  if (!categories) throw InputError(group.where(), "has categories that cannot be read", rewrite);
  std::int64_t levels = 0;
  if (auto* array = categories->as<Array>()) out.categories = std::move(array->values), levels = static_cast<std::int64_t>(size_of(std::get<Numbers>(out.categories)));
  else if (auto* text = categories->as<TextArray>()) levels = static_cast<std::int64_t>(text->values.size()), out.categories = std::move(text->values);
  else if (auto* nullable = categories->as<NullableStrings>()) levels = static_cast<std::int64_t>(nullable->values.size()), out.categories = std::move(*nullable);
  else throw InputError(group.where(), "has categories that are " + kind_of(*categories), rewrite);
  for (std::size_t i = 0; i < out.codes.size(); ++i)
    if (out.codes[i] < -1 || out.codes[i] >= levels) throw InputError(codes.where(), fmt::format("row {} has category number {} of {}", i + 1, out.codes[i], levels), rewrite);
  return {std::move(out)};
}

Element ElementReader::read_nullable(const hdf5::Group& group, const Encoding& encoding, const std::string& path, int depth) {
  auto values = read(group, "values", path + "/values", depth + 1);
  const hdf5::Dataset mask = group.dataset("mask");
  const auto missing = truths_of(mask);
  const auto attributes = group.attributes_of(".");
  std::size_t count = missing.size() + 1;
  Element out;
  if (encoding.type == "nullable-string-array") {
    if (auto* text = values ? values->as<TextArray>() : nullptr) {
      count = text->values.size();
      out.value = NullableStrings{std::move(text->values), missing, attributes.is_text("na-value") ? attributes.text("na-value") : ""};
    }
  } else if (auto* array = values ? values->as<Array>() : nullptr) {
    count = size_of(array->values);
    out.value = NullableNumbers{std::move(array->values), missing};
  }
  if (count != missing.size()) throw InputError(group.where(), fmt::format("its values and its {} marks of missing ones do not fit", missing.size()), rewrite);
  return out;
}

std::optional<Element> ElementReader::read(const hdf5::Group& parent, const std::string& name, const std::string& path, int depth) {
  if (!wanted(path)) return std::nullopt;
  if (depth > deepest || left_-- == 0) throw InputError(parent.where() + "/" + name, "groups lie deeper or are more than the file has room for", rewrite);
  if (parent.is_elsewhere(name)) {
    note(path + ": is a link to another file and is not followed");
    return std::nullopt;
  }
  const Encoding encoding = encoding_of(parent.attributes_of(name));
  if (!known(encoding)) note(fmt::format("{}: encoding '{}' version '{}' is not known; it is read as what it looks like", path, encoding.type, encoding.version));
  if (!parent.is_group(name)) return read_dataset(parent.dataset(name), encoding, path);
  const hdf5::Group group = parent.open(name);
  if (const auto matrix = stored_matrix(group)) return read_matrix(*matrix);
  if (encoding.type == "dataframe") return Element{read_frame(parent, name, path)};
  if (encoding.type == "categorical") return read_categorical(group, path, depth);
  if (encoding.type.starts_with("nullable-")) return read_nullable(group, encoding, path, depth);
  if (encoding.type == "awkward-array") {
    note(path + ": awkward arrays (lists of different lengths) are not read");
    return std::nullopt;
  }
  return Element{read_dict(parent, name, path, depth)};
}

Dict ElementReader::read_dict(const hdf5::Group& parent, const std::string& name, const std::string& path, int depth) {
  Dict out;
  const hdf5::Group group = parent.open(name);
  for (const std::string& child : group.children())
    if (auto element = read(group, child, path + "/" + child, depth + 1)) out.put(child, std::move(*element));
  return out;
}

}  // namespace hyped
