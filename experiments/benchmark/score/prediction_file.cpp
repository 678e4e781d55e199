// Scale and shape of a side, told from its values.
#include "experiments/benchmark/score/prediction_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

// Logarithms of normalised counts stay below this in any cell (e^15 per 10,000 would be one gene 300 times the whole cell).
constexpr double most_log = 15;

std::vector<std::string> labels_by_row(const DataFrame& obs, const std::string& by, const std::string& where) {
  const Labels labels = labels_of(column_named(obs, by, where));
  std::vector<std::string> out;
  for (const auto code : labels.codes) out.push_back(code < 0 ? "" : labels.levels[static_cast<std::size_t>(code)]);
  return out;
}

void require_genes_once(const std::vector<std::string>& genes, const std::string& where) {
  if (const auto repeated = repeated_names(genes); !repeated.empty()) throw InputError(where, "names of genes occur more than once: " + words_of(repeated), "settle them first: hyped cells convert --repeated-genes sum (or suffix)");
}

}  // namespace

SideFile read_cells_side(const std::filesystem::path& file, const std::string& matrix, const std::string& by, const std::string& control, bool allow_means, const std::string& replicates) {
  SideFile out;
  out.where = file.string();
  ReadAnndata read = read_anndata(file, {{"X", "layers", "raw/X", "obsm", "obsp", "varm", "varp", "uns"}});
  const auto paths = matrix_paths(file);
  if (std::find(paths.begin(), paths.end(), matrix) == paths.end()) throw InputError(out.where, fmt::format("has no matrix {}", matrix), paths.empty() ? std::string("there is none") : fmt::format("there are: {}", fmt::join(paths, ", ")));
  const DataFrame& var = matrix == "raw/X" ? read.data.raw->var : read.data.var;
  out.genes = names_of(var, out.where);
  require_genes_once(out.genes, out.where);
  out.labels = labels_by_row(read.data.obs, by, fmt::format("{}, --by {}", out.where, by));
  if (!replicates.empty()) out.replicates = labels_by_row(read.data.obs, replicates, fmt::format("{}, --replicates {}", out.where, replicates));
  out.rows = BackedMatrix(file, matrix).whole();
  if (out.rows.rows != static_cast<int>(out.labels.size()) || out.rows.columns != static_cast<int>(out.genes.size())) throw InputError(out.where + ": " + matrix, fmt::format("is {} x {} beside {} cells and {} genes", out.rows.rows, out.rows.columns, out.labels.size(), out.genes.size()), "the file is damaged or was written wrongly: write it again");
  if (out.rows.rows == 0) throw InputError(out.where, "has no cells", "give a file with cells");
  MatrixSurveyor surveyor;
  surveyor.see(0, out.rows);
  const MatrixSurvey survey = surveyor.finish();
  const auto cell_gene = [&](const MatrixSurvey::Found& f) { return fmt::format("cell {} ({}), gene {}, is {}", f.row + 1, out.labels[static_cast<std::size_t>(f.row)], out.genes[static_cast<std::size_t>(f.column)], f.value); };
  if (survey.not_finite.count > 0) throw InputError(out.where + ": " + matrix, fmt::format("{} values are not finite; the first, {}", survey.not_finite.count, cell_gene(survey.not_finite)), "repair the file where it is written");
  std::set<std::string> seen;
  bool once = allow_means;
  for (const auto& label : out.labels) once = once && !label.empty() && seen.insert(label).second;
  const bool whole = survey.fractional.count == 0;
  if (once && !whole) {
    out.of_means = true;
    out.means = Eigen::MatrixXd::Zero(out.rows.rows, out.rows.columns);
    for (int r = 0; r < out.rows.rows; ++r)
      for (std::size_t i = 0; i < out.rows.columns_of(r).size(); ++i) out.means(r, out.rows.columns_of(r)[i]) = static_cast<double>(out.rows.values_of(r)[i]);
    out.words = fmt::format("{}, one row for each of {} conditions: means of logarithms", matrix, out.rows.rows);
    return out;
  }
  if (survey.negative.count > 0) throw InputError(out.where + ": " + matrix, fmt::format("{} values are negative; the first, {}", survey.negative.count, cell_gene(survey.negative)), "give counts or logarithms of normalised counts, not scaled values");
  if (std::find(out.labels.begin(), out.labels.end(), control) == out.labels.end() && !allow_means) throw InputError(fmt::format("{}, column {}", out.where, by), fmt::format("no cell is labelled {}", control), "name the control with --control; " + did_you_mean(control, std::vector<std::string>(out.labels.begin(), out.labels.end())));
  if (whole) {
    out.scale = CellScale::counts;
  } else if (survey.greatest >= most_log) {
    throw InputError(out.where + ": " + matrix, fmt::format("holds neither counts nor logarithms: not all values are whole, and the greatest is {:.4g}", survey.greatest), "give counts, or ln(1 + normalised counts), which stay below 15");
  }
  out.log_target = survey.log_target;
  out.words = fmt::format("{}, {} cells x {} genes: {} ({})", matrix, out.rows.rows, out.rows.columns, whole ? "counts" : "logarithms", whole ? "all values are whole" : survey.log_target > 0 ? fmt::format("cells sum to {:.6g} without them", survey.log_target) : fmt::format("values are 0 to {:.3g}, not all whole", survey.greatest));
  return out;
}

SideFile read_means_table(const std::filesystem::path& file, const std::vector<std::string>& genes) {
  const DelimitedTable table = DelimitedTable::read(file);
  SideFile out;
  out.where = file.string();
  out.of_means = true;
  if (table.columns().size() < 2 || table.rows() == 0) throw InputError(out.where, "holds no table of means", "give one row a condition: its name, then one column a gene");
  const std::set<std::string> known(genes.begin(), genes.end());
  std::size_t as_columns = 0, as_rows = 0;
  for (std::size_t c = 1; c < table.columns().size(); ++c) as_columns += known.count(table.columns()[c]);
  for (std::size_t r = 0; r < table.rows(); ++r) as_rows += known.count(table.text(r, 0));
  if (as_columns + as_rows == 0) throw InputError(out.where, "names no gene of the truth, neither in its header nor in its first column", "genes must be called as in the measured file");
  const bool by_condition = as_columns >= as_rows;
  const std::size_t rows = by_condition ? table.rows() : table.columns().size() - 1, columns = by_condition ? table.columns().size() - 1 : table.rows();
  for (std::size_t r = 0; r < rows; ++r) out.labels.push_back(by_condition ? table.name(r, 0) : table.columns()[r + 1]);
  for (std::size_t c = 0; c < columns; ++c) out.genes.push_back(by_condition ? table.columns()[c + 1] : table.name(c, 0));
  require_genes_once(out.genes, out.where);
  if (const auto repeated = repeated_names(out.labels); !repeated.empty()) throw InputError(out.where, "conditions occur more than once: " + words_of(repeated), "give one mean of each");
  out.means.resize(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  for (std::size_t r = 0; r < table.rows(); ++r)
    for (std::size_t c = 1; c < table.columns().size(); ++c) {
      const std::size_t condition = by_condition ? r : c - 1, gene = by_condition ? c - 1 : r;
      const auto refused = [&] { return table.error(r, c, fmt::format("the mean of gene '{}' in condition '{}' is '{}'", out.genes[gene], out.labels[condition], table.text(r, c)), "give a finite number for every gene of every condition"); };
      double value = std::nan("");
      try {
        value = table.number_or_missing(r, c);
      } catch (const InputError&) {
        throw refused();      // the same, with condition and gene
      }
      if (std::isnan(value)) throw refused();
      out.means(static_cast<Eigen::Index>(condition), static_cast<Eigen::Index>(gene)) = value;
    }
  out.words = fmt::format("a table of {} conditions x {} genes, {}: means of logarithms", rows, columns, by_condition ? "conditions as rows" : "genes as rows");
  return out;
}

}  // namespace hyped
