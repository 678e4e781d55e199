// `hyped cells de|compose|isoforms FILE`.
#include <map>

#include "experiments/cells/compose.hpp"
#include "experiments/cells/differential.hpp"
#include "experiments/cells/isoform_shares.hpp"
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "libhyped/errors.hpp"

namespace hyped::commands {
namespace {

const std::map<std::string, DifferentialTest> tests = {{"wilcoxon", DifferentialTest::wilcoxon}, {"t", DifferentialTest::t}, {"t-overestimated", DifferentialTest::t_overestimated},
                                                       {"nb", DifferentialTest::nb}, {"nb-wald", DifferentialTest::nb_wald}, {"nb-ratio", DifferentialTest::nb_ratio}};
std::vector<std::string> keys_of(const std::map<std::string, DifferentialTest>& map) {
  std::vector<std::string> out;
  for (const auto& [key, value] : map) out.push_back(key);
  return out;
}

// The arms that are compared, as every verb here takes them.
template <class Settings>
void add_arms(CLI::App& command, Settings& settings) {
  command.add_option("--by", settings.arms.column, "column of cells that names the arms; default: found");
  command.add_option("--reference", settings.arms.reference, "label the arms are compared with; default: the control");
  command.add_option("--only", settings.only, "an arm to look at; default: all")->allow_extra_args(false);
  command.add_option("--min-cells", settings.least_cells, "of an arm (of a sample, for nb)")->check(positive_count())->capture_default_str();
}

void add_cells_de(CLI::App& cells, int& exit_code) {
  auto* command = cells.add_subcommand("de", "Differential expression: fold changes, intervals, p, false discovery");
  auto args = std::make_shared<CellsArguments>();      // shared with the callback
  auto settings = std::make_shared<DifferentialSettings>();
  args->add_reading(*command, "an .h5ad file", "hyped cells de cells.h5ad --out out/de");
  add_arms(*command, *settings);
  struct Words {
    std::string test = "wilcoxon", mean = "geometric", factors = "ratios";
  };
  auto words = std::make_shared<Words>();
  command->add_option("--test", words->test, "wilcoxon, t, t-overestimated, nb, nb-wald or nb-ratio")->check(CLI::IsMember(keys_of(tests)))->option_text("NAME [wilcoxon]");
  command->add_option("--replicate", settings->replicate, "column of cultures or donors, or COLUMN:PATTERN of its labels: wilcoxon within, nb between");
  command->add_option("--matrix", settings->matrix, "X, layers/NAME or raw/X; default: found");
  command->add_option("--target", settings->target, "counts are normalised to this total")->check(positive_number())->capture_default_str();
  command->add_option("--mean", words->mean, "of fold changes: geometric or arithmetic")->check(CLI::IsMember({"geometric", "arithmetic"}))->capture_default_str();
  command->add_option("--pseudocount", settings->pseudocount, "added to both means")->check(number_from_zero())->capture_default_str();
  command->add_flag("--pooled-fdr", settings->pooled, "one family of all arms' tests");
  command->add_option("--fdr", settings->fdr, "what counts as significant")->check(number_within(0, 1))->capture_default_str();
  command->add_option("--min-counts", settings->least_counts, "nb: of a gene over all samples")->check(number_from_zero())->capture_default_str();
  command->add_option("--size-factors", words->factors, "nb: ratios or library")->check(CLI::IsMember({"ratios", "library"}))->capture_default_str();
  command->add_flag("--bystanders", settings->bystanders, "MYOD1-negative cells of mRNA arms are arms too");
  command->add_flag("!--both-directions", settings->top_up, "top genes: lower ones too");
  command->add_option("--top", settings->top, "genes of an arm in the figure")->check(positive_count())->capture_default_str();
  command->callback([args, settings, words, &exit_code] {
    settings->test = tests.at(words->test);
    settings->mean = words->mean == "geometric" ? MeanKind::geometric : MeanKind::arithmetic;
    settings->size_factors = words->factors == "ratios" ? SizeFactors::median_of_ratios : SizeFactors::library;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_differential(folder, args->data, *settings); });
  });
}

void add_cells_compose(CLI::App& cells, int& exit_code) {
  auto* command = cells.add_subcommand("compose", "Cells per phase and arm; what of a change is composition");
  auto args = std::make_shared<CellsArguments>();
  auto settings = std::make_shared<ComposeSettings>();
  auto shares = std::make_shared<std::vector<std::string>>();
  args->add_reading(*command, "an .h5ad file", "hyped cells compose cells.h5ad --out out/compose");
  add_arms(*command, *settings);
  command->add_option("--phase", settings->phase, "column of cells that names the phases; default: found");
  command->add_option("--sorted", settings->sorted, "an arm whose phase numbers were set by sorting")->allow_extra_args(false);
  command->add_option("--share", *shares, "PHASE=SHARE in the reference, from imaging or elsewhere")->allow_extra_args(false);
  command->add_option("--share-cells", settings->share_cells, "cells the shares rest on; 0: exact")->check(number_from_zero())->capture_default_str();
  command->add_option("--share-source", settings->share_source, "where the shares are from");
  command->add_option("--matrix", settings->matrix, "X, layers/NAME or raw/X; default: found");
  command->add_option("--target", settings->target, "counts are normalised to this total")->check(positive_number())->capture_default_str();
  command->add_flag("!--no-expression", settings->expression, "composition alone");
  command->callback([args, settings, shares, &exit_code] {
    for (const auto& text : *shares) {
      const auto equals = text.rfind('=');
      double value = 0;
      if (equals == text.npos || !CLI::detail::lexical_cast(text.substr(equals + 1), value)) throw InputError("--share " + text, "is not PHASE=SHARE", "write --share G1=0.6");
      settings->shares.emplace_back(text.substr(0, equals), value);
    }
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_compose(folder, args->data, *settings); });
  });
}

void add_cells_isoforms(CLI::App& cells, int& exit_code) {
  auto* command = cells.add_subcommand("isoforms", "Isoform shares of genes and whether arms differ in them");
  auto args = std::make_shared<CellsArguments>();
  auto settings = std::make_shared<IsoformSettings>();
  args->add_reading(*command, "an .h5ad file with transcripts", "hyped cells isoforms cells.h5ad --out out/isoforms");
  add_arms(*command, *settings);
  command->add_option("--replicate", settings->replicate, "column of cultures or donors, or COLUMN:PATTERN of its labels: samples are the units");
  command->add_option("--draws", settings->options.draws, "of the statistic's scale")->check(positive_count())->capture_default_str();
  command->add_option("--min-counts", settings->options.least_gene_counts, "of a gene in each arm")->check(positive_number())->capture_default_str();
  command->add_option("--fdr", settings->fdr, "what counts as significant")->check(number_within(0, 1))->capture_default_str();
  command->callback([args, settings, &exit_code] {
    settings->options.seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_isoforms(folder, args->data, *settings); });
  });
}

}  // namespace

void add_cells_tests(CLI::App& cells, int& exit_code) {
  add_cells_de(cells, exit_code);
  add_cells_compose(cells, exit_code);
  add_cells_isoforms(cells, exit_code);
}

}  // namespace hyped::commands
