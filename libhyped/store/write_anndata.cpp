// One function per encoding of the AnnData format, version 0.1.0 of the whole.
#include "libhyped/store/write_anndata.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/file.hpp"

namespace hyped {
namespace {

using hdf5::Group;
using hdf5::NumberType;
using hdf5::Packing;

constexpr std::size_t small = 4096;      // values: below that packing costs more than it saves

struct Writer {
  AnndataWriting writing;

  Packing packing(std::size_t values) const { return {values >= small ? writing.gzip : 0, false}; }

  static void encode(Group& group, const std::string& name, const char* type, const char* version) {
    group.set_attribute(name, "encoding-type", std::string(type));
    group.set_attribute(name, "encoding-version", std::string(version));
  }

  static std::string checked(const Group& group, const std::string& name) {
    if (name.empty() || name == "." || name.find('/') != name.npos)
      throw InputError(group.where(), "cannot hold the name '" + name + "'", "names in an HDF5 file hold no slash and are not empty: rename it");
    return name;
  }

  template <class T>
  static NumberType number_type() {
    if constexpr (std::is_same_v<T, float>) return NumberType::f32;
    else if constexpr (std::is_same_v<T, double>) return NumberType::f64;
    else if constexpr (std::is_signed_v<T>) return sizeof(T) == 1 ? NumberType::i8 : sizeof(T) == 2 ? NumberType::i16 : sizeof(T) == 4 ? NumberType::i32 : NumberType::i64;
    else return sizeof(T) == 1 ? NumberType::u8 : sizeof(T) == 2 ? NumberType::u16 : sizeof(T) == 4 ? NumberType::u32 : NumberType::u64;
  }

  static void numbers(Group& group, const std::string& name, const std::vector<std::uint64_t>& shape, const Numbers& values, const Packing& packing) {
    std::visit(
        [&](const auto& v) {
          using T = typename std::decay_t<decltype(v)>::value_type;
          std::uint64_t count = 1;
          for (const auto d : shape) count *= d;
          HYPED_REQUIRE(count == v.size());
          if constexpr (std::is_same_v<T, Flag>) group.write_truths(name, shape, reinterpret_cast<const std::int8_t*>(v.data()), packing);
          else group.write_numbers(name, number_type<T>(), shape, v.data(), packing);
        },
        values);
  }

  static std::vector<std::uint64_t> unsigned_shape(const std::vector<std::int64_t>& shape) { return {shape.begin(), shape.end()}; }

  void array(Group& group, const std::string& name, const Array& array) const {
    numbers(group, name, unsigned_shape(array.shape), array.values, packing(size_of(array.values)));
    if (array.shape.empty()) encode(group, name, "numeric-scalar", "0.2.0");
    else encode(group, name, "array", "0.2.0");
  }

  static void text(Group& group, const std::string& name, const TextArray& text) {
    std::uint64_t count = 1;
    for (const auto d : text.shape) count *= static_cast<std::uint64_t>(d);
    HYPED_REQUIRE(count == text.values.size());
    group.write_text(name, unsigned_shape(text.shape), text.values);
    if (text.shape.empty()) encode(group, name, "string", "0.2.0");
    else encode(group, name, "string-array", "0.2.0");
  }

  void list(Group& group, const std::string& name, const Numbers& values) const { array(group, name, {{static_cast<std::int64_t>(size_of(values))}, values}); }
  static void list(Group& group, const std::string& name, const Strings& values) { text(group, name, {{static_cast<std::int64_t>(values.size())}, values}); }

  void matrix(Group& group, const std::string& name, const CompressedMatrix& matrix) const {
    Group own = group.create(name);
    encode(group, name, matrix.by_column ? "csc_matrix" : "csr_matrix", "0.1.0");
    group.set_integers(name, "shape", {matrix.rows, matrix.columns});
    const auto stored = static_cast<std::uint64_t>(matrix.stored());
    HYPED_REQUIRE(matrix.index.size() == stored && size_of(matrix.values) == stored);
    const Packing packed{packing(stored).gzip, true};
    numbers(own, "data", {stored}, matrix.values, packed);
    if (matrix.wide_index) numbers(own, "indices", {stored}, std::vector<std::int64_t>(matrix.index.begin(), matrix.index.end()), packed);
    else own.write_numbers("indices", NumberType::i32, {stored}, matrix.index.data(), packed);
    const bool wide = matrix.wide_start || matrix.stored() > std::numeric_limits<std::int32_t>::max();
    if (wide) own.write_numbers("indptr", NumberType::i64, {matrix.start.size()}, matrix.start.data(), packed);
    else numbers(own, "indptr", {matrix.start.size()}, std::vector<std::int32_t>(matrix.start.begin(), matrix.start.end()), packed);
  }

  void nullable(Group& group, const std::string& name, const char* type, const std::vector<Flag>& missing) const {
    Group own = group.create(name);
    encode(group, name, type, "0.1.0");
    list(own, "mask", Numbers(missing));
  }

  void column(Group& group, const std::string& name, const DataColumn& column) const {
    if (const auto* values = std::get_if<Numbers>(&column)) list(group, name, *values);
    else if (const auto* strings = std::get_if<Strings>(&column)) list(group, name, *strings);
    else if (const auto* categories = std::get_if<Categorical>(&column)) categorical(group, name, *categories);
    else if (const auto* some = std::get_if<NullableNumbers>(&column)) {
      nullable(group, name, std::holds_alternative<std::vector<Flag>>(some->values) ? "nullable-boolean" : "nullable-integer", some->missing);
      Group own = group.create(name);
      list(own, "values", some->values);
    } else {
      const auto& texts = std::get<NullableStrings>(column);
      nullable(group, name, "nullable-string-array", texts.missing);
      Group own = group.create(name);
      list(own, "values", texts.values);
      if (!texts.missing_mark.empty()) group.set_attribute(name, "na-value", texts.missing_mark);
    }
  }

  void categorical(Group& group, const std::string& name, const Categorical& categories) const {
    Group own = group.create(name);
    encode(group, name, "categorical", "0.2.0");
    group.set_flag(name, "ordered", categories.ordered);
    const DataColumn levels = std::visit([](const auto& c) -> DataColumn { return c; }, categories.categories);
    column(own, "categories", levels);
    const std::size_t count = size_of(levels);
    const auto as = [&]<class T>(T) { list(own, "codes", Numbers(std::vector<T>(categories.codes.begin(), categories.codes.end()))); };
    if (count <= 127) as(std::int8_t{});
    else if (count <= 32767) as(std::int16_t{});
    else as(std::int32_t{});
  }

  void frame(Group& group, const std::string& name, const DataFrame& frame) const {
    Group own = group.create(name);
    encode(group, name, "dataframe", "0.2.0");
    const std::string index = frame.index_name.empty() ? "_index" : frame.index_name;
    group.set_attribute(name, "_index", index);
    group.set_texts(name, "column-order", frame.names);
    column(own, index, frame.index);
    for (std::size_t c = 0; c < frame.names.size(); ++c) {
      if (frame.names[c].empty() || frame.names[c] == "_index") throw InputError(own.where(), "cannot hold a column called '" + frame.names[c] + "'", "rename the column");
      if (frame.names[c] != index) column(own, frame.names[c], frame.columns[c]);
      else if (!(frame.columns[c] == frame.index)) throw InputError(own.where(), "the column '" + index + "' has the name of the index and other values", "rename the column or the index");
    }
  }

  static void records(Group& group, const std::string& name, const RecordArray& records) {
    std::vector<hdf5::RecordField> fields;
    for (const auto& field : records.fields) {
      hdf5::RecordField one{field.name, NumberType::none, false, static_cast<std::uint64_t>(field.width), nullptr, std::get_if<Strings>(&field.values)};
      if (const auto* values = std::get_if<Numbers>(&field.values))
        std::visit(
            [&](const auto& v) {
              using T = typename std::decay_t<decltype(v)>::value_type;
              one.truth = std::is_same_v<T, Flag>;
              if constexpr (!std::is_same_v<T, Flag>) one.number = number_type<T>();
              one.numbers = v.data();
            },
            *values);
      fields.push_back(one);
    }
    group.write_records(name, unsigned_shape(records.shape), fields);
    const bool complex = fields.size() == 2 && fields[0].name == "r" && fields[1].name == "i";      // as h5py stores them
    if (!complex) encode(group, name, "rec-array", "0.2.0");
    else encode(group, name, records.shape.empty() ? "numeric-scalar" : "array", "0.2.0");
  }

  void element(Group& group, const std::string& name, const Element& element) const {
    checked(group, name);
    if (element.empty()) {
      group.write_null(name);
      encode(group, name, "null", "0.1.0");
    } else if (const auto* values = element.as<Array>()) array(group, name, *values);
    else if (const auto* texts = element.as<TextArray>()) text(group, name, *texts);
    else if (const auto* compressed = element.as<CompressedMatrix>()) matrix(group, name, *compressed);
    else if (const auto* table = element.as<DataFrame>()) frame(group, name, *table);
    else if (const auto* categories = element.as<Categorical>()) column(group, name, *categories);
    else if (const auto* some = element.as<NullableNumbers>()) column(group, name, *some);
    else if (const auto* strings = element.as<NullableStrings>()) column(group, name, *strings);
    else if (const auto* rows = element.as<RecordArray>()) records(group, name, *rows);
    else dict(group, name, std::get<Dict>(element.value));
  }

  void dict(Group& group, const std::string& name, const Dict& dict) const {
    Group own = group.create(name);
    encode(group, name, "dict", "0.1.0");
    for (std::size_t i = 0; i < dict.names.size(); ++i) element(own, dict.names[i], dict.elements[i]);
  }
};

}  // namespace

void write_anndata(const AnnotatedData& data, const std::filesystem::path& file, const AnndataWriting& writing) {
  check_shapes(data, file.string());
  std::filesystem::path partial = file;
  partial += ".part-" + std::to_string(getpid());
  const Writer writer{writing};
  try {
    {
      const auto made = hdf5::File::create(partial);
      Group root = made.root();
      Writer::encode(root, ".", "anndata", "0.1.0");
      if (!data.X.empty()) writer.element(root, "X", data.X);
      writer.frame(root, "obs", data.obs);
      writer.frame(root, "var", data.var);
      for (const auto& [name, place] : {std::pair("layers", &data.layers), {"obsm", &data.obsm}, {"varm", &data.varm}, {"obsp", &data.obsp}, {"varp", &data.varp}, {"uns", &data.uns}})
        writer.dict(root, name, *place);
      if (data.raw) {
        Group raw = root.create("raw");
        Writer::encode(root, "raw", "raw", "0.1.0");
        if (!data.raw->X.empty()) writer.element(raw, "X", data.raw->X);
        writer.frame(raw, "var", data.raw->var);
        writer.dict(raw, "varm", data.raw->varm);
      }
    }
    std::filesystem::rename(partial, file);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw;
  }
}

}  // namespace hyped
