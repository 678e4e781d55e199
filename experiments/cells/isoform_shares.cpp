// Isoforms from a file to tables.
#include "experiments/cells/isoform_shares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/cells/expression_input.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/join_libraries.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"

namespace hyped {
namespace {

std::string transcript_name(const Isoforms& isoforms, int transcript) { return transcript < 0 ? "other" : isoforms.transcripts[static_cast<std::size_t>(transcript)]; }

// Shares of the genes that differ most, arm and reference beside each other.
void add_figure(RunDirectory& run, const std::vector<const IsoformTest*>& order, const Isoforms& isoforms, const std::vector<std::string>& genes, const CellGroups& arms, int reference) {
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}});
  for (std::size_t i = 0; i < std::min<std::size_t>(6, order.size()); ++i) {
    const IsoformTest& t = *order[i];
    const std::string panel = fmt::format("share of {}, {} against {}", genes[static_cast<std::size_t>(t.gene)], arms.names[static_cast<std::size_t>(t.arm)], arms.names[static_cast<std::size_t>(reference)]);
    for (std::size_t j = 0; j < std::min<std::size_t>(5, t.arm_shares.size()); ++j)
      for (const auto& [arm, s] : {std::pair{t.arm, &t.arm_shares[j]}, std::pair{reference, &t.reference_shares[j]}})
        rows.add_row({panel, fmt::format("{}, {}", transcript_name(isoforms, s->transcript), arms.names[static_cast<std::size_t>(arm)]), s->share, cell_of(s->lower), cell_of(s->upper)});
  }
  if (!rows.rows().empty()) report::add_figure(run, {"isoform_shares", "Isoform shares of the genes that differ most, with 95 % intervals.", "intervals", {{"rows", rows}}, {}, "answer"});
}

}  // namespace

void run_isoforms(RunDirectory& run, const std::filesystem::path& file, const IsoformSettings& asked) {
  run.set_title("Isoforms of " + file.filename().string(), "Do the arms use other isoforms of a gene than the reference?");
  run.add_input(file);
  ReadAnndata read = read_anndata(file, {{"X", "layers", "raw", "obsp", "varp", "varm"}});
  const auto isoforms = isoforms_of(read.data);
  if (!isoforms) throw InputError(file.string(), "holds no transcripts", "add them: hyped cells convert ... --transcripts NAME=FOLDER");
  IsoformSettings settings = asked;
  settings.arms = choose_arms(run, read.data.obs, asked.arms, file.string());
  if (!asked.replicate.empty()) settings.replicate = choose_replicates(run, read.data.obs, asked.replicate, file.string());
  std::vector<std::string> only = settings.only;
  if (!only.empty() && std::find(only.begin(), only.end(), settings.arms.reference) == only.end()) only.push_back(settings.arms.reference);
  const CellGroups arms = groups_by(read.data.obs, settings.arms.column, only, file.string());
  const int reference = arms.index_of(settings.arms.reference, fmt::format("{}, column {}", file.string(), settings.arms.column));
  require_cells(arms, settings.least_cells, file.string());
  std::optional<CellGroups> replicates;
  if (!settings.replicate.empty()) replicates = groups_by(read.data.obs, settings.replicate, {}, file.string());
  std::vector<std::string> genes;
  std::map<std::string, int> number;
  std::vector<int> gene_of;
  for (const auto& gene : isoforms->genes) {
    const auto [at, fresh] = number.try_emplace(gene, static_cast<int>(genes.size()));
    if (fresh) genes.push_back(gene);
    gene_of.push_back(gene.empty() ? -1 : at->second);
  }
  const SparseRows by_transcript = transposed(sparse_rows_of({isoforms->counts}, "transcripts"));
  say(run, "units", replicates ? "samples of an arm in a replicate (" + settings.replicate + ")" : "cells: the result speaks of cells of these cultures");
  say(run, "test", fmt::format("Dirichlet-multinomial likelihood ratio; its scale is simulated ({} draws) where counts are few or units are samples", settings.options.draws));
  state_limits(run, groups_by(read.data.obs, settings.arms.column, {}, file.string()), replicates ? &*replicates : nullptr, settings.replicate);
  auto found = isoform_tests(by_transcript, gene_of, arms, reference, replicates ? &*replicates : nullptr, settings.options);
  std::stable_sort(found.begin(), found.end(), [](const IsoformTest& a, const IsoformTest& b) {
    const bool ta = a.status == IsoformStatus::tested, tb = b.status == IsoformStatus::tested;
    return a.arm != b.arm ? a.arm < b.arm : ta != tb ? ta : a.test.log_p < b.test.log_p;
  });
  Table tests({{"arm", "", ""}, {"gene", "", ""}, {"isoforms", "1", "rare ones as one"}, {"chi_squared", "1", "likelihood ratio over its scale"}, {"df", "1", ""}, {"scale", "1", "not 1: simulated"}, {"precision", "1", "of the Dirichlet; empty: units vary by counting alone"}, {"p", "1", ""}, {"fdr", "1", "Benjamini-Hochberg within the arm"}, {"status", "", ""}});
  Table shares({{"arm", "", ""}, {"gene", "", ""}, {"transcript", "", ""}, {"share", "1", "in the arm"}, {"lower", "1", "95 %"}, {"upper", "1", ""}, {"reference_share", "1", ""}, {"reference_lower", "1", "95 %"}, {"reference_upper", "1", ""}, {"counts", "1", "in the arm"}, {"reference_counts", "1", ""}});
  std::vector<const IsoformTest*> order;
  for (std::size_t from = 0, until = 0; from < found.size(); from = until) {
    std::vector<TailProbability> p;
    while (until < found.size() && found[until].arm == found[from].arm) {
      if (found[until].status == IsoformStatus::tested) p.push_back(found[until].test);
      ++until;
    }
    const auto q = benjamini_hochberg(p);
    std::size_t next = 0, below = 0;
    for (std::size_t i = from; i < until; ++i) {
      const IsoformTest& t = found[i];
      const std::string &arm = arms.names[static_cast<std::size_t>(t.arm)], &gene = genes[static_cast<std::size_t>(t.gene)];
      const bool tested = t.status == IsoformStatus::tested;
      tests.add_row({arm, gene, static_cast<std::int64_t>(t.arm_shares.size()), tested ? Cell(t.statistic / t.scale) : Cell(), tested ? Cell(std::int64_t{t.df}) : Cell(), tested ? Cell(t.scale) : Cell(), tested ? cell_of(t.precision) : Cell(), tested ? Cell(t.test.p) : Cell(), tested ? Cell(q[next].p) : Cell(), std::string(to_string(t.status))});
      if (tested && q[next++].p < settings.fdr) ++below, order.push_back(&t);
      for (std::size_t j = 0; j < t.arm_shares.size(); ++j) {
        const IsoformShare &a = t.arm_shares[j], &b = t.reference_shares[j];
        shares.add_row({arm, gene, transcript_name(*isoforms, a.transcript), a.share, cell_of(a.lower), cell_of(a.upper), b.share, cell_of(b.lower), cell_of(b.upper), a.counts, b.counts});
      }
    }
    run.add_answer(fmt::format("{}: {} of {} genes with two isoforms or more differ from {} below a false discovery rate of {:g}.", arms.names[static_cast<std::size_t>(found[from].arm)], below, p.size(), settings.arms.reference, settings.fdr));
  }
  constexpr std::size_t printed = 15;      // genes of an arm
  Table shown(tests.columns());
  for (std::size_t i = 0, in_arm = 0; i < tests.rows().size(); ++i) {
    in_arm = i > 0 && tests.rows()[i][0] == tests.rows()[i - 1][0] ? in_arm + 1 : 0;
    if (in_arm < printed) shown.add_row(tests.rows()[i]);
  }
  fmt::print("\n{}\n", to_terminal(shown, "tables/isoform_tests.tsv"));
  if (shown.rows().size() < tests.rows().size()) fmt::print("{} more genes are in tables/isoform_tests.tsv\n\n", tests.rows().size() - shown.rows().size());
  run.add_table("isoform_tests", tests, "Genes with at least two isoforms.");
  run.add_table("isoform_shares", shares, "Shares of isoforms within their gene, with intervals from the scatter between units.");
  add_figure(run, order, *isoforms, genes, arms, reference);
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
