// The verbs of cells in a row, on one file and into one page.
#include "experiments/cells/figure2.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/cells/cell_figures.hpp"
#include "experiments/cells/differential.hpp"
#include "experiments/cells/embed.hpp"
#include "experiments/cells/prepare.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/gene_masks.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/hyped/hyped_cells.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped {
namespace {

// The cells, made tidy if they come as the release has them. `file` is the .h5ad that was found, `counts` the matrix asked for and then the one to take.
AnnotatedData tidy_cells(RunDirectory& run, const std::filesystem::path& given, std::filesystem::path& file, std::string& counts) {
  file = find_expression(given);
  run.add_input(file);
  const ReadAnndata names = read_anndata(file, {{"X", "layers", "raw", "obsm", "varm", "obsp", "varp", "uns"}});
  const auto release = hyped_condition_column(names.data.obs);
  if (!release) {
    ReadAnndata read = read_anndata(file);
    for (const auto& note : read.notes) run.add_note(note);
    return std::move(read.data);
  }
  say(run, "form", fmt::format("column {} holds the conditions of the HYPED release: arms, phases and libraries are taken as import-hyped does", *release));
  HypedReading reading;
  reading.counts = counts;
  HypedCells cells = read_hyped_cells(file, reading);
  counts = "X";      // where they are now
  for (const auto& [what, text] : cells.decisions) say(run, what, text);
  for (const auto& doubt : cells.doubts) run.add_warning(doubt);
  for (const auto& note : cells.notes) run.add_note(note);
  return std::move(cells.data);
}

// S and G2/M scores of each arm's cells in the colours of their phases, and how many there are.
void add_phases(RunDirectory& run, const PreparedCells& prepared, const Labels& arms, const std::string& column) {
  const Labels phases = labels_of(column_named(prepared.data.obs, column, "prepared cells"));
  Table table({{"arm", "", ""}, {"phase", "", ""}, {"cells", "", ""}, {"share", "1", "of the arm's cells with a phase; no composition where phases were sorted"}});
  std::vector<PointPanel> panels;
  for (std::size_t a = 0; a < arms.levels.size(); ++a) {
    std::vector<Eigen::Index> mine;
    std::vector<std::int64_t> count(phases.levels.size(), 0);
    std::int64_t with_phase = 0;
    for (std::size_t c = 0; c < arms.codes.size(); ++c)
      if (arms.codes[c] == static_cast<std::int32_t>(a)) {
        mine.push_back(static_cast<Eigen::Index>(c));
        if (phases.codes[c] >= 0) ++count[static_cast<std::size_t>(phases.codes[c])], ++with_phase;
      }
    if (mine.empty()) continue;
    for (std::size_t k = 0; k < count.size(); ++k) table.add_row({arms.levels[a], phases.levels[k], count[k], with_phase > 0 ? Cell(static_cast<double>(count[k]) / static_cast<double>(with_phase)) : Cell()});
    if (prepared.cycle.phase.empty()) continue;
    PointPanel panel{fmt::format("{}, {} cells", arms.levels[a], mine.size()), "S score [no unit]", "G2/M score [no unit]", prepared.cycle.s.score(mine), prepared.cycle.g2m.score(mine), phases.levels, colours_of(phases.levels, Palette::phases), {}, 0.2, {}, {}};
    for (const auto c : mine) panel.of.push_back(phases.codes[static_cast<std::size_t>(c)]);
    panels.push_back(std::move(panel));
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/phases_by_arm.tsv"));
  run.add_table("phases_by_arm", table, fmt::format("Cells of each arm by phase (column {}).", column));
  if (panels.empty()) {
    run.add_warning("The plane of S and G2/M scores is not drawn: the genes of these phases are not in the file.");
    return;
  }
  report::add_figure(run, point_figure("phases", fmt::format("Scores of S and G2/M genes of each arm's cells, coloured by phase (column {}). Phases of sorted cells come from the sort, not from the scores.", column), panels, "answer"));
}

void add_genes(RunDirectory& run, PreparedCells& prepared, const ArmChoice& arms, const Figure2Settings& settings, const std::string& where) {
  ExpressionInput input;
  input.where = where;
  input.genes = prepared.genes;
  input.by_gene = transposed(sparse_rows_of(std::move(prepared.data.X), "X"));
  input.data.obs = prepared.data.obs;
  DifferentialSettings compare;
  compare.arms = arms;
  compare.only = settings.only;
  compare.fdr = settings.fdr;
  compare.least_cells = settings.least_cells;
  compare.top = settings.top;
  const DifferentialResult result = differential_of(input, compare);
  say(run, "test", fmt::format("{} of every gene, each arm against {}; Benjamini-Hochberg within each arm; top genes are those higher in the arm with the smallest p", to_string(compare.test), arms.reference));
  state_limits(run, groups_by(input.data.obs, arms.column, {}, where), nullptr, "");
  for (int arm = 0; arm < result.arms.count(); ++arm) {
    if (arm == result.reference) continue;
    std::vector<std::string> names;
    for (const GeneDifference* d : top_genes(result, compare, arm)) names.push_back(result.genes[static_cast<std::size_t>(d->gene)]);
    run.add_answer(names.empty() ? fmt::format("{}: no gene is higher than in {} below a false discovery rate of {:g}.", result.arms.names[static_cast<std::size_t>(arm)], arms.reference, settings.fdr)
                                 : fmt::format("{}, top genes over {}: {}.", result.arms.names[static_cast<std::size_t>(arm)], arms.reference, fmt::join(names, ", ")));
  }
  report_top_genes(run, result, compare);
}

}  // namespace

void run_figure2(RunDirectory& run, const std::filesystem::path& given, const Figure2Settings& settings) {
  run.set_title("Phases, arms and genes of " + given.filename().string(), "In which phase is each cell, do phases and arms lie apart, and which genes stand out in each arm?");
  std::filesystem::path file;
  std::string counts = settings.counts;
  AnnotatedData data = tidy_cells(run, given, file, counts);
  // before the work: these may have to ask
  const ArmChoice arms = choose_arms(run, data.obs, settings.arms, file.string());
  require_cells(groups_by(data.obs, arms.column, settings.only, file.string()), settings.least_cells, fmt::format("{}, column {}", file.string(), arms.column));
  PrepareSettings prepare;
  prepare.counts = counts;
  prepare.arm = arms.column;
  prepare.keep_all = settings.keep_all;
  prepare.masked = transgene_symbols();
  prepare.seed = settings.seed;
  PreparedCells prepared = prepare_cells(run, std::move(data), prepare, file.string());
  if (!prepared.variable.outcome.ok()) return;
  const Table kept = cells_kept(prepared);
  fmt::print("\n{}\n", to_terminal(kept, "tables/cells_kept.tsv"));
  run.add_table("cells_kept", kept, "Cells before and after quality control.");
  run.add_answer(fmt::format("{} of {} cells and {} genes are used.", prepared.kept.size(), prepared.verdict.kept.size(), prepared.genes.size()));
  EmbedSettings embed;
  embed.arm = arms.column;
  embed.phase = settings.phase;
  embed.with_tsne = false;
  embed.repeats = 0;
  embed.seed = settings.seed;
  const EmbeddedCells embedded = embed_cells(run, prepared.data, embed, file.string());
  std::filesystem::create_directories(run.path_for("data"));
  write_anndata(prepared.data, run.path_for("data/cells.h5ad"));
  const auto phase = grouping_of(prepared.data, settings.phase, usual_phase_columns(), file.string());
  if (phase) add_phases(run, prepared, embedded.arms, phase->column);
  else run.add_warning("No phases: no column names them, and the genes of S and G2/M are too few to score them.");
  std::vector<PointPanel> panels(embedded.panels.begin(), embedded.panels.end() - 1);      // without communities
  std::reverse(panels.begin(), panels.end());      // by phase, by arm
  run.add_table("embedding_quality", embedded.quality, "How much of the neighbourhoods in the components the picture keeps.");
  report::add_figure(run, point_figure("embedding", "UMAP of all cells that are used, coloured by phase and by arm. Only who is near whom carries a meaning; distances between groups do not.", panels, "answer"));
  add_genes(run, prepared, arms, settings, file.string());
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
