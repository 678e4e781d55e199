// Choosing the matrix, turning it by gene, naming groups.
#include "experiments/cells/expression_input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/design_limits.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/expression/matrix_survey.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/hyped/hyped_cells.hpp"

namespace hyped {
namespace {

struct ReadMatrix {
  std::string path;
  SparseRows cells;
  MatrixSurvey survey;
};

// Each matrix is read and looked at once, until one fits; the first of counts waits in memory while logarithms are looked for.
ReadMatrix read_fitting(const std::filesystem::path& file, const AnnotatedData& data, const ExpressionChoice& choice) {
  const std::string where = file.string();
  const bool logs = choice.use == ExpressionUse::log_values;
  std::vector<std::string> paths = matrix_paths(file), told;
  if (!choice.matrix.empty()) {
    if (std::find(paths.begin(), paths.end(), choice.matrix) == paths.end()) throw InputError(where, fmt::format("has no matrix {}", choice.matrix), paths.empty() ? std::string("there is none") : fmt::format("there are: {}", fmt::join(paths, ", ")));
    paths = {choice.matrix};
  }
  std::optional<ReadMatrix> counts;
  std::string bad;
  for (const auto& path : paths) {
    ReadMatrix one{path, BackedMatrix(file, path).whole(), {}};
    MatrixSurveyor surveyor;
    surveyor.see(0, one.cells);
    one.survey = surveyor.finish();
    const DataFrame& genes = path == "raw/X" ? data.raw->var : data.var;
    if (one.cells.rows != data.cells() || one.cells.columns != genes.rows()) throw InputError(where + ": " + path, fmt::format("is {} x {} beside {} cells and {} genes", one.cells.rows, one.cells.columns, data.cells(), genes.rows()), "the file is damaged or was written wrongly: write it again");
    if (bad.empty()) bad = bad_values(one.survey, data, genes, path, where);
    if (!bad.empty() && (one.survey.kind == MatrixKind::counts || !choice.matrix.empty())) break;
    told.push_back(fmt::format("{}: {} ({})", path, to_string(one.survey.kind), one.survey.why));
    if (logs && one.survey.kind == MatrixKind::log_normalised) return one;
    if (one.survey.kind != MatrixKind::counts || counts) continue;
    if (!logs) return one;
    counts = std::move(one);
  }
  if (counts) return std::move(*counts);
  if (!bad.empty()) throw InputError(where, bad, "counts are 0 or more; repair the file, or name another matrix with --matrix");
  throw InputError(choice.matrix.empty() ? where : where + ": " + choice.matrix, logs ? "holds neither counts nor log-normalised values" : "holds no counts",
                   told.empty() ? std::string("there is no matrix of cells x genes") : fmt::format("there are: {}. Name one with --matrix, or give the file that has the counts", fmt::join(told, "; ")));
}

}  // namespace

ExpressionInput read_expression(const std::filesystem::path& file, const ExpressionChoice& choice) {
  ExpressionInput out;
  out.where = file.string();
  ReadAnndata read = read_anndata(file, {{"X", "layers", "raw/X", "obsp", "varp", "varm"}});
  ReadMatrix matrix = read_fitting(file, read.data, choice);
  SparseRows& cells = matrix.cells;
  out.facts.emplace_back("file", read.version);
  out.facts.emplace_back("matrix", fmt::format("{}, {} ({})", matrix.path, to_string(matrix.survey.kind), matrix.survey.why));
  out.data = std::move(read.data);
  if (matrix.path == "raw/X") out.data.var = out.data.raw->var;
  out.data.raw.reset();
  out.genes = names_of(out.data.var, out.where);
  if (const auto repeated = repeated_names(out.genes); !repeated.empty())
    throw InputError(out.where, "names of genes occur more than once: " + words_of(repeated), "settle them first: hyped cells convert --repeated-genes sum (or suffix)");
  if (naming_of(out.genes) != GeneNaming::symbols) out.notes.push_back("Genes are named by Ensembl ids, at least in part: notes on single genes (MYOD1, MT-...) find symbols only.");
  if (const auto repeated = repeated_names(names_of(out.data.obs, out.where)); !repeated.empty()) out.notes.push_back("Names of cells occur more than once (" + words_of(repeated) + "): cells are told apart by their place.");
  const std::int64_t empty = matrix.survey.empty_rows;
  if (empty > 0) out.notes.push_back(fmt::format("{} cells have no counts at all; they stay, with zeros.", empty));
  if (choice.use == ExpressionUse::log_values && matrix.survey.kind == MatrixKind::counts) {
    log_normalise(cells, row_totals(cells), choice.target);
    out.facts.emplace_back("values", fmt::format("ln(1 + {:g} count / total of the cell)", choice.target));
  }
  out.by_gene = transposed(cells);
  require_values(out.by_gene, out.genes, true, out.where + ": " + matrix.path);
  return out;
}

CellGroups groups_by(const DataFrame& obs, const std::string& column, const std::vector<std::string>& only, const std::string& where) {
  Labels labels = labels_of(column_named(obs, column, where));
  CellGroups all{labels.levels, {labels.codes.begin(), labels.codes.end()}};
  std::vector<std::string> used;
  const auto sizes = all.sizes();
  for (std::size_t k = 0; k < sizes.size(); ++k)
    if (sizes[k] > 0) used.push_back(all.names[k]);
  if (used.empty()) throw InputError(where, fmt::format("column '{}' has no value in any cell", column));
  return only_groups(all, only.empty() ? used : only, fmt::format("{}, column {}", where, column));
}

void state_input(RunDirectory& run, const ExpressionInput& input) {
  for (const auto& [name, value] : input.facts) say(run, name, value);
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
