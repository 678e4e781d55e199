// One table of a scenario file, read strictly: wrong types and keys that nobody asked for are errors with their line.
#pragma once
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// Is `typed` a slip of the pen for `key`: one letter wrong, missing, too many or two exchanged (two such in a long one)?
inline bool is_slip(std::string_view typed, std::string_view key) {
  std::vector<std::vector<std::size_t>> d(typed.size() + 1, std::vector<std::size_t>(key.size() + 1));
  for (std::size_t i = 0; i <= typed.size(); ++i)
    for (std::size_t j = 0; j <= key.size(); ++j) {
      d[i][j] = i == 0 ? j : j == 0 ? i : std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (typed[i - 1] != key[j - 1])});
      if (i > 1 && j > 1 && typed[i - 1] == key[j - 2] && typed[i - 2] == key[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d.back().back() <= (key.size() > 5 ? 2 : 1);
}

// A TOML file as written and as parsed. InputError if it cannot be read (`otherwise` says what to do) or is not TOML (with its line).
struct TomlFile {
  std::string text;
  toml::table table;
};
inline TomlFile read_toml(const std::filesystem::path& file, const std::string& otherwise) {
  std::ifstream stream(file);
  if (!stream) throw InputError(file.string(), "cannot be read", otherwise);
  std::stringstream text;
  text << stream.rdbuf();
  TomlFile out{text.str(), {}};
  try {
    out.table = toml::parse(out.text, file.string());
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}", file.string(), error.source().begin.line), std::string(error.description()), "correct the TOML");
  }
  return out;
}

// Keys asked for are known; the file and the table's name make the places of errors.
class Section {
 public:
  Section(const toml::table& table, std::string file, std::string name) : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  std::string place(const std::string& key) const {
    const toml::node* node = table_.get(key);
    const auto line = node != nullptr ? node->source().begin.line : table_.source().begin.line;
    return fmt::format("{}:{}", file_, line);
  }
  std::string place(const std::string& key, const std::string& entry) const {      // of an entry of an inline table
    const toml::table* table = table_[key].as_table();
    const toml::node* node = table != nullptr ? table->get(entry) : nullptr;
    return node != nullptr ? fmt::format("{}:{}", file_, node->source().begin.line) : place(key);
  }
  bool has(const std::string& key) const { return table_.contains(key); }
  // The key is needed and not there; a slip of it is named.
  [[noreturn]] void missing(const std::string& key) const {
    for (const auto& [other, value] : table_)
      if (is_slip(other.str(), key)) throw InputError(fmt::format("{}:{}", file_, other.source().begin.line), fmt::format("[{}] has '{}' and no '{}'", name_, other.str(), key), fmt::format("did you mean '{}'?", key));
    throw InputError(place(key), fmt::format("[{}] has no '{}'", name_, key), "add it");
  }
  template <class T>
  std::optional<T> optional(const std::string& key, const char* expected) {
    known_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    std::optional<T> value = node->value<T>();
    if (!value) throw InputError(place(key), fmt::format("'{}' in [{}] is not {}", key, name_, expected), "correct its type");
    return value;
  }
  std::optional<double> number(const std::string& key) { return optional<double>(key, "a number"); }
  std::optional<std::string> text(const std::string& key) { return optional<std::string>(key, "a string"); }
  double number(const std::string& key, double otherwise) { return number(key).value_or(otherwise); }
  std::string text(const std::string& key, std::string otherwise) { return text(key).value_or(std::move(otherwise)); }
  bool flag(const std::string& key, bool otherwise) { return optional<bool>(key, "true or false").value_or(otherwise); }
  int integer(const std::string& key, int otherwise) { return static_cast<int>(optional<std::int64_t>(key, "a whole number").value_or(otherwise)); }
  std::string required(const std::string& key) {
    auto value = text(key);
    if (!value) missing(key);
    return *value;
  }
  double required_number(const std::string& key) {
    auto value = number(key);
    if (!value) missing(key);
    return *value;
  }
  std::vector<std::string> texts(const std::string& key) {
    known_.push_back(key);
    std::vector<std::string> out;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return out;
    if (auto one = node->value<std::string>()) return {*one};
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
      if (auto item = (*array)[i].value<std::string>()) out.push_back(*item);
    if (array == nullptr || out.size() != array->size())
      throw InputError(place(key), fmt::format("'{}' in [{}] is not a list of strings", key, name_), "write [\"a\", \"b\"]");
    return out;
  }
  template <class T>
  std::map<std::string, T> map(const std::string& key) {
    known_.push_back(key);
    std::map<std::string, T> out;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return out;
    const toml::table* table = node->as_table();
    if (table == nullptr) throw InputError(place(key), fmt::format("'{}' in [{}] is not a table", key, name_), "write {a = 1}");
    for (const auto& [name, value] : *table) {
      const auto item = value.template value<T>();
      if (!item) throw InputError(fmt::format("{}:{}", file_, value.source().begin.line), fmt::format("'{}' in '{}' has the wrong type", name.str(), key), "correct it");
      out[std::string(name.str())] = *item;
    }
    return out;
  }
  std::vector<double> numbers(const std::string& key) {
    known_.push_back(key);
    std::vector<double> out;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
      if (auto item = (*array)[i].value<double>()) out.push_back(*item);
    if (array == nullptr || out.size() != array->size()) throw InputError(place(key), fmt::format("'{}' in [{}] is not a list of numbers", key, name_), "write [1, 2, 4]");
    return out;
  }
  std::vector<Section> sections(const std::string& key) {
    known_.push_back(key);
    std::vector<Section> out;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return out;
    if (const toml::table* one = node->as_table()) return {Section(*one, file_, key)};
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
      if (const toml::table* table = (*array)[i].as_table()) out.emplace_back(*table, file_, key);
    if (array == nullptr || out.size() != array->size())
      throw InputError(place(key), fmt::format("'{}' is not a table", key), fmt::format("write [{}] or [[{}]]", key, key));
    return out;
  }
  void reject_unknown() const {
    for (const auto& [key, value] : table_) {
      const std::string name(key.str());
      if (std::find(known_.begin(), known_.end(), name) == known_.end())
        throw InputError(fmt::format("{}:{}", file_, key.source().begin.line), fmt::format("unknown key '{}' in [{}]", name, name_), did_you_mean(name, known_));
    }
  }

 private:
  const toml::table& table_;
  std::string file_, name_;
  std::vector<std::string> known_;
};

}  // namespace hyped
