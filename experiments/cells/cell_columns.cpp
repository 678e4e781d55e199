// Choice of counts and columns, and what is said where there is none.
#include "experiments/cells/cell_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "experiments/program_files.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/expression/matrix_survey.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {

std::vector<std::string> usual_arm_columns() { return {"arm", "condition", "pooled_condition", "assigned_condition", "target", "perturbation", "group_id"}; }
std::vector<std::string> usual_library_columns() { return {"library", "dataset", "batch", "sample", "sample_id", "bio_rep"}; }
std::vector<std::string> usual_phase_columns() { return {"phase"}; }

std::string columns_in_words(const DataFrame& frame) {
  std::string out;
  for (std::size_t i = 0; i < frame.names.size(); ++i) out += fmt::format("{}{} ({})", i ? ", " : "", frame.names[i], kind_of(frame.columns[i]));
  return out.empty() ? "there are none" : out;
}

std::optional<CellGrouping> grouping_of(const AnnotatedData& data, const std::string& asked, const std::vector<std::string>& usual, const std::string& where) {
  if (!asked.empty()) {
    const DataColumn* column = data.obs.find(asked);
    if (!column) throw InputError(where, "cells have no column '" + asked + "'", "name one of these: " + columns_in_words(data.obs));
    return CellGrouping{asked, labels_of(*column)};
  }
  for (const std::string& name : usual)
    if (const DataColumn* column = data.obs.find(name); column && !std::holds_alternative<Numbers>(*column) && !std::holds_alternative<NullableNumbers>(*column)) return CellGrouping{name, labels_of(*column)};
  return std::nullopt;
}

namespace {

MatrixSurvey survey_of(const SparseRows& rows) {
  MatrixSurveyor surveyor;
  surveyor.see(0, rows);
  return surveyor.finish();
}

void refuse_bad_values(const MatrixSurvey& survey, const AnnotatedData& data, const DataFrame& genes, const std::string& path, const std::string& where) {
  for (const auto& [found, what] : {std::pair{&survey.not_finite, "no number"}, {&survey.negative, "negative"}})
    if (found->count > 0)
      throw InputError(where, fmt::format("{} of the values of {} are {}; the first is {} in cell {}, gene {}", found->count, path, what, found->value, names_of(data.obs, where)[static_cast<std::size_t>(found->row)],
                                          names_of(genes, where)[static_cast<std::size_t>(found->column)]), "counts are 0 or more; name another matrix with --counts");
}

}  // namespace

CountsTaken take_counts(AnnotatedData& data, const std::string& asked, const std::string& where) {
  std::vector<std::string> paths{"X"};
  for (const std::string& name : data.layers.names) paths.push_back("layers/" + name);
  if (data.raw && !data.raw->X.empty()) paths.push_back("raw/X");
  const std::vector<std::string> all = paths;
  if (!asked.empty()) {
    if (std::find(paths.begin(), paths.end(), asked) == paths.end()) throw InputError(where, "has no matrix '" + asked + "'", fmt::format("name one of these: {}", fmt::join(paths, ", ")));
    paths = {asked};
  }
  std::string seen;
  for (const std::string& path : paths) {
    const bool raw = path == "raw/X";
    Element matrix = path == "X" ? std::move(data.X) : raw ? std::move(data.raw->X) : std::move(*data.layers.find(path.substr(7)));
    if (matrix.empty()) continue;
    CountsTaken out{sparse_rows_of(std::move(matrix), where + ", " + path), path, ""};
    const MatrixSurvey survey = survey_of(out.counts);
    const DataFrame& genes = raw ? data.raw->var : data.var;
    if (!asked.empty()) refuse_bad_values(survey, data, genes, path, where);
    if (survey.kind != MatrixKind::counts) {
      if (!asked.empty()) throw InputError(where, fmt::format("{} is {}: {}", path, to_string(survey.kind), survey.why), "name a matrix of counts with --counts");
      seen += fmt::format("{}{} is {} ({})", seen.empty() ? "" : "; ", path, to_string(survey.kind), survey.why);
      continue;
    }
    refuse_bad_values(survey, data, genes, path, where);
    if (raw) data.var = std::move(data.raw->var);
    out.why = survey.why;
    data.layers = {};
    data.raw.reset();
    if (const auto repeated = repeated_names(names_of(data.var, where)); !repeated.empty())
      throw InputError(where, "genes are named twice: " + words_of(repeated), "read it with hyped cells import-hyped or inspect and say what to do with them (--repeated-genes)");
    return out;
  }
  throw InputError(where, "no matrix holds counts: " + seen, "counts are needed to prepare cells; look for a file with them, or name the matrix with --counts");
}

std::vector<GeneSetFound> gene_sets_of(const std::string& file, const std::vector<std::string>& symbols) {
  const DelimitedTable table = DelimitedTable::read(program_file(file));
  std::unordered_map<std::string, int> place;
  for (std::size_t g = 0; g < symbols.size(); ++g) place.emplace(symbols[g], static_cast<int>(g));
  std::vector<GeneSetFound> out;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string& set = table.name(row, table.column("set"));
    if (out.empty() || out.back().name != set) out.push_back({set, {}, {}});
    auto found = place.find(table.name(row, table.column("gene")));
    if (found == place.end()) found = place.find(table.name(row, table.column("present_symbol")));
    if (found != place.end()) out.back().genes.push_back(found->second);
    else out.back().absent.push_back(table.name(row, table.column("gene")));
  }
  return out;
}

void add_design_limits(RunDirectory& run, const Labels& arms) {
  if (arms.levels.size() < 2 || !std::all_of(arms.levels.begin(), arms.levels.end(), [](const std::string& name) { return arm_of(name).has_value(); })) return;
  for (const std::string& limit : design_limits()) run.add_note(limit);
}

void say(RunDirectory& run, const std::string& name, const std::string& value) {
  fmt::print("{}", to_terminal_paragraph(fmt::format("{:<10}", name), value));
  run.add_setting(name, value);
}

}  // namespace hyped
