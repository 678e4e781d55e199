// Access to annotated data, and the check that its parts fit together.
#include "libhyped/expression/annotated_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

template <class... F>
struct Cases : F... {
  using F::operator()...;
};
template <class... F>
Cases(F...) -> Cases<F...>;

std::string number_text(const Numbers& numbers, std::size_t at) {
  return std::visit(Cases{[&](const std::vector<Flag>& v) { return std::string(v[at] == Flag::yes ? "True" : "False"); },
                          [&](const auto& v) { return fmt::format("{}", v[at]); }},
                    numbers);
}

// Levels of values given as text keys; `order` sorts the levels.
template <class Text, class Missing, class Before>
Labels grouped(std::size_t rows, const Text& text, const Missing& missing, const Before& before) {
  std::vector<std::size_t> firsts;      // a row of each level
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows; ++i)
    if (!missing(i)) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), before);
  Labels out;
  out.codes.assign(rows, -1);
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k == 0 || before(order[k - 1], order[k])) out.levels.push_back(text(order[k]));
    out.codes[order[k]] = static_cast<std::int32_t>(out.levels.size()) - 1;
  }
  return out;
}

Labels labels_of_numbers(const Numbers& numbers, const std::vector<Flag>* missing) {
  return std::visit(
      [&](const auto& v) {
        const auto none = [&](std::size_t i) {
          if (missing != nullptr && (*missing)[i] == Flag::yes) return true;
          if constexpr (std::is_floating_point_v<typename std::decay_t<decltype(v)>::value_type>) return static_cast<bool>(std::isnan(v[i]));
          return false;
        };
        return grouped(v.size(), [&](std::size_t i) { return number_text(numbers, i); }, none, [&](std::size_t a, std::size_t b) { return v[a] < v[b]; });
      },
      numbers);
}

Labels labels_of_strings(const Strings& v, const std::vector<Flag>* missing) {
  return grouped(v.size(), [&](std::size_t i) { return v[i]; }, [&](std::size_t i) { return missing != nullptr && (*missing)[i] == Flag::yes; },
                 [&](std::size_t a, std::size_t b) { return v[a] < v[b]; });
}

}  // namespace

std::size_t size_of(const Numbers& numbers) {
  return std::visit([](const auto& v) { return v.size(); }, numbers);
}

std::size_t size_of(const DataColumn& column) {
  return std::visit(Cases{[](const Numbers& v) { return size_of(v); }, [](const Strings& v) { return v.size(); }, [](const Categorical& v) { return v.codes.size(); },
                          [](const auto& v) { return v.missing.size(); }},
                    column);
}

double number_at(const Numbers& numbers, std::size_t at) {
  return std::visit([&](const auto& v) { return static_cast<double>(v[at]); }, numbers);
}

std::string_view type_name(const Numbers& numbers) {
  static constexpr std::string_view names[] = {"float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"};
  return names[numbers.index()];
}

std::string kind_of(const DataColumn& column) {
  return std::visit(Cases{[](const Numbers& v) { return fmt::format("numbers ({})", type_name(v)); }, [](const Strings&) { return std::string("text"); },
                          [](const Categorical& v) {
                            const auto count = std::visit(Cases{[](const Strings& c) { return c.size(); }, [](const Numbers& c) { return size_of(c); }, [](const NullableStrings& c) { return c.values.size(); }}, v.categories);
                            return fmt::format("categories ({}{})", count, v.ordered ? ", ordered" : "");
                          },
                          [](const NullableNumbers& v) { return fmt::format("numbers with missing ones ({})", type_name(v.values)); },
                          [](const NullableStrings&) { return std::string("text with missing ones"); }},
                    column);
}

std::string shape_words(const std::vector<std::int64_t>& shape) {
  return shape.empty() ? "one value" : fmt::format("{}", fmt::join(shape, " x "));
}

std::string kind_of(const Element& element) {
  return std::visit(Cases{[](const Nothing&) { return std::string("nothing"); }, [](const Array& v) { return fmt::format("array of {}, {}", type_name(v.values), shape_words(v.shape)); },
                          [](const TextArray& v) { return "text, " + shape_words(v.shape); },
                          [](const CompressedMatrix& v) {
                            return fmt::format("compressed {} of {}, {} x {}, {} stored", v.by_column ? "columns" : "rows", type_name(v.values), v.rows, v.columns, v.stored());
                          },
                          [](const DataFrame& v) { return fmt::format("table, {} rows x {} columns", v.rows(), v.columns.size()); },
                          [](const RecordArray& v) { return fmt::format("records, {}, fields {}", shape_words(v.shape), v.fields.size()); },
                          [](const Dict& v) { return fmt::format("{} elements", v.names.size()); }, [](const auto& v) { return kind_of(DataColumn(v)); }},
                    element.value);
}

std::int64_t DataFrame::rows() const { return static_cast<std::int64_t>(size_of(index)); }

const DataColumn* DataFrame::find(std::string_view name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? nullptr : &columns[static_cast<std::size_t>(at - names.begin())];
}

void DataFrame::put(const std::string& name, DataColumn column) {
  HYPED_REQUIRE(static_cast<std::int64_t>(size_of(column)) == rows());
  const auto at = std::find(names.begin(), names.end(), name);
  if (at != names.end()) {
    columns[static_cast<std::size_t>(at - names.begin())] = std::move(column);
    return;
  }
  names.push_back(name);
  columns.push_back(std::move(column));
}

std::optional<DataColumn> DataFrame::take(std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  const auto place = columns.begin() + (at - names.begin());
  std::optional<DataColumn> out(std::move(*place));
  columns.erase(place);
  names.erase(at);
  return out;
}

const Element* Dict::find(std::string_view name) const {
  const auto at = std::lower_bound(names.begin(), names.end(), name);
  return at == names.end() || *at != name ? nullptr : &elements[static_cast<std::size_t>(at - names.begin())];
}

Element* Dict::find(std::string_view name) { return const_cast<Element*>(std::as_const(*this).find(name)); }

Element& Dict::put(const std::string& name, Element element) {
  const auto at = std::lower_bound(names.begin(), names.end(), name);
  const auto place = elements.begin() + (at - names.begin());
  if (at != names.end() && *at == name) return *place = std::move(element);
  names.insert(at, name);
  return *elements.insert(place, std::move(element));
}

std::optional<Element> Dict::take(std::string_view name) {
  const auto at = std::lower_bound(names.begin(), names.end(), name);
  if (at == names.end() || *at != name) return std::nullopt;
  const auto place = elements.begin() + (at - names.begin());
  std::optional<Element> out(std::move(*place));
  names.erase(at);
  elements.erase(place);
  return out;
}

bool Dict::operator==(const Dict& other) const { return names == other.names && elements == other.elements; }

Strings names_of(const DataFrame& frame, const std::string& where) {
  if (const auto* names = std::get_if<Strings>(&frame.index)) return *names;
  const Labels labels = labels_of(frame.index);
  Strings out;
  out.reserve(labels.codes.size());
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    if (labels.codes[i] < 0) throw InputError(where, fmt::format("the name of row {} is missing", i + 1), "name every row where the file is written");
    out.push_back(labels.levels[static_cast<std::size_t>(labels.codes[i])]);
  }
  return out;
}

Labels labels_of(const DataColumn& column) {
  return std::visit(Cases{[](const Numbers& v) { return labels_of_numbers(v, nullptr); }, [](const Strings& v) { return labels_of_strings(v, nullptr); },
                          [](const NullableNumbers& v) { return labels_of_numbers(v.values, &v.missing); },
                          [](const NullableStrings& v) { return labels_of_strings(v.values, &v.missing); },
                          [](const Categorical& v) {
                            Labels out;
                            out.codes = v.codes;
                            out.levels = std::visit(Cases{[](const Strings& c) { return c; }, [](const NullableStrings& c) { return c.values; },
                                                          [](const Numbers& c) {
                                                            Strings text;
                                                            for (std::size_t i = 0; i < size_of(c); ++i) text.push_back(number_text(c, i));
                                                            return text;
                                                          }},
                                                    v.categories);
                            return out;
                          }},
                    column);
}

std::optional<std::vector<double>> numbers_of(const DataColumn& column) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> out(size_of(column), none);
  if (const auto* v = std::get_if<Numbers>(&column)) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = number_at(*v, i);
  } else if (const auto* nullable = std::get_if<NullableNumbers>(&column)) {
    for (std::size_t i = 0; i < out.size(); ++i)
      if (nullable->missing[i] == Flag::no) out[i] = number_at(nullable->values, i);
  } else if (const auto* categorical = std::get_if<Categorical>(&column)) {
    const auto* values = std::get_if<Numbers>(&categorical->categories);
    if (values == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (categorical->codes[i] >= 0) out[i] = number_at(*values, static_cast<std::size_t>(categorical->codes[i]));
  } else {
    return std::nullopt;
  }
  return out;
}

DataColumn categorical_of(Labels labels, bool ordered) { return Categorical{std::move(labels.codes), std::move(labels.levels), ordered}; }

std::optional<std::pair<std::int64_t, std::int64_t>> matrix_shape(const Element& matrix) {
  if (const auto* array = matrix.as<Array>(); array != nullptr && array->shape.size() == 2) return std::pair(array->shape[0], array->shape[1]);
  if (const auto* compressed = matrix.as<CompressedMatrix>()) return std::pair(compressed->rows, compressed->columns);
  return std::nullopt;
}

}  // namespace hyped
