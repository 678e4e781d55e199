// Rankings with and without nuisance programmes, in both orders of time.
#include "experiments/planning/dgc/dgc_ranking.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <set>

#include "experiments/program_files.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/progress.hpp"

namespace hyped {
namespace {

// Rows of the file that are asked for.
std::vector<ProgrammeGene> asked_programmes(const DgcSettings& settings) {
  const std::filesystem::path file = program_file("data/gene_sets/nuisance_programmes.tsv");
  const DelimitedTable table = DelimitedTable::read(file);
  std::vector<ProgrammeGene> rows;
  std::vector<std::string> known;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string& name = table.name(r, table.column("programme"));
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    if (settings.programmes.empty() || std::find(settings.programmes.begin(), settings.programmes.end(), name) != settings.programmes.end()) rows.push_back({name, table.name(r, table.column("gene"))});
  }
  for (const auto& name : settings.programmes)
    if (name != "none" && std::find(known.begin(), known.end(), name) == known.end()) throw InputError("--programme " + name, "is no programme of " + file.string(), did_you_mean(name, known));
  return rows;
}

std::vector<NuisanceProgramme> programmes_of(RunDirectory& run, const ExpressionCourse& course, const DgcSettings& settings, bool aloud) {
  const std::vector<ProgrammeGene> rows = asked_programmes(settings);
  std::vector<std::string> notes;
  auto out = place_programmes(rows, course.genes, notes);
  for (const auto& note : notes)
    if (aloud) run.add_note(note);
  std::erase_if(out, [&](const auto& one) {
    if (one.genes.size() >= 3) return false;
    if (aloud) run.add_note(fmt::format("Programme {} has fewer than three genes in the data and is not taken out.", one.name));
    return true;
  });
  return out;
}

std::string why_no_intervals(const DgcCase& one, const DgcSettings& settings, bool asked) {
  if (!asked) return "it is a variant";
  if (settings.draws == 0) return "no draws of replicates were asked for";
  if (one.course.replicates.size() < 2) return "there are no replicates";
  if (!control::replicates_matter(one.data)) return "the target is the start with a set of genes changed, and A = I: what is wanted is the same whatever the replicates are, and they do not move scores or places (p values and other sets of genes say how sure a place is)";
  return "";
}

}  // namespace

void check_programmes(const DgcSettings& settings) { asked_programmes(settings); }

std::vector<DgcRanking> rank_variants(RunDirectory& run, const std::vector<DgcCase>& cases, const control::FactorInputs& inputs, const DgcSettings& settings) {
  std::vector<DgcRanking> out;
  std::set<std::string> programme_names;
  for (const auto& row : asked_programmes(settings)) programme_names.insert(row.programme);
  Progress progress("rankings", static_cast<long>(cases.size() * (programme_names.empty() ? 1 : 3 + programme_names.size())));
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const DgcCase& one = cases[c];
    const std::string order = c == 0 ? "labels" : "sample numbers";
    const bool replicated = one.course.replicates.size() > 1;
    const auto add = [&](const std::string& removed, control::NuisanceProjection nuisance, bool with_intervals) {
      nuisance.kept = nuisance.kept.cwiseProduct(one.known);
      if (nuisance.directions.cols() > 0 && one.known.minCoeff() < 1) {
        const Eigen::MatrixXd left = nuisance.kept.asDiagonal() * nuisance.directions;
        nuisance.directions = left.householderQr().householderQ() * Eigen::MatrixXd::Identity(left.rows(), left.cols());
      }
      DgcRanking ranking;
      ranking.order = order, ranking.removed = removed;
      ranking.problem = control::guided_problem(one.data, nuisance);
      const control::InputGram gram = control::input_gram(inputs, nuisance);
      const control::EffectModel model(gram, ranking.problem);
      ranking.distance = model.distance();
      if (out.empty() && !(ranking.distance > 0)) throw InputError("the target", "is where the series goes by itself: nothing is left to do (d0 = 0)", "give another target");
      ranking.scores = control::score_factors(model);
      ranking.places = control::places_of(ranking.scores);
      if (out.empty()) {
        ranking.sets = control::search_sets(model, ranking.scores, {settings.pool, settings.listed});
        ranking.listed = ranking.sets.pairs;
        ranking.listed.insert(ranking.listed.end(), ranking.sets.triples.begin(), ranking.sets.triples.end());
        if (settings.permutations > 0)
          ranking.null = control::permutation_null(ranking.problem, nuisance, gram, one.course.mean().rowwise().mean(), ranking.scores, ranking.listed, {settings.permutations, settings.strata, settings.seed});
      }
      ranking.why_not = why_no_intervals(one, settings, with_intervals);
      if (ranking.why_not.empty()) ranking.intervals = control::replicate_intervals(one.data, nuisance, gram, ranking.scores, ranking.listed, {settings.draws, 0.95, settings.seed});
      ranking.nuisance = std::move(nuisance);
      out.push_back(std::move(ranking));
      progress.advance();
    };
    const auto genes = static_cast<Eigen::Index>(one.course.genes.size());
    add("nothing", control::no_projection(genes), true);
    if (std::find(settings.programmes.begin(), settings.programmes.end(), "none") != settings.programmes.end()) continue;
    const auto programmes = programmes_of(run, one.course, settings, c == 0);
    if (programmes.empty()) continue;
    for (const auto& programme : programmes) add("genes of " + programme.name, control::remove_programmes(one.course.replicates, {programme}, false), false);
    add("genes of all", control::remove_programmes(one.course.replicates, programmes, false), true);
    if (!replicated) continue;
    auto loadings = control::remove_programmes(one.course.replicates, programmes, true);
    for (const auto& note : loadings.notes) run.add_note(fmt::format("Order of {}: {}", order, note));
    add("genes and loadings of all", std::move(loadings), true);
  }
  return out;
}

}  // namespace hyped
