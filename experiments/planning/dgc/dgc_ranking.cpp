// Rankings with and without nuisance programmes, in both orders of time.
#include "experiments/planning/dgc/dgc_ranking.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>

#include "experiments/program_files.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

std::vector<NuisanceProgramme> programmes_of(RunDirectory& run, const ExpressionCourse& course, const DgcSettings& settings, bool aloud) {
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

}  // namespace

std::vector<DgcRanking> rank_variants(RunDirectory& run, const std::vector<DgcCase>& cases, const control::FactorInputs& inputs, const DgcSettings& settings) {
  std::vector<DgcRanking> out;
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
      ranking.scores = control::score_factors(model);
      ranking.places = control::places_of(ranking.scores);
      if (out.empty()) {
        ranking.sets = control::search_sets(model, ranking.scores, {settings.pool, settings.listed});
        ranking.listed = ranking.sets.pairs;
        ranking.listed.insert(ranking.listed.end(), ranking.sets.triples.begin(), ranking.sets.triples.end());
        if (settings.permutations > 0)
          ranking.null = control::permutation_null(ranking.problem, nuisance, gram, one.course.mean().rowwise().mean(), ranking.scores, ranking.listed, {settings.permutations, settings.strata, settings.seed});
      }
      if (with_intervals && replicated && settings.draws > 1) ranking.intervals = control::replicate_intervals(one.data, nuisance, gram, ranking.scores, ranking.listed, {settings.draws, 0.95, settings.seed});
      ranking.nuisance = std::move(nuisance);
      out.push_back(std::move(ranking));
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
