// Preparation step by step, each with what was chosen.
#include "experiments/cells/prepare.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/expression/preparation/scaled_values.hpp"
#include "libhyped/expression/selection.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped {
namespace {

constexpr int least_genes_of_a_phase = 10;      // of its list; below, the score is the noise of a few genes
constexpr int few_cells = 10;                   // in an arm: said

std::vector<double> plain(const Eigen::VectorXd& values) { return {values.data(), values.data() + values.size()}; }
std::vector<std::int32_t> plain(const Eigen::VectorXi& values) { return {values.data(), values.data() + values.size()}; }
std::vector<Flag> truths(const std::vector<char>& flags) {
  std::vector<Flag> out;
  for (const char flag : flags) out.push_back(flag ? Flag::yes : Flag::no);
  return out;
}
Array matrix_of(const Eigen::MatrixXd& m) {
  Array out{{m.rows(), m.cols()}, std::vector<double>(static_cast<std::size_t>(m.size()))};
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(std::get<std::vector<double>>(out.values).data(), m.rows(), m.cols()) = m;
  return out;
}
Element vector_of(const Eigen::VectorXd& v) { return {Array{{v.size()}, plain(v)}}; }
Element text_of(const std::string& text) { return {TextArray{{}, {text}}}; }

Labels one_group(std::size_t cells, const std::string& name) { return {{name}, std::vector<std::int32_t>(cells, 0)}; }

void put_quality(DataFrame& obs, const CellQuality& quality, const QualityVerdict& verdict) {
  obs.put("n_genes_by_counts", Numbers(plain(quality.genes_by_counts)));
  obs.put("total_counts", Numbers(plain(quality.total_counts)));
  for (std::size_t t = 0; t < quality.top.size(); ++t) obs.put(fmt::format("pct_counts_in_top_{}_genes", quality.top[t]), Numbers(plain(Eigen::VectorXd(quality.pct_in_top.col(static_cast<Eigen::Index>(t))))));
  for (std::size_t m = 0; m < quality.masks.size(); ++m) {
    obs.put("total_counts_" + quality.masks[m], Numbers(plain(Eigen::VectorXd(quality.total_in_mask.col(static_cast<Eigen::Index>(m))))));
    obs.put("pct_counts_" + quality.masks[m], Numbers(plain(Eigen::VectorXd(quality.pct_in_mask.col(static_cast<Eigen::Index>(m))))));
  }
  obs.put("outlier", Numbers(truths(verdict.outlier)));
  obs.put("mt_outlier", Numbers(truths(verdict.mt_outlier)));
}

// Cells that are kept, with what was said of them.
std::vector<int> choose_cells(RunDirectory& run, PreparedCells& out, const PrepareSettings& settings, const std::string& where) {
  const std::size_t cells = out.verdict.kept.size();
  std::vector<int> kept;
  for (std::size_t c = 0; c < cells; ++c)
    if (out.quality.total_counts[static_cast<Eigen::Index>(c)] > 0 && (settings.keep_all || out.verdict.kept[c])) kept.push_back(static_cast<int>(c));
  const auto mt = std::find(out.quality.masks.begin(), out.quality.masks.end(), "mt");
  if (mt != out.quality.masks.end()) {
    constexpr double often = 8;      // per cent, the bound of many published analyses
    const auto above = (out.quality.pct_in_mask.col(mt - out.quality.masks.begin()).array() > often).count();
    say(run, "mt share", settings.rules.max_pct_mt < 100 ? fmt::format("cut at {:g} % beside the MADs, because you said so", settings.rules.max_pct_mt) : fmt::format("cut by MADs within libraries alone; an absolute bound is set by --max-pct-mt ({} of {} cells are above {:g} %)", above, cells, often));
  }
  const auto judged = static_cast<std::size_t>(std::count(out.verdict.kept.begin(), out.verdict.kept.end(), 1));
  say(run, "cells", fmt::format("{} of {} pass the cut-offs{}", judged, cells, settings.keep_all ? fmt::format("; {} are kept, because all were asked for", kept.size()) : ""));
  for (const QualityCut& cut : out.verdict.cuts)
    if (!cut.applies) run.add_note(fmt::format("{}{}: no cut-off by MAD ({}).", cut.metric, cut.group.empty() ? "" : " of " + cut.group, cut.mad > 0 ? fmt::format("only {} cells", cut.cells) : "the MAD is 0"));
  for (const QualityCut& cut : out.verdict.cuts)
    if (cut.applies && cut.outside > cut.cells / 10)
      run.add_warning(fmt::format("{}{}: {} of {} cells lie outside the cut-off ({}); look at the quality figure, and set it if it cuts through a healthy population (--mads, --max-pct-mt, --keep-all).", cut.metric,
                                  cut.group.empty() ? "" : " of " + cut.group, cut.outside, cut.cells, std::isfinite(cut.upper) ? fmt::format("above {:.4g}", cut.upper) : fmt::format("below {:.4g}", cut.lower)));
  if (kept.size() < 2) throw InputError(where, fmt::format("only {} cells are left after quality control", kept.size()), "loosen the cut-offs (--mads, --max-pct-mt) or keep all (--keep-all)");
  std::vector<int> in_arm(out.arms.levels.size(), 0);
  for (const int c : kept)
    if (const int a = out.arms.codes[static_cast<std::size_t>(c)]; a >= 0) ++in_arm[static_cast<std::size_t>(a)];
  for (std::size_t a = 0; a < in_arm.size(); ++a)
    if (in_arm[a] < few_cells) run.add_warning(fmt::format("Arm {} has {} cells: too few to be described.", out.arms.levels[a], in_arm[a]));
  return kept;
}

void find_phases(RunDirectory& run, PreparedCells& out, const SparseRows& logs) {
  const auto sets = gene_sets_of("data/gene_sets/tirosh_cell_cycle.tsv", out.genes);
  std::string words;
  bool enough = true;
  for (const GeneSetFound& set : sets) {
    words += fmt::format("{}{} of {} genes of {}", words.empty() ? "" : ", ", set.genes.size(), set.genes.size() + set.absent.size(), set.name);
    enough = enough && static_cast<int>(set.genes.size()) >= least_genes_of_a_phase;
    if (!set.absent.empty()) run.add_note(fmt::format("Genes of {} that the data do not have: {}.", set.name, fmt::join(set.absent, ", ")));
  }
  if (!enough) {
    say(run, "phases", fmt::format("not scored: {} are there, {} of each are needed", words, least_genes_of_a_phase));
    return;
  }
  out.cycle = score_cell_cycle(logs, sets[0].genes, sets[1].genes);
  const auto clear = std::count(out.cycle.clear.begin(), out.cycle.clear.end(), 1);
  say(run, "phases", fmt::format("scored from {} (Tirosh et al. 2016), all genes of like expression as controls; the call is beyond two standard errors in {} of {} cells", words, clear, out.cycle.phase.size()));
}

// How often the scored phase is the one the file gives: sorted cells tell what the calls of the others are worth.
void compare_phases(RunDirectory& run, const Labels& given, const Labels& scored) {
  Table table({{"given", "", "phase of the file"}, {"scored", "", ""}, {"cells", "", ""}, {"share", "1", "of the cells of that given phase"}});
  long same = 0, known = 0;
  std::string words;
  for (std::size_t g = 0; g < given.levels.size(); ++g) {
    long counts[3] = {0, 0, 0};
    for (std::size_t c = 0; c < given.codes.size(); ++c)
      if (given.codes[c] == static_cast<std::int32_t>(g)) ++counts[scored.codes[c]];
    const long all = counts[0] + counts[1] + counts[2];
    const auto own = std::find(scored.levels.begin(), scored.levels.end(), given.levels[g]);
    if (all == 0 || own == scored.levels.end()) continue;
    const long right = counts[own - scored.levels.begin()];
    same += right, known += all;
    for (std::size_t k = 0; k < 3; ++k) table.add_row({std::string(given.levels[g]), std::string(scored.levels[k]), std::int64_t{counts[k]}, static_cast<double>(counts[k]) / static_cast<double>(all)});
    words += fmt::format("{}{} {:.0f} %", words.empty() ? "" : ", ", given.levels[g], 100.0 * static_cast<double>(right) / static_cast<double>(all));
  }
  if (known == 0) return;
  const double share = static_cast<double>(same) / static_cast<double>(known);
  run.add_table("phases_compared", table, "Phases of the file against those scored, for the cells that have both.");
  run.add_result("scored_phase_agreement", share, "share of cells whose phase the file gives");
  say(run, "agreement", fmt::format("the scored phase is the file's in {:.1f} % of {} cells ({})", 100 * share, known, words));
  if (share < 0.8) run.add_warning(fmt::format("The scored phases are wrong in {:.0f} % of the cells whose phase is known ({} are right). Shares of phases from scored cells carry that error, and their intervals do not hold it.", 100 * (1 - share), words));
}

// The file's phases by the names of the scored ones (G2/M is G2M); nothing if a level that cells have is no phase of the cycle: `unknown` has those.
std::optional<Labels> cycle_phases(const Labels& given, const Labels& scored, Strings& unknown) {
  Labels out{scored.levels, std::vector<std::int32_t>(given.codes.size(), -1)};
  std::vector<std::int32_t> place(given.levels.size(), -1);
  for (std::size_t l = 0; l < given.levels.size(); ++l)
    if (const auto phase = phase_of(given.levels[l])) place[l] = static_cast<std::int32_t>(std::find(scored.levels.begin(), scored.levels.end(), *phase) - scored.levels.begin());
  for (std::size_t c = 0; c < given.codes.size(); ++c) {
    if (given.codes[c] < 0) continue;
    const auto level = static_cast<std::size_t>(given.codes[c]);
    out.codes[c] = place[level];
    if (place[level] < 0 && std::find(unknown.begin(), unknown.end(), given.levels[level]) == unknown.end()) unknown.push_back(given.levels[level]);
  }
  return unknown.empty() ? std::optional(out) : std::nullopt;
}

// Scores and scored phases of all cells. A column phase of the file stays; its cells without one get the scored one, and phase_source says which is which.
void put_phases(RunDirectory& run, PreparedCells& out) {
  DataFrame& obs = out.data.obs;
  obs.put("S_score", Numbers(plain(out.cycle.s.score)));
  obs.put("G2M_score", Numbers(plain(out.cycle.g2m.score)));
  obs.put("phase_clear", Numbers(truths(out.cycle.clear)));
  Labels scored{{"G1", "S", "G2M"}, {}};
  for (const CyclePhase p : out.cycle.phase) scored.codes.push_back(static_cast<std::int32_t>(p));
  if (obs.find("phase") == nullptr) return obs.put("phase", categorical_of(scored));
  obs.put("phase_scored", categorical_of(scored));
  const Labels given = labels_of(*obs.find("phase"));
  Strings unknown;
  const auto known = cycle_phases(given, scored, unknown);
  if (!known) return run.add_warning(fmt::format("Column phase of the file has {}, which is none of {}: the column stays as it is, nothing is filled in or compared. The phases scored here are phase_scored.", fmt::join(unknown, ", "), fmt::join(scored.levels, ", ")));
  Labels phase = *known;
  for (const auto& level : given.levels)
    if (const auto name = phase_of(level); name && *name != level) say(run, "phase name", fmt::format("'{}' of the file is written {}", level, *name));
  obs.put("phase", categorical_of(phase));
  compare_phases(run, phase, scored);
  const auto missing = std::count(phase.codes.begin(), phase.codes.end(), -1);
  if (missing == 0) return run.add_note("Column phase of the file is kept; the phases scored here are phase_scored.");
  Labels source = obs.find("phase_source") != nullptr ? labels_of(*obs.find("phase_source")) : Labels{{"recorded"}, std::vector<std::int32_t>(phase.codes.size(), 0)};
  const auto level = [](Labels& labels, const std::string& name) {
    const auto found = std::find(labels.levels.begin(), labels.levels.end(), name);
    if (found != labels.levels.end()) return static_cast<std::int32_t>(found - labels.levels.begin());
    labels.levels.push_back(name);
    return static_cast<std::int32_t>(labels.levels.size() - 1);
  };
  const std::int32_t by_score = level(source, "scored");
  for (std::size_t c = 0; c < phase.codes.size(); ++c)
    if (phase.codes[c] < 0) phase.codes[c] = scored.codes[c], source.codes[c] = by_score;
  obs.put("phase", categorical_of(phase));
  obs.put("phase_source", categorical_of(source));
  say(run, "phase", fmt::format("{} cells keep the phase of the file, {} without one get the scored one (column phase_source says which; phase_scored has it for all)", phase.codes.size() - static_cast<std::size_t>(missing), missing));
}

void find_variable_genes(RunDirectory& run, PreparedCells& out, const SparseRows& counts, const SparseRows& logs, const PrepareSettings& settings) {
  VariableGeneOptions options;
  const GeneMask mitochondrial = mitochondrial_genes(out.genes), named = named_genes("masked", out.genes, settings.masked);
  out.masked.resize(out.genes.size());
  for (std::size_t g = 0; g < out.genes.size(); ++g) out.masked[g] = mitochondrial.of[g] || named.of[g];
  options.excluded = out.masked;
  options.top = std::min(settings.variable_genes, static_cast<int>(std::count(out.masked.begin(), out.masked.end(), 0)));
  std::vector<int> batch;
  for (const int c : out.kept) batch.push_back(out.libraries.codes[static_cast<std::size_t>(c)]);
  const bool batched = settings.by_library && out.libraries.levels.size() > 1 && std::find(batch.begin(), batch.end(), -1) == batch.end();
  const bool v3 = settings.flavour == VariableGeneFlavour::seurat_v3;
  out.variable = v3 ? variable_genes_seurat_v3(counts, options, batched ? std::span<const int>(batch) : std::span<const int>()) : variable_genes_seurat(logs, options, batched ? std::span<const int>(batch) : std::span<const int>());
  if (!out.variable.outcome.ok()) return run.set_outcome(out.variable.outcome);
  say(run, "variable", fmt::format("{} of {} genes by {}{}; {} mitochondrial and {} named genes ({}) could not be chosen", std::count(out.variable.selected.begin(), out.variable.selected.end(), 1), out.genes.size(),
                                   v3 ? "seurat_v3 (counts)" : "seurat (dispersions)", batched ? fmt::format(" within the {} libraries of column {}", out.libraries.levels.size(), out.library_column) : "", mitochondrial.count(), named.count(),
                                   settings.masked.empty() ? "none asked" : fmt::format("{}", fmt::join(settings.masked, ", "))));
}

void find_components(RunDirectory& run, PreparedCells& out, const SparseRows& logs, const PrepareSettings& settings) {
  std::vector<int> chosen;
  for (std::size_t g = 0; g < out.variable.selected.size(); ++g)
    if (out.variable.selected[g]) chosen.push_back(static_cast<int>(g));
  SparseRows values = columns_of(logs, chosen);
  if (settings.scale_to > 0) values = scaled_values(values, settings.scale_to).rows;
  PcaOptions options;
  options.seed = settings.seed;
  options.components = std::min({settings.components, values.rows - 1, values.columns});
  if (options.components < settings.components) run.add_note(fmt::format("{} components instead of {}: there are no more.", options.components, settings.components));
  out.pca = principal_components(values, options);
  if (!out.pca.outcome.ok()) run.add_warning("Principal components: " + out.pca.outcome.message + ".");
  say(run, "pca", fmt::format("{} components of the variable genes' {}, {:.3g} % of their variance; {}", options.components, settings.scale_to > 0 ? fmt::format("scaled values clipped at {:g}", settings.scale_to) : "logs (not scaled)",
                              100 * out.pca.variance_share.sum(), out.pca.products > 0 ? fmt::format("residual {:.1e} of the largest variance after {} products", out.pca.residual, out.pca.products) : "dense solver"));
  // loadings of all genes kept, 0 for those that took no part
  Eigen::MatrixXd loadings = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(out.genes.size()), out.pca.loadings.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) loadings.row(chosen[i]) = out.pca.loadings.row(static_cast<Eigen::Index>(i));
  out.data.obsm.put("X_pca", {matrix_of(out.pca.scores)});
  out.data.varm.put("PCs", {matrix_of(loadings)});
  Dict pca;
  pca.put("variance", vector_of(out.pca.variance));
  pca.put("variance_ratio", vector_of(out.pca.variance_share));
  out.data.uns.put("pca", {pca});
}

// Matrices of the file that a selection of cells and genes does not carry on.
void say_what_is_left(RunDirectory& run, const AnnotatedData& data, const Strings& matrices, const std::string& taken) {
  Strings left;
  for (const auto& path : matrices)
    if (path != taken) left.push_back(path);
  for (const auto& [place, dict] : {std::pair("obsp", &data.obsp), {"varm", &data.varm}, {"varp", &data.varp}})
    for (const auto& name : dict->names) left.push_back(fmt::format("{}/{}", place, name));
  if (!left.empty()) say(run, "left out", fmt::format("{}: of all cells and genes, or made before this step; the file itself keeps them", fmt::join(left, ", ")));
}

}  // namespace

PreparedCells prepare_cells(RunDirectory& run, AnnotatedData data, const PrepareSettings& settings, const std::string& where) {
  PreparedCells out;
  const Strings matrices = matrices_of(data);
  CountsTaken taken = take_counts(data, settings.counts, where);
  say(run, "counts", fmt::format("{} ({} cells x {} genes): {}", taken.path, taken.counts.rows, taken.counts.columns, taken.why));
  say_what_is_left(run, data, matrices, taken.path);
  const auto cells = static_cast<std::size_t>(taken.counts.rows);
  const auto arm = grouping_of(data, settings.arm, usual_arm_columns(), where), library = grouping_of(data, settings.library, usual_library_columns(), where);
  out.arms = arm ? arm->labels : one_group(cells, "all cells");
  out.libraries = library ? library->labels : one_group(cells, "all cells");
  out.arm_column = arm ? arm->column : "";
  out.library_column = library ? library->column : "";
  say(run, "arms", arm ? fmt::format("column {} ({})", arm->column, fmt::join(out.arms.levels, ", ")) : "no column names them; name one with --arm: " + columns_in_words(data.obs));
  add_design_limits(run, out.arms);
  say(run, "libraries", library ? fmt::format("column {} ({}); cut-offs are taken within each", library->column, fmt::join(out.libraries.levels, ", ")) : "no column names them: all cells are taken for one; name one with --library");

  if (const auto repeated = repeated_names(names_of(data.obs, where)); !repeated.empty()) run.add_warning("Names of cells occur more than once (" + words_of(repeated) + "): cells are told apart by their place.");
  std::vector<std::string> symbols = names_of(data.var, where);
  if (naming_of(symbols) == GeneNaming::ensembl_ids) run.add_warning("Genes are named by Ensembl ids: mitochondrial, ribosomal and cell-cycle genes are found by symbols and will not be.");
  const std::vector<GeneMask> masks{mitochondrial_genes(symbols), ribosomal_genes(symbols)};
  say(run, "masks", fmt::format("{} mitochondrial genes (MT-...), {} ribosomal ones (RPS..., RPL..., without S6 kinases)", masks[0].count(), masks[1].count()));
  if (masks[0].count() == 0) run.add_note("No gene is mitochondrial by its name: nothing was cut off by it.");
  std::vector<int> tops;
  for (const int t : {50, 100, 200, 500})
    if (t <= taken.counts.columns) tops.push_back(t);
  out.quality = cell_quality(taken.counts, masks[0].count() > 0 ? std::span(masks) : std::span(masks).subspan(1), tops);
  out.verdict = judge_cells(out.quality, settings.rules, out.libraries.codes, out.libraries.levels);
  out.kept = choose_cells(run, out, settings, where);

  SparseRows counts = rows_of(taken.counts, out.kept);
  taken.counts = {};
  const std::vector<int> genes = genes_to_keep(gene_quality(counts), settings.min_cells, settings.min_counts);
  say(run, "genes", fmt::format("{} of {} are seen in at least {} of these cells with at least {:g} counts", genes.size(), counts.columns, settings.min_cells, settings.min_counts));
  if (genes.empty()) throw InputError(where, "no gene is left", "ask for fewer cells a gene (--min-cells) or counts (--min-counts-gene)");
  counts = columns_of(counts, genes);
  for (const int g : genes) out.genes.push_back(symbols[static_cast<std::size_t>(g)]);

  put_quality(data.obs, out.quality, out.verdict);
  out.data.obs = rows_of(data.obs, out.kept);
  out.data.var = rows_of(data.var, genes);
  for (std::size_t i = 0; i < data.obsm.names.size(); ++i)
    if (auto some = rows_of(data.obsm.elements[i], out.kept)) out.data.obsm.put(data.obsm.names[i], std::move(*some));
  out.data.uns = std::move(data.uns);
  const GeneQuality gene = gene_quality(counts);
  out.data.var.put("n_cells_by_counts", Numbers(plain(gene.cells_by_counts)));
  out.data.var.put("mean_counts", Numbers(plain(gene.mean_counts)));
  out.data.var.put("pct_dropout_by_counts", Numbers(plain(gene.pct_dropout)));
  out.data.var.put("total_counts", Numbers(plain(gene.total_counts)));

  const Eigen::VectorXd totals = row_totals(counts);
  const double target = settings.target > 0 ? settings.target : median_total(totals);
  SparseRows logs = counts;
  log_normalise(logs, totals, target);
  say(run, "logs", fmt::format("ln(1 + counts * {:g} / total of the cell){}", target, settings.target > 0 ? "" : ", the median total"));
  out.data.uns.put("log1p", {Dict{}});      // natural logarithm
  find_phases(run, out, logs);
  if (!out.cycle.phase.empty()) {
    put_phases(run, out);
  }
  find_variable_genes(run, out, counts, logs, settings);
  if (out.variable.outcome.ok()) {
    const bool v3 = settings.flavour == VariableGeneFlavour::seurat_v3;
    out.data.var.put("highly_variable", Numbers(truths(out.variable.selected)));
    out.data.var.put("means", Numbers(plain(out.variable.mean)));
    out.data.var.put(v3 ? "variances" : "dispersions", Numbers(plain(out.variable.spread)));
    out.data.var.put(v3 ? "variances_norm" : "dispersions_norm", Numbers(plain(out.variable.normalised)));
    if (v3) out.data.var.put("highly_variable_rank", Numbers(plain(out.variable.rank)));
    out.data.var.put("highly_variable_nbatches", Numbers(plain(out.variable.batches)));
    Dict flavour;
    flavour.put("flavor", text_of(v3 ? "seurat_v3" : "seurat"));
    out.data.uns.put("hvg", {flavour});
    find_components(run, out, logs, settings);
  }
  out.data.layers.put("counts", {compressed_of(std::move(counts))});
  out.data.X = {compressed_of(std::move(logs))};
  return out;
}

void run_prepare(RunDirectory& run, const std::filesystem::path& file, const PrepareSettings& settings) {
  run.set_title("Cells of " + file.filename().string() + ", prepared", "Which cells and genes can be used, which genes vary, and along which directions do cells differ?");
  run.add_input(file);
  ReadAnndata read = read_anndata(file);
  for (const auto& note : read.notes) run.add_note(note);
  PreparedCells prepared = prepare_cells(run, std::move(read.data), settings, file.string());
  std::filesystem::create_directories(run.path_for("data"));
  write_anndata(prepared.data, run.path_for("data/prepared.h5ad"));
  report_preparation(run, prepared, settings);
  run.add_answer(fmt::format("{} of {} cells and {} genes are kept; {} components are in data/prepared.h5ad.", prepared.kept.size(), prepared.verdict.kept.size(), prepared.genes.size(), prepared.pca.scores.cols()));
}

}  // namespace hyped
