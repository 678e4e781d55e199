// Facts of a file of cells, and what looks wrong in it.
#include "experiments/cells/inspect_cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/ingest/cells/matrix_folder.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/hyped/hyped_cells.hpp"

namespace hyped {
namespace {

constexpr std::size_t levels_shown = 6;

// "control 8963, hybrid 10895", most frequent first; or the range of numbers.
std::string values_of(const DataColumn& column, std::int64_t& missing) {
  const Labels labels = labels_of(column);
  missing = std::count(labels.codes.begin(), labels.codes.end(), -1);
  const bool plain_numbers = std::holds_alternative<Numbers>(column) || std::holds_alternative<NullableNumbers>(column);
  if (plain_numbers && labels.levels.size() > levels_shown) {
    double least = 1e300, greatest = -1e300;
    const auto numbers = *numbers_of(column);
    for (const double x : numbers)
      if (!std::isnan(x)) least = std::min(least, x), greatest = std::max(greatest, x);
    return fmt::format("{:.5g} to {:.5g}", least, greatest);
  }
  std::vector<std::pair<std::int64_t, std::string>> counts;
  for (const auto& level : labels.levels) counts.emplace_back(0, level);
  for (const auto code : labels.codes)
    if (code >= 0) ++counts[static_cast<std::size_t>(code)].first;
  if (counts.size() > levels_shown && counts.size() == labels.codes.size()) return fmt::format("all different: {}, ...", counts[0].second);
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out;
  for (std::size_t i = 0; i < std::min(levels_shown, counts.size()); ++i) out += fmt::format("{}{} {}", i > 0 ? ", " : "", counts[i].second, counts[i].first);
  return counts.size() > levels_shown ? fmt::format("{}, {} more", out, counts.size() - levels_shown) : out;
}

void add_columns(Table& table, const std::string& of, const DataFrame& frame) {
  for (std::size_t c = 0; c < frame.names.size(); ++c) {
    std::int64_t missing = 0;
    const std::string values = values_of(frame.columns[c], missing);
    table.add_row({of, frame.names[c], kind_of(frame.columns[c]), missing, values});
  }
}

void describe_names(CellsInspection& found, const AnnotatedData& data, const std::string& where) {
  auto& facts = found.about.facts;
  auto& doubts = found.about.doubts;
  const Strings cells = names_of(data.obs, where + ": obs"), genes = names_of(data.var, where + ": var");
  static constexpr const char* naming[] = {"symbols", "Ensembl ids", "symbols and Ensembl ids mixed"};
  const GeneNaming names = naming_of(genes);
  facts.emplace_back("cells", fmt::format("{}{}", cells.size(), cells.empty() ? "" : ", named like " + cells[0]));
  facts.emplace_back("genes", fmt::format("{}, named by {}{}", genes.size(), naming[static_cast<int>(names)], genes.empty() ? "" : " (" + genes[0] + ", ...)"));
  if (const auto repeated = repeated_names(cells); !repeated.empty()) doubts.push_back("names of cells are repeated: " + words_of(repeated));
  if (const auto repeated = repeated_names(genes); !repeated.empty()) doubts.push_back("names of genes are repeated: " + words_of(repeated));
  const bool symbols = std::any_of(data.var.columns.begin(), data.var.columns.end(), [](const DataColumn& column) {
    const Labels labels = labels_of(column);
    return (std::holds_alternative<Strings>(column) || std::holds_alternative<Categorical>(column)) && labels.levels.size() > 100 && naming_of(labels.levels) == GeneNaming::symbols;
  });
  if (names != GeneNaming::symbols && !symbols) doubts.push_back("genes are not named by symbols, and no column of var has symbols: gene lists cannot be used");
}

void describe_matrices(CellsInspection& found, const std::vector<SurveyedMatrix>& matrices) {
  bool counts = false;
  for (const auto& [path, form, s] : matrices) {
    found.matrices.add_row({path, std::string(to_string(s.kind)), form, 100 * s.density(), s.why});
    counts = counts || s.kind == MatrixKind::counts;
    for (const auto& [bad, word] : {std::pair(s.not_finite, "not finite"), std::pair(s.negative, "negative")})
      if (bad.count > 0 && s.kind != MatrixKind::scaled) found.about.doubts.push_back(fmt::format("{}: {} values are {}, the first in row {}, column {}", path, bad.count, word, bad.row + 1, bad.column + 1));
    if (s.empty_rows > 0 && s.kind == MatrixKind::counts) found.about.doubts.push_back(fmt::format("{}: {} cells have no value", path, s.empty_rows));
  }
  if (matrices.empty()) found.about.doubts.emplace_back("there is no matrix of cells x genes");
  else if (!counts) found.about.doubts.emplace_back("no matrix holds counts: tests and models of counts cannot be used");
}

void describe_arms(CellsInspection& found, const DataFrame& obs) {
  const auto name = hyped_condition_column(obs);
  if (!name) return;
  const Labels labels = labels_of(*obs.find(*name));
  std::map<std::string, std::int64_t> arms;
  for (const auto code : labels.codes) ++arms[code < 0 ? "without a label" : std::string(to_string(*arm_of(labels.levels[static_cast<std::size_t>(code)])))];
  std::vector<std::string> words;
  for (const auto& [arm, count] : arms) words.push_back(fmt::format("{} {}", arm, count));
  found.about.facts.emplace_back("HYPED arms", fmt::format("obs/{}: {}; hyped cells import-hyped makes it tidy", *name, fmt::join(words, ", ")));
}

CellsInspection empty_inspection(const std::filesystem::path& file) {
  CellsInspection found;
  found.about.path = file.string();
  found.matrices = Table({{"matrix", "", ""}, {"holds", "", ""}, {"form", "", ""}, {"not_zero", "%", "values"}, {"because", "", ""}});
  found.columns = Table({{"of", "", ""}, {"column", "", ""}, {"kind", "", ""}, {"missing", "", ""}, {"values", "", ""}});
  found.items = Table({{"path", "", ""}, {"encoding", "", ""}, {"type", "", ""}, {"shape", "", ""}, {"storage", "", ""}, {"bytes", "", ""}});
  return found;
}

CellsInspection inspect_folder(const std::filesystem::path& folder) {
  CellsInspection found = empty_inspection(folder);
  const auto read = read_matrix_folder(folder, {RepeatedGenes::suffix, false});
  found.about.format = "a matrix folder (10x Genomics, EPI2ME)";
  describe_names(found, read.data, folder.string());
  MatrixSurveyor surveyor;
  surveyor.see(0, sparse_rows_of(read.data.X, folder.string()));
  describe_matrices(found, {{"matrix.mtx", kind_of(read.data.X), surveyor.finish()}});
  add_columns(found.columns, "var", read.data.var);
  for (const auto& note : read.notes) found.about.facts.emplace_back("note", note);
  return found;
}

}  // namespace

CellsInspection inspect_cells(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) return inspect_folder(file);
  CellsInspection found = empty_inspection(file);
  auto read = read_anndata(file, {{"X", "layers", "obsm", "varm", "obsp", "varp", "raw/X", "raw/varm"}, true});
  const auto items = stored_items(file);
  found.about.format = "annotated cells (" + read.version + ")";
  describe_names(found, read.data, file.string());
  if (read.data.raw) found.about.facts.emplace_back("raw", fmt::format("{} genes", read.data.raw->var.rows()));
  for (const char* place : {"obsm", "varm", "obsp", "varp", "uns"}) {
    Strings inside;
    const std::string start = std::string(place) + "/";
    for (const auto& item : items)
      if (item.path.starts_with(start)) {
        const std::string name = item.path.substr(start.size(), item.path.find('/', start.size()) - start.size());
        const bool whole = item.path.size() == start.size() + name.size();
        if (inside.empty() || !inside.back().starts_with(name)) inside.push_back(whole && std::string(place) != "uns" ? name + " (" + item.shape + ")" : name);
      }
    if (!inside.empty()) found.about.facts.emplace_back(place, fmt::format("{}", fmt::join(inside, ", ")));
  }
  describe_matrices(found, survey_matrices(file));
  describe_arms(found, read.data.obs);
  add_columns(found.columns, "obs", read.data.obs);
  add_columns(found.columns, "var", read.data.var);
  for (const auto& item : items) found.items.add_row({item.path, item.encoding, item.type, item.shape, item.storage, static_cast<std::int64_t>(item.bytes)});
  for (const auto& note : read.notes) found.about.doubts.push_back(note);
  return found;
}

std::string to_terminal(const CellsInspection& inspection, bool all) {
  std::string out = inspection.about.path + "\n" + to_terminal_paragraph("  what         ", inspection.about.format);
  for (const auto& [name, value] : inspection.about.facts) out += to_terminal_paragraph(fmt::format("  {:<12} ", name), value);
  for (const auto& row : inspection.matrices.rows())
    out += to_terminal_paragraph(fmt::format("  {:<12} ", std::get<std::string>(row[0])),
                                 fmt::format("{}: {}; {}; {:.3g} % not zero", std::get<std::string>(row[1]), std::get<std::string>(row[4]), std::get<std::string>(row[2]), std::get<double>(row[3])));
  if (!inspection.columns.rows().empty()) out += "\n" + to_terminal(inspection.columns) + "\n";
  if (all && !inspection.items.rows().empty()) out += to_terminal(inspection.items) + "\n";
  for (const auto& doubt : inspection.about.doubts) out += to_terminal_paragraph("  doubt:  ", doubt);
  return out;
}

}  // namespace hyped
