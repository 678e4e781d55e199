// Bare CSV files of CellBox, checked cell by cell.
#include "libhyped/ingest/read_cellbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "libhyped/errors.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

struct CsvLine {
  int number = 0;
  std::vector<std::string> cells;
};

std::vector<CsvLine> csv_lines(const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw InputError(file.string(), "cannot be read", "a CellBox folder holds expr.csv, pert.csv and node_Index.csv");
  std::vector<CsvLine> out;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty()) continue;
    CsvLine parsed{number, {}};
    for (std::size_t from = 0; from <= line.size();) {
      const auto comma = std::min(line.find(',', from), line.size());
      parsed.cells.push_back(line.substr(from, comma - from));
      from = comma + 1;
    }
    out.push_back(std::move(parsed));
  }
  if (out.empty()) throw InputError(file.string(), "is empty", "check the file");
  return out;
}

double number_of(const fs::path& file, const CsvLine& line, std::size_t column) {
  const std::string& text = line.cells[column];
  const char* from = text.c_str();
  while (*from == ' ') ++from;
  double value = 0;
  const auto [end, error] = std::from_chars(from, text.c_str() + text.size(), value);
  if (error != std::errc() || end != text.c_str() + text.size() || !std::isfinite(value))
    throw InputError(fmt::format("{}:{}", file.string(), line.number), fmt::format("column {}: '{}' is not a number", column + 1, text), "give a finite number");
  return value;
}

Eigen::MatrixXd numbers(const fs::path& file, std::size_t columns, std::size_t skip_rows = 0, std::size_t skip_columns = 0) {
  const auto lines = csv_lines(file);
  if (lines.size() <= skip_rows) throw InputError(file.string(), "holds no rows", "check the file");
  Eigen::MatrixXd out(static_cast<Eigen::Index>(lines.size() - skip_rows), static_cast<Eigen::Index>(columns));
  for (std::size_t r = skip_rows; r < lines.size(); ++r) {
    if (lines[r].cells.size() != columns + skip_columns)
      throw InputError(fmt::format("{}:{}", file.string(), lines[r].number), fmt::format("has {} columns, not {}", lines[r].cells.size(), columns + skip_columns), "give one column per node");
    for (std::size_t c = 0; c < columns; ++c) out(static_cast<Eigen::Index>(r - skip_rows), static_cast<Eigen::Index>(c)) = number_of(file, lines[r], c + skip_columns);
  }
  return out;
}

fs::path only_file(const fs::path& folder, const std::string& part) {
  std::vector<fs::path> found;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".csv" && entry.path().filename().string().find("." + part + ".") != std::string::npos) found.push_back(entry.path());
  if (found.size() != 1) throw InputError(folder.string(), fmt::format("holds {} files *.{}.*csv, not one", found.size(), part), "give the folder of one trained CellBox model");
  return found[0];
}

// Rows of a file with a header and a name in front.
Eigen::MatrixXd named_rows(const fs::path& file, std::size_t columns, const std::vector<std::string>& nodes) {
  const auto lines = csv_lines(file);
  if (lines.size() != nodes.size() + 1) throw InputError(file.string(), fmt::format("holds {} rows, not {}", lines.size() - 1, nodes.size()), "the model must be one of these nodes");
  for (std::size_t r = 0; r < nodes.size(); ++r)
    if (lines[r + 1].cells[0] != nodes[r])
      throw InputError(fmt::format("{}:{}", file.string(), lines[r + 1].number), fmt::format("is node '{}', not '{}'", lines[r + 1].cells[0], nodes[r]), "the order of nodes must be that of node_Index.csv");
  return numbers(file, columns, 1, 1);
}

}  // namespace

CellboxData read_cellbox(const fs::path& given, const CellboxNodes& count) {
  const fs::path folder = fs::exists(given / "data" / "expr.csv") ? given / "data" : given;
  CellboxData out;
  out.count = count;
  for (const auto& line : csv_lines(folder / "node_Index.csv")) out.nodes.push_back(line.cells[0]);
  const std::size_t m = out.nodes.size();
  for (std::size_t i = 0; i < m; ++i)
    if (std::find(out.nodes.begin(), out.nodes.begin() + static_cast<std::ptrdiff_t>(i), out.nodes[i]) != out.nodes.begin() + static_cast<std::ptrdiff_t>(i))
      throw InputError((folder / "node_Index.csv").string(), fmt::format("names '{}' twice", out.nodes[i]), "give every node its own name");
  if (count.proteins < 1 || count.measured < count.proteins || count.measured >= static_cast<int>(m))
    throw InputError((folder / "node_Index.csv").string(), fmt::format("holds {} nodes: {} proteins and {} measured ones do not fit", m, count.proteins, count.measured), "correct protein_nodes and activity_nodes");
  out.response = numbers(folder / "expr.csv", m);
  out.input = numbers(folder / "pert.csv", m);
  const Eigen::Index n = out.response.rows();
  if (out.input.rows() != n) throw InputError((folder / "pert.csv").string(), fmt::format("holds {} conditions, expr.csv {}", out.input.rows(), n), "give one row per condition in both");
  for (Eigen::Index r = 0; r < n; ++r)
    for (Eigen::Index c = 0; c < count.measured; ++c)
      if (out.input(r, c) != 0)
        throw InputError(fmt::format("{}: row {}", (folder / "pert.csv").string(), r + 1), fmt::format("has an input on '{}', which is no drug", out.nodes[static_cast<std::size_t>(c)]), "correct activity_nodes, or the file");
  if (fs::exists(folder / "expr_index.txt")) {
    std::ifstream in(folder / "expr_index.txt");
    for (std::string line; std::getline(in, line);)
      if (const auto end = line.find_first_of(" \t\r"); end != 0 && !line.empty()) out.conditions.push_back(line.substr(0, end));
    if (static_cast<Eigen::Index>(out.conditions.size()) != n) throw InputError((folder / "expr_index.txt").string(), fmt::format("names {} conditions, expr.csv holds {}", out.conditions.size(), n), "give one line per condition");
  } else {
    for (Eigen::Index r = 0; r < n; ++r) out.conditions.push_back(fmt::format("condition {}", r + 1));
  }
  for (std::size_t i = 1; i < out.conditions.size(); ++i)
    if (std::find(out.conditions.begin(), out.conditions.begin() + static_cast<std::ptrdiff_t>(i), out.conditions[i]) != out.conditions.begin() + static_cast<std::ptrdiff_t>(i))
      throw InputError((folder / "expr_index.txt").string(), fmt::format("names the condition '{}' twice", out.conditions[i]), "give replicates names of their own");
  out.drugs.resize(static_cast<std::size_t>(n));
  if (fs::exists(folder / "loo_label.csv")) {
    const Eigen::MatrixXd labels = numbers(folder / "loo_label.csv", 2);
    if (labels.rows() != n) throw InputError((folder / "loo_label.csv").string(), fmt::format("holds {} conditions, expr.csv {}", labels.rows(), n), "give one row per condition");
    for (Eigen::Index r = 0; r < n; ++r)
      for (Eigen::Index c = 0; c < 2; ++c) {
        const double drug = labels(r, c);
        if (drug < 0 || drug > out.drug_count() || drug != std::floor(drug)) throw InputError(fmt::format("{}: row {}", (folder / "loo_label.csv").string(), r + 1), fmt::format("{:g} is no drug", drug), fmt::format("give 0 (none) to {}", out.drug_count()));
        if (drug > 0) out.drugs[static_cast<std::size_t>(r)].push_back(static_cast<int>(drug));
      }
  } else {
    for (Eigen::Index r = 0; r < n; ++r)
      for (Eigen::Index c = count.measured; c < static_cast<Eigen::Index>(m); ++c)
        if (out.input(r, c) != 0) out.drugs[static_cast<std::size_t>(r)].push_back(static_cast<int>(c) - count.measured + 1);
  }
  return out;
}

std::vector<std::string> constant_nodes(const CellboxData& data) {
  std::vector<std::string> out;
  for (int c = 0; c < data.count.measured; ++c)
    if ((data.response.col(c).array() == data.response(0, c)).all()) out.push_back(data.nodes[static_cast<std::size_t>(c)]);
  return out;
}

CellboxModel read_cellbox_model(const fs::path& folder, const std::vector<std::string>& nodes) {
  CellboxModel out;
  out.weight = named_rows(only_file(folder, "W"), nodes.size(), nodes);
  for (const auto& [part, to] : {std::pair{"alpha", &out.alpha}, {"eps", &out.eps}}) {
    const fs::path file = only_file(folder, part);
    *to = named_rows(file, 1, nodes).col(0);
    if (!((to->array() > 0).all())) throw InputError(file.string(), "holds a value that is not positive", "alpha and eps are given after softplus");
  }
  return out;
}

std::vector<int> read_cellbox_order(const fs::path& file, int conditions) {
  const Eigen::MatrixXd read = numbers(file, 1);
  std::vector<int> out;
  std::vector<bool> seen(static_cast<std::size_t>(conditions), false);
  for (Eigen::Index r = 0; r < read.rows(); ++r) {
    const double at = read(r, 0);
    if (at < 0 || at >= conditions || at != std::floor(at) || seen[static_cast<std::size_t>(at)]) throw InputError(fmt::format("{}: row {}", file.string(), r + 1), fmt::format("{:g} is no condition, or named before", at), fmt::format("give every number from 0 to {} once", conditions - 1));
    seen[static_cast<std::size_t>(at)] = true;
    out.push_back(static_cast<int>(at));
  }
  if (static_cast<int>(out.size()) != conditions) throw InputError(file.string(), fmt::format("orders {} conditions, the data hold {}", out.size(), conditions), "give every condition once");
  return out;
}

std::vector<CellboxLogRow> read_cellbox_log(const fs::path& file) {
  const std::vector<CsvLine> lines = csv_lines(file);
  const auto place = [&](const char* name) {
    if (!lines.empty())
      for (std::size_t c = 0; c < lines[0].cells.size(); ++c)
        if (lines[0].cells[c] == name) return c;
    throw InputError(file.string(), fmt::format("has no column '{}'", name), "a training log of CellBox has epoch, iter and test_mse");
  };
  const std::size_t epoch = place("epoch"), iteration = place("iter"), mse = place("test_mse");
  const auto number = [](const CsvLine& line, std::size_t column) {
    char* end = nullptr;
    const std::string text = column < line.cells.size() ? line.cells[column] : "";
    const double value = std::strtod(text.c_str(), &end);
    return text.empty() || *end != 0 ? std::nan("") : value;
  };
  std::vector<CellboxLogRow> out;
  for (std::size_t l = 1; l < lines.size(); ++l) {
    const double error = number(lines[l], mse), at = number(lines[l], epoch), step = number(lines[l], iteration);
    if (std::isfinite(error) && error >= 0) out.push_back({lines[l].number, std::isfinite(at) ? static_cast<int>(at) : -1, std::isfinite(step) ? static_cast<int>(step) : -1, error});
  }
  if (out.empty()) throw InputError(file.string(), "has no row with a test error", "check that it is the log of a training");
  return out;
}

}  // namespace hyped
