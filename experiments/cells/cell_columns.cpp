// Choice of counts and columns, and what is said where there is none.
#include "experiments/cells/cell_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>
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

std::optional<std::string> hyped_condition_column(const DataFrame& obs) {
  if (obs.find("arm") != nullptr) return std::nullopt;
  for (const char* name : {"assigned_condition", "pooled_condition", "condition"}) {
    const DataColumn* column = obs.find(name);
    if (column == nullptr) continue;
    const Labels labels = labels_of(*column);
    if (!labels.levels.empty() && std::all_of(labels.levels.begin(), labels.levels.end(), [](const auto& level) { return arm_of(level).has_value(); })) return name;
    return std::nullopt;
  }
  return std::nullopt;
}

const DataColumn& column_named(const DataFrame& obs, const std::string& name, const std::string& where) {
  const DataColumn* found = obs.find(name);
  if (found == nullptr) {
    const std::string near = did_you_mean(name, obs.names);
    throw InputError(where, fmt::format("cells have no column '{}'", name), obs.names.empty() ? std::string("there is no column at all") : fmt::format("{}: {}", near.starts_with("did") ? near + " There are" : "there are", columns_in_words(obs)));
  }
  return *found;
}

namespace {

Strings used_labels(const Labels& labels) {
  std::vector<char> used(labels.levels.size(), 0);
  for (const auto code : labels.codes)
    if (code >= 0) used[static_cast<std::size_t>(code)] = 1;
  Strings out;
  for (std::size_t k = 0; k < used.size(); ++k)
    if (used[k]) out.push_back(labels.levels[k]);
  return out;
}

bool of_words(const DataColumn& column) { return !std::holds_alternative<Numbers>(column) && !std::holds_alternative<NullableNumbers>(column); }

// The first of the usual columns that has words and `least` labels or more.
std::string usual_column(const DataFrame& obs, const std::vector<std::string>& usual, std::size_t least) {
  for (const std::string& name : usual)
    if (const DataColumn* column = obs.find(name); column && of_words(*column) && used_labels(labels_of(*column)).size() >= least) return name;
  return "";
}

MatrixSurvey survey_of(const SparseRows& rows) {
  MatrixSurveyor surveyor;
  surveyor.see(0, rows);
  return surveyor.finish();
}

}  // namespace

std::optional<CellGrouping> grouping_of(const AnnotatedData& data, const std::string& asked, const std::vector<std::string>& usual, const std::string& where) {
  if (!asked.empty()) return CellGrouping{asked, labels_of(column_named(data.obs, asked, where))};
  for (const std::string& name : usual)
    if (const DataColumn* column = data.obs.find(name); column && of_words(*column)) return CellGrouping{name, labels_of(*column)};
  return std::nullopt;
}

ArmChoice choose_arms(RunDirectory& run, const DataFrame& obs, const ArmChoice& asked, const std::string& where) {
  ArmChoice out = asked;
  if (out.column.empty()) out.column = usual_column(obs, usual_arm_columns(), 2);
  if (out.column.empty())
    throw InputError(where, fmt::format("no column of cells names arms: none is called {} and has two labels", fmt::join(usual_arm_columns(), ", ")), "name it with --by; there are: " + columns_in_words(obs));
  const Strings labels = used_labels(labels_of(column_named(obs, out.column, where)));
  if (out.reference.empty()) {
    Strings controls;
    for (const auto& label : labels)
      if (arm_of(label) == CellArm::control) controls.push_back(label);
    if (controls.size() != 1)
      throw InputError(fmt::format("{}, column {}", where, out.column), controls.empty() ? std::string("no label is known to be the control") : fmt::format("{} labels are controls: {}", controls.size(), fmt::join(controls, ", ")),
                       fmt::format("name the label to compare with by {}; there are: {}{}", asked.option, fmt::join(labels, ", "), hyped_condition_column(obs) ? ". Or make the release tidy first: hyped cells import-hyped" : ""));
    out.reference = controls[0];
  }
  say(run, "by", fmt::format("column {} ({}){}; compared with {}{}", out.column, fmt::join(labels, ", "), asked.column.empty() ? ", found by its name (--by takes another)" : "", out.reference, asked.reference.empty() ? fmt::format(", found by its name ({} takes another)", asked.option) : ""));
  return out;
}

std::string choose_phases(RunDirectory& run, const DataFrame& obs, const std::string& asked, const std::string& where) {
  const std::string column = asked.empty() ? usual_column(obs, usual_phase_columns(), 2) : asked;
  if (column.empty()) throw InputError(where, fmt::format("no column of cells names phases: none is called {} and has two labels", fmt::join(usual_phase_columns(), ", ")), "name it with --phase, or score phases first (hyped cells prepare); there are: " + columns_in_words(obs));
  say(run, "phases", fmt::format("column {} ({}){}", column, fmt::join(used_labels(labels_of(column_named(obs, column, where))), ", "), asked.empty() ? ", found by its name (--phase takes another)" : ""));
  return column;
}

std::string choose_replicates(RunDirectory& run, DataFrame& obs, const std::string& asked, const std::string& where) {
  const auto colon = asked.find(':');
  if (obs.find(asked) != nullptr || colon == asked.npos) {
    say(run, "replicate", fmt::format("column {} ({})", asked, fmt::join(used_labels(labels_of(column_named(obs, asked, where))), ", ")));
    return asked;
  }
  const std::string column = asked.substr(0, colon), text = asked.substr(colon + 1);
  const Labels from = labels_of(column_named(obs, column, where));
  std::regex pattern;
  try {
    pattern = std::regex(text);
  } catch (const std::regex_error&) {
    throw InputError("--replicate " + asked, fmt::format("'{}' is no regular expression", text), "write for example --replicate 'sample_id:[0-9]+'");
  }
  Labels made{{}, std::vector<std::int32_t>(from.codes.size(), -1)};
  std::vector<std::int32_t> target(from.levels.size(), -1);
  for (const auto& label : used_labels(from)) {
    std::smatch match;
    if (!std::regex_search(label, match, pattern) || match[match.size() > 1 ? 1 : 0].length() == 0)
      throw InputError("--replicate " + asked, fmt::format("'{}' says nothing of the label '{}'", text, label), fmt::format("the labels of {} are: {}", column, fmt::join(used_labels(from), ", ")));
    const std::string name = match[match.size() > 1 ? 1 : 0];
    const auto known = std::find(made.levels.begin(), made.levels.end(), name);
    target[static_cast<std::size_t>(std::find(from.levels.begin(), from.levels.end(), label) - from.levels.begin())] = static_cast<std::int32_t>(known - made.levels.begin());
    if (known == made.levels.end()) made.levels.push_back(name);
  }
  for (std::size_t i = 0; i < from.codes.size(); ++i)
    if (from.codes[i] >= 0) made.codes[i] = target[static_cast<std::size_t>(from.codes[i])];
  say(run, "replicate", fmt::format("'{}' of each label of column {} ({})", text, column, fmt::join(made.levels, ", ")));
  obs.put(asked, categorical_of(made));
  return asked;
}

std::vector<std::string> matrices_of(const AnnotatedData& data) {
  std::vector<std::string> out;
  if (!data.X.empty()) out.emplace_back("X");
  for (std::size_t i = 0; i < data.layers.names.size(); ++i)
    if (!data.layers.elements[i].empty()) out.push_back("layers/" + data.layers.names[i]);
  if (data.raw && !data.raw->X.empty()) out.emplace_back("raw/X");
  return out;
}

std::string bad_values(const MatrixSurvey& survey, const AnnotatedData& data, const DataFrame& genes, const std::string& path, const std::string& where) {
  if (survey.kind != MatrixKind::counts && survey.fractional.count > 0) return "";
  for (const auto& [found, what] : {std::pair{&survey.not_finite, "no number"}, {&survey.negative, "negative"}})
    if (found->count > 0)
      return fmt::format("{} of the values of {} are {}; the first is {} in cell {}, gene {}", found->count, path, what, found->value, names_of(data.obs, where)[static_cast<std::size_t>(found->row)], names_of(genes, where)[static_cast<std::size_t>(found->column)]);
  return "";
}

CountsTaken take_counts(AnnotatedData& data, const std::string& asked, const std::string& where) {
  std::vector<std::string> paths = matrices_of(data);
  if (!asked.empty()) {
    if (std::find(paths.begin(), paths.end(), asked) == paths.end()) throw InputError(where, "has no matrix '" + asked + "'", fmt::format("name one of these: {}", fmt::join(paths, ", ")));
    paths = {asked};
  }
  std::string seen, bad;
  for (const std::string& path : paths) {
    const bool raw = path == "raw/X";
    Element matrix = path == "X" ? std::move(data.X) : raw ? std::move(data.raw->X) : std::move(*data.layers.find(path.substr(7)));
    CountsTaken out{sparse_rows_of(std::move(matrix), where + ", " + path), path, ""};
    const MatrixSurvey survey = survey_of(out.counts);
    const DataFrame& genes = raw ? data.raw->var : data.var;
    if (bad.empty()) bad = bad_values(survey, data, genes, path, where);
    if (!bad.empty() && (!asked.empty() || survey.kind == MatrixKind::counts)) break;
    if (survey.kind != MatrixKind::counts) {
      if (!asked.empty()) throw InputError(where, fmt::format("{} is {}: {}", path, to_string(survey.kind), survey.why), "name a matrix of counts with --counts");
      seen += fmt::format("{}{} is {} ({})", seen.empty() ? "" : "; ", path, to_string(survey.kind), survey.why);
      continue;
    }
    if (raw) data.var = std::move(data.raw->var);
    out.why = survey.why;
    data.layers = {};
    data.raw.reset();
    if (const auto repeated = repeated_names(names_of(data.var, where)); !repeated.empty())
      throw InputError(where, "names of genes occur more than once: " + words_of(repeated), "settle them first: hyped cells convert --repeated-genes sum (or suffix)");
    return out;
  }
  if (!bad.empty()) throw InputError(where, bad, "counts are 0 or more; name another matrix with --counts");
  throw InputError(where, seen.empty() ? std::string("has no matrix of cells x genes") : "no matrix holds counts: " + seen, "counts are needed to prepare cells; look for a file with them, or name the matrix with --counts");
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
