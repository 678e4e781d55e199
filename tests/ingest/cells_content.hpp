// The content of annotated data as lines of path, kind, type, shape and a hash: the same lines as tests/peers/anndata_content.py.
#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/store/sha256.hpp"

namespace hyped::testing {

class Content {
 public:
  std::string text;

  void all(const AnnotatedData& data) {
    if (!data.X.empty()) element("X", data.X);
    frame("obs", data.obs);
    frame("var", data.var);
    for (const auto& [name, dict] : {std::pair("layers", &data.layers), {"obsm", &data.obsm}, {"varm", &data.varm}, {"obsp", &data.obsp}, {"varp", &data.varp}, {"uns", &data.uns}}) element(name, {*dict});
    if (!data.raw) return;
    element("raw/X", data.raw->X);
    frame("raw/var", data.raw->var);
    element("raw/varm", {data.raw->varm});
  }

 private:
  template <class... Parts>
  void line(const Parts&... parts) {
    std::string out;
    ((out += (out.empty() ? "" : " ") + std::string(parts)), ...);
    text += out + "\n";
  }
  static std::string hash(const std::string& bytes) { return sha256(bytes).substr(0, 16); }
  template <class T>
  static std::string bytes_of(std::vector<T> values) {
    if constexpr (std::is_floating_point_v<T>)
      for (T& v : values)
        if (std::isnan(v)) v = std::numeric_limits<T>::quiet_NaN();
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
  }
  static std::string hash_of(const Numbers& values) {
    return std::visit([](const auto& v) { return hash(bytes_of(v)); }, values);
  }
  static std::string hash_of(const Strings& values) {
    std::string all;
    for (const auto& v : values) all += v + '\0';
    return hash(all);
  }
  static std::string words(const std::vector<std::int64_t>& shape) { return fmt::format("{}", fmt::join(shape, "x")); }
  static std::string count(std::size_t n) { return std::to_string(n); }

  void column(const std::string& path, const DataColumn& column) {
    if (const auto* numbers = std::get_if<Numbers>(&column)) line(path, "numbers", type_name(*numbers), count(size_of(*numbers)), hash_of(*numbers));
    else if (const auto* strings = std::get_if<Strings>(&column)) line(path, "text", count(strings->size()), hash_of(*strings));
    else if (const auto* categories = std::get_if<Categorical>(&column)) {
      line(path, "categories", categories->ordered ? "ordered" : "unordered", hash(bytes_of(categories->codes)));
      this->column(path + "/categories", std::visit([](const auto& c) -> DataColumn { return c; }, categories->categories));
    } else if (const auto* some = std::get_if<NullableNumbers>(&column)) {
      Numbers plain = some->values;
      std::visit([&](auto& v) {
        for (std::size_t i = 0; i < v.size(); ++i)
          if (some->missing[i] == Flag::yes) v[i] = {};
      }, plain);
      line(path, "nullable", type_name(plain), hash_of(plain), hash(bytes_of(some->missing)));
    } else {
      NullableStrings texts = std::get<NullableStrings>(column);
      for (std::size_t i = 0; i < texts.values.size(); ++i)
        if (texts.missing[i] == Flag::yes) texts.values[i].clear();
      line(path, "nullable text", hash_of(texts.values), hash(bytes_of(texts.missing)));
    }
  }

  void frame(const std::string& path, const DataFrame& frame) {
    line(path, "table", std::to_string(frame.rows()), "index", "'" + frame.index_name + "'", "columns", fmt::format("{}", fmt::join(frame.names, "|")));
    column(path + "/(index)", frame.index);
    for (std::size_t c = 0; c < frame.names.size(); ++c) column(path + "/" + frame.names[c], frame.columns[c]);
  }

  void element(const std::string& path, const Element& element) {
    if (element.empty()) line(path, "nothing");
    else if (const auto* dict = element.as<Dict>()) {
      line(path, "dict", fmt::format("{}", fmt::join(dict->names, "|")));
      for (std::size_t i = 0; i < dict->names.size(); ++i) this->element(path + "/" + dict->names[i], dict->elements[i]);
    } else if (const auto* table = element.as<DataFrame>()) frame(path, *table);
    else if (const auto* m = element.as<CompressedMatrix>())
      line(path, "compressed", m->by_column ? "columns" : "rows", words({m->rows, m->columns}), type_name(m->values), hash(bytes_of(m->start)), hash(bytes_of(m->index)), hash_of(m->values));
    else if (const auto* array = element.as<Array>()) {
      if (!array->shape.empty()) line(path, "numbers", type_name(array->values), words(array->shape), hash_of(array->values));
      else if (std::holds_alternative<std::vector<Flag>>(array->values)) line(path, "one truth", number_at(array->values, 0) != 0 ? "True" : "False");
      else if (array->values.index() < 2) line(path, "one number", hash(bytes_of(std::vector{number_at(array->values, 0)})));
      else std::visit([&](const auto& v) { line(path, "one integer", std::to_string(static_cast<long long>(v[0]))); }, array->values);
    } else if (const auto* texts = element.as<TextArray>()) {
      if (texts->shape.empty()) line(path, "one text", hash_of(texts->values));
      else line(path, "text", words(texts->shape), hash_of(texts->values));
    } else if (const auto* records = element.as<RecordArray>()) {
      line(path, "records", words(records->shape));
      for (const auto& field : records->fields) {
        if (const auto* names = std::get_if<Strings>(&field.values)) line(path + "/" + field.name, "field text", hash_of(*names));
        else line(path + "/" + field.name, "field", type_name(std::get<Numbers>(field.values)), hash_of(std::get<Numbers>(field.values)));
      }
    } else if (const auto* categories = element.as<Categorical>()) column(path, *categories);
    else if (const auto* some = element.as<NullableNumbers>()) column(path, *some);
    else column(path, std::get<NullableStrings>(element.value));
  }
};

inline std::string content_of(const AnnotatedData& data) {
  Content content;
  content.all(data);
  return content.text;
}

}  // namespace hyped::testing
