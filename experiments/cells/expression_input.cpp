// Choosing the matrix, turning it by gene, naming groups.
#include "experiments/cells/expression_input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/design_limits.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/hyped/hyped_cells.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// ln(1 + target count / total), computed in double and rounded once; a cell without counts stays empty.
void to_log_values(SparseRows& cells, double target) {
  constexpr int batch = 256;
  parallel_for((cells.rows + batch - 1) / batch, [&](int b) {
    for (int r = b * batch; r < std::min(cells.rows, (b + 1) * batch); ++r) {
      double total = 0;
      for (const float v : cells.values_of(r)) total += static_cast<double>(v);
      for (float& v : cells.values_of(r)) v = static_cast<float>(std::log1p(static_cast<double>(v) / total * target));
    }
  });
}

const SurveyedMatrix& chosen(const std::vector<SurveyedMatrix>& matrices, const ExpressionChoice& choice, const std::string& where) {
  std::vector<std::string> told;
  for (const auto& m : matrices) told.push_back(fmt::format("{}: {} ({})", m.path, to_string(m.survey.kind), m.survey.why));
  const auto first = [&](MatrixKind kind) { return std::find_if(matrices.begin(), matrices.end(), [&](const SurveyedMatrix& m) { return m.survey.kind == kind; }); };
  if (!choice.matrix.empty()) {
    const auto named = std::find_if(matrices.begin(), matrices.end(), [&](const SurveyedMatrix& m) { return m.path == choice.matrix; });
    if (named == matrices.end()) throw InputError(where, fmt::format("has no matrix {}", choice.matrix), fmt::format("there are: {}", fmt::join(told, "; ")));
    const bool fits = named->survey.kind == MatrixKind::counts || (choice.use == ExpressionUse::log_values && named->survey.kind == MatrixKind::log_normalised);
    if (!fits) throw InputError(where + ": " + choice.matrix, fmt::format("holds neither counts{}: {} ({})", choice.use == ExpressionUse::log_values ? " nor log-normalised values" : "", to_string(named->survey.kind), named->survey.why), fmt::format("there are: {}", fmt::join(told, "; ")));
    return *named;
  }
  if (choice.use == ExpressionUse::log_values)
    if (const auto found = first(MatrixKind::log_normalised); found != matrices.end()) return *found;
  if (const auto found = first(MatrixKind::counts); found != matrices.end()) return *found;
  throw InputError(where, choice.use == ExpressionUse::counts ? "holds no counts" : "holds neither counts nor log-normalised values",
                   fmt::format("there are: {}. Name one with --matrix, or give the file that has the counts", fmt::join(told, "; ")));
}

// The element at "X", "layers/NAME" or "raw/X", taken out; var becomes raw's for the last.
Element take(AnnotatedData& data, const std::string& path) {
  if (path == "X") return std::move(data.X);
  if (path.starts_with("layers/")) return std::move(*data.layers.find(path.substr(7)));
  HYPED_REQUIRE(data.raw.has_value());
  data.var = data.raw->var;
  return std::move(data.raw->X);
}

}  // namespace

ExpressionInput read_expression(const std::filesystem::path& file, const ExpressionChoice& choice) {
  ExpressionInput out;
  out.where = file.string();
  const auto matrices = survey_matrices(file);
  const SurveyedMatrix& matrix = chosen(matrices, choice, out.where);
  AnndataReading reading;
  reading.without = {"obsp", "varp", "varm"};
  for (const auto& m : matrices)
    if (m.path != matrix.path) reading.without.push_back(m.path == "raw/X" ? "raw" : m.path);
  ReadAnndata read = read_anndata(file, reading);
  out.facts.emplace_back("file", read.version);
  out.facts.emplace_back("matrix", fmt::format("{}, {} ({})", matrix.path, to_string(matrix.survey.kind), matrix.survey.why));
  SparseRows cells = sparse_rows_of(take(read.data, matrix.path), out.where + ": " + matrix.path);
  out.data = std::move(read.data);
  out.data.X = {}, out.data.layers = {}, out.data.raw.reset();
  out.genes = names_of(out.data.var, out.where);
  if (const auto repeated = repeated_names(out.genes); !repeated.empty())
    throw InputError(out.where, "names of genes occur more than once: " + words_of(repeated), "settle them first: hyped cells convert --repeated-genes sum (or suffix)");
  if (naming_of(out.genes) != GeneNaming::symbols) out.notes.push_back("Genes are named by Ensembl ids, at least in part: notes on single genes (MYOD1, MT-...) find symbols only.");
  const std::int64_t empty = matrix.survey.empty_rows;
  if (empty > 0) out.notes.push_back(fmt::format("{} cells have no counts at all; they stay, with zeros.", empty));
  if (choice.use == ExpressionUse::log_values && matrix.survey.kind == MatrixKind::counts) {
    to_log_values(cells, choice.target);
    out.facts.emplace_back("values", fmt::format("ln(1 + {:g} count / total of the cell)", choice.target));
  }
  out.by_gene = transposed(cells);
  require_values(out.by_gene, out.genes, true, out.where + ": " + matrix.path);
  return out;
}

CellGroups groups_by(const DataFrame& obs, const std::string& column, const std::vector<std::string>& only, const std::string& where) {
  const DataColumn* found = obs.find(column);
  if (found == nullptr)
    throw InputError(where, fmt::format("cells have no column '{}'", column), obs.names.empty() ? std::string("there is no column at all") : fmt::format("did you mean {}? There are: {}", nearest_names(column, obs.names), fmt::join(obs.names, ", ")));
  Labels labels = labels_of(*found);
  CellGroups all{labels.levels, {labels.codes.begin(), labels.codes.end()}};
  std::vector<std::string> used;
  const auto sizes = all.sizes();
  for (std::size_t k = 0; k < sizes.size(); ++k)
    if (sizes[k] > 0) used.push_back(all.names[k]);
  if (used.empty()) throw InputError(where, fmt::format("column '{}' has no value in any cell", column));
  return only_groups(all, only.empty() ? used : only, fmt::format("{}, column {}", where, column));
}

void state_fact(RunDirectory& run, const std::string& name, const std::string& value) {
  fmt::print("{}", to_terminal_paragraph(fmt::format("{:<10}", name), value));
  run.add_setting(name, value);
}

void state_input(RunDirectory& run, const ExpressionInput& input) {
  for (const auto& [name, value] : input.facts) state_fact(run, name, value);
  for (const auto& note : input.notes) {
    fmt::print("{}", to_terminal_paragraph("note      ", note));
    run.add_note(note);
  }
}

void state_limits(RunDirectory& run, const CellGroups& arms, const CellGroups* replicates, const std::string& replicate_column) {
  DesignFacts facts{arms.names, replicates != nullptr, replicate_column};
  if (replicates != nullptr)
    for (int a = 0; a < arms.count(); ++a) {
      std::set<std::int32_t> own;
      for (std::size_t c = 0; c < arms.of_cell.size(); ++c)
        if (arms.of_cell[c] == a && replicates->of_cell[c] >= 0) own.insert(replicates->of_cell[c]);
      facts.replicates = facts.replicates && own.size() > 1;
    }
  const bool hyped = are_hyped_arms(arms.names);
  for (const auto& sentence : limits_of(facts)) hyped ? run.add_note(sentence) : run.add_warning(sentence);
}

}  // namespace hyped
