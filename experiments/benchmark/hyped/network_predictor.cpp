// A gene network behind the interface of predictors.
#include "experiments/benchmark/hyped/network_predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>

#include "experiments/grn/fit/grn_split.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/parallel.hpp"
#include "models/predictors/overlap.hpp"
#include "models/predictors/training_set.hpp"

namespace hyped {
namespace {

constexpr const char* rest = "no input";

// The control as a condition of its own: without input nothing changes. Its errors are those of a middling learned arm.
void add_rest(GrnData& data, const std::vector<int>& learned) {
  const Eigen::Index n = data.mean.rows();
  data.conditions.emplace_back(rest);
  data.arm_of.emplace_back(rest);
  data.drugs.emplace_back();
  for (Eigen::MatrixXd* m : {&data.level, &data.given, &data.mean}) {
    m->conservativeResize(n + 1, Eigen::NoChange);
    m->row(n).setZero();
  }
  if (data.standard_error.size() == 0) return;
  Eigen::RowVectorXd middling = Eigen::RowVectorXd::Zero(data.standard_error.cols());
  for (const int row : learned) middling += data.standard_error.row(row) / static_cast<double>(learned.size());
  data.standard_error.conservativeResize(n + 1, Eigen::NoChange);
  data.standard_error.row(n) = middling;
}

GrnData with_genes(const GrnData& all, const std::vector<int>& genes) {
  GrnData out = all;
  out.genes.clear(), out.roles.clear();
  for (const int g : genes) out.genes.push_back(all.genes[static_cast<std::size_t>(g)]), out.roles.push_back(all.roles[static_cast<std::size_t>(g)]);
  out.mean = all.mean(Eigen::all, genes);
  if (all.standard_error.size() > 0) out.standard_error = all.standard_error(Eigen::all, genes);
  if (all.reference_variance.size() > 0) out.reference_variance = all.reference_variance(Eigen::all, genes);
  if (all.resting.size() > 0) out.resting = all.resting(genes);
  for (std::size_t c = 0; c < out.cells.size(); ++c) out.cells[c].counts = all.cells[c].counts(Eigen::all, genes);
  return out;
}

// Changes of all cells against all control cells and their size in standard errors, of each condition of the benchmark.
struct MeasuredChanges {
  Eigen::MatrixXd change, size;      // [L x G]; controls 0
};
MeasuredChanges measured_changes(const BenchmarkCells& cells) {
  CellGroups groups;
  for (const auto& c : cells.conditions) groups.names.push_back(c.name + " " + c.context);
  groups.of_cell = cells.condition_of;
  const GroupMoments moments = group_moments(transposed(cells.values), groups, MomentScale::stored);
  const auto conditions = static_cast<Eigen::Index>(cells.conditions.size()), genes = static_cast<Eigen::Index>(cells.genes.size());
  MeasuredChanges out{Eigen::MatrixXd::Zero(conditions, genes), Eigen::MatrixXd::Zero(conditions, genes)};
  for (Eigen::Index l = 0; l < conditions; ++l) {
    const auto& condition = cells.conditions[static_cast<std::size_t>(l)];
    if (condition.perturbations.empty()) continue;
    const int here = static_cast<int>(l), control = cells.index_of(cells.control_label, condition.context);
    for (Eigen::Index g = 0; g < genes; ++g) {
      const auto squared = [&](int group) { return moments.variance(g, group) / static_cast<double>(moments.cells[static_cast<std::size_t>(group)]); };
      out.change(l, g) = moments.mean(g, here) - moments.mean(g, control);
      const double se = std::sqrt(squared(here) + squared(control));
      out.size(l, g) = se > 0 ? std::abs(out.change(l, g)) / se : 0;
    }
  }
  return out;
}

class NetworkPredictor : public Predictor {
 public:
  // own: the scenario's genes are the first of data.genes. changes, sizes [N x M] of its conditions and genes, 0 where they are not among the benchmark's.
  NetworkPredictor(GrnScenario scenario, GrnData data, int own, int most, Eigen::MatrixXd changes, Eigen::MatrixXd sizes)
      : scenario_(std::move(scenario)), data_(std::move(data)), own_(own), most_(most), changes_(std::move(changes)), sizes_(std::move(sizes)) {}
  std::string_view name() const override { return "gene network"; }
  std::string_view formula() const override {
    return "control + change at the time of sampling of a network fitted to the learned arms (hyped grn fit): genes of its scenario and those that answer most in the learned arms; genes outside it additive. Other means move it by the slope of refits";
  }
  PredictorRole role() const override { return PredictorRole::model; }

  PredictedProfiles predict(const ResponseProfiles& training, std::span<const ResponseCondition> wanted, std::uint64_t seed) const override {
    const TrainingSet set(training);
    std::map<std::string, Eigen::Index> column;
    for (std::size_t g = 0; g < training.genes.size(); ++g) column.emplace(training.genes[g], static_cast<Eigen::Index>(g));
    std::map<std::string, int> learned;      // row of the training set
    for (const int row : set.perturbed())
      if (const std::string name = name_of(set.condition(row)); known(name)) learned.emplace(name, row);
    PredictedProfiles out{ProfileMatrix(static_cast<Eigen::Index>(wanted.size()), set.genes()), std::vector<std::string>(wanted.size())};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Eigen::RowVectorXd effect = sum_of(set.part_effects(wanted[i], out.notes[i]));
      const std::string name = name_of(wanted[i]);
      if (!known(name) || learned.empty()) {
        add_to_note(out.notes[i], known(name) ? "no learned arm is in the network's data: additive" : "the network's scenario does not know this arm: additive");
      } else if (const Answer& answer = answer_of(learned, name, seed); !answer.outcome.ok()) {
        add_to_note(out.notes[i], "the network has no answer (" + answer.outcome.message + "): additive");
      } else {
        // what these means differ by from those the network was fitted to: halves of controls, cells drawn again
        const auto m = static_cast<Eigen::Index>(answer.genes.size());
        Eigen::VectorXd apart = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(learned.size()) * m);
        Eigen::Index at = 0;
        for (const auto& [arm, row] : learned) {
          const Eigen::RowVectorXd here = set.effect(row);
          for (Eigen::Index g = 0; g < m; ++g, ++at)
            if (const auto found = column.find(answer.genes[static_cast<std::size_t>(g)]); found != column.end()) apart[at] = here[found->second] - answer.fitted[at];
        }
        const Eigen::VectorXd moved = answer.effect + answer.slope * apart;
        int used = 0;
        for (Eigen::Index g = 0; g < m; ++g)
          if (const auto found = column.find(answer.genes[static_cast<std::size_t>(g)]); found != column.end()) effect[found->second] = moved[g], ++used;
        add_to_note(out.notes[i], fmt::format("a network of {} genes ({} of the scenario), {} edges, learned from {} arms; {} of its genes are scored, {} genes are additive", answer.genes.size(), own_, answer.edges, learned.size(), used, set.genes() - used));
      }
      out.mean.row(static_cast<Eigen::Index>(i)) = set.control(wanted[i].context) + effect;
    }
    return out;
  }

 private:
  struct Answer {
    std::vector<std::string> genes;      // [m]
    Eigen::VectorXd effect, fitted;      // [m]; changes of the learned arms it was fitted to, arm by arm [A m]
    Eigen::MatrixXd slope;               // [m x A m] of the effect by them, at the chosen penalty
    int edges = 0;
    Outcome outcome;
  };
  std::string name_of(const ResponseCondition& c) const { return c.context.empty() || scenario_.data.phase.empty() ? c.name : c.name + " " + c.context; }
  int row_of(const std::string& name) const { return static_cast<int>(std::find(data_.conditions.begin(), data_.conditions.end(), name) - data_.conditions.begin()); }
  bool known(const std::string& name) const { return row_of(name) < static_cast<int>(data_.conditions.size()); }

  // The scenario's genes, then those whose change in a learned arm is largest in standard errors.
  std::vector<int> genes_for(const std::vector<int>& arms) const {
    std::vector<int> out, others;
    std::vector<double> largest(data_.genes.size(), 0.0);
    for (int g = 0; g < static_cast<int>(data_.genes.size()); ++g) {
      (g < own_ ? out : others).push_back(g);
      for (const int row : arms) largest[static_cast<std::size_t>(g)] = std::max(largest[static_cast<std::size_t>(g)], sizes_(row, g));
    }
    std::stable_sort(others.begin(), others.end(), [&](int a, int b) { return largest[static_cast<std::size_t>(a)] > largest[static_cast<std::size_t>(b)]; });
    for (const int g : others)
      if (static_cast<int>(out.size()) < most_) out.push_back(g);
    return out;
  }

  // Fits once for each set of learned arms and wanted one; what was not learned is wiped before.
  const Answer& answer_of(const std::map<std::string, int>& learned, const std::string& wanted, std::uint64_t seed) const {
    std::string key = wanted;
    for (const auto& [name, row] : learned) key += '\n' + name;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = answers_.find(key); found != answers_.end()) return found->second;
    }
    Answer made = fitted_answer(learned, wanted, seed);      // outside the lock: folds are fitted side by side
    const std::lock_guard lock(mutex_);
    return answers_.emplace(key, std::move(made)).first->second;
  }

  Answer fitted_answer(const std::map<std::string, int>& learned, const std::string& wanted, std::uint64_t seed) const {
    Answer out;
    if (learned.size() < 2) {
      out.outcome = {Status::not_identifiable, "one learned arm is too few for a network"};
      return out;
    }
    std::vector<int> arms;
    std::vector<std::string> rows;
    for (const auto& [name, row] : learned) arms.push_back(row_of(name)), rows.push_back(name);
    const std::vector<int> genes = genes_for(arms);
    GrnData data = with_genes(data_, genes);
    const auto m = static_cast<Eigen::Index>(genes.size());
    for (Eigen::Index row = 0; row < data.mean.rows(); ++row)
      if (std::find(arms.begin(), arms.end(), static_cast<int>(row)) == arms.end()) data.mean.row(row).setZero();
    add_rest(data, arms);
    rows.emplace_back(rest);
    out.genes = data.genes;
    out.fitted.resize(static_cast<Eigen::Index>(arms.size()) * m);
    for (std::size_t a = 0; a < arms.size(); ++a) out.fitted.segment(static_cast<Eigen::Index>(a) * m, m) = changes_.row(arms[a])(genes).transpose();
    GrnScenario scenario = scenario_;
    scenario.fit.seed = seed;
    scenario.fit.folds = std::min<int>(scenario.fit.folds, static_cast<int>(rows.size()));
    const FittedGrn fitted = fit_grn(scenario, data, rows);
    out.outcome = fitted.fit.outcome;
    if (fitted.fit.chosen < 0) {
      if (out.outcome.ok()) out.outcome = {Status::not_converged, "no step of the fit was chosen"};
      return out;
    }
    const NetworkMeasurements asked = fitted.network.problem.only({wanted}).blocks[0];
    const GrnPrediction got = predict_grn(fitted, asked, scenario.level);
    out.outcome = got.outcome;
    if (!got.outcome.ok()) return out;
    out.effect = got.estimate.col(0);
    out.edges = fitted.fit.best().edges;
    // refits at the chosen penalty, each measured change a standard error up and down, of few steps: what the fit had left to go is in both and cancels
    const NetworkProblem problem = fitted.network.problem.only(rows);
    NetworkFitOptions options = scenario.fit;
    options.ladder = {fitted.fit.best().factor}, options.folds = 0, options.patience = 0;
    options.step.iteration_limit = std::min(options.step.iteration_limit, 100);
    const Eigen::VectorXd start = problem.transform.natural(fitted.fit.best().theta);
    const auto refit = [&](std::size_t arm, Eigen::Index gene, double by, Eigen::VectorXd& effect) {
      NetworkProblem again = problem;
      const auto& names = again.blocks[0].conditions;
      again.blocks[0].mean[0](gene, std::find(names.begin(), names.end(), rows[arm]) - names.begin()) += by;
      again.transform.values = start;
      const auto ladder = descend_ladder(again, {}, options);
      if (ladder.empty() || !std::isfinite(ladder.back().misfit)) return false;
      const NetworkPrediction one = predict_network(*fitted.network.model, problem.transform.natural(ladder.back().theta), asked);
      if (!one.outcome.ok()) return false;
      effect = by_condition(asked, one.measured.back()).topRows(m).col(0);
      return true;
    };
    out.slope = Eigen::MatrixXd::Zero(m, out.fitted.size());
    std::vector<char> failed(static_cast<std::size_t>(out.fitted.size()), 0);
    parallel_for(static_cast<int>(out.fitted.size()), [&](int k) {
      const auto arm = static_cast<std::size_t>(k / m);
      const Eigen::Index gene = k % m;
      const double step = data.standard_error.size() > 0 ? data.standard_error(arms[arm], gene) : 0.01;
      Eigen::VectorXd up, down;
      if (!(step > 0)) return;      // a gene that counts for nothing there
      if (refit(arm, gene, step, up) && refit(arm, gene, -step, down)) out.slope.col(k) = (up - down) / (2 * step);
      else failed[static_cast<std::size_t>(k)] = 1;
    });
    if (const auto count = std::count(failed.begin(), failed.end(), 1); count > 0) out.outcome = {Status::not_converged, fmt::format("{} of {} refits for its intervals failed", count, 2 * out.fitted.size())};
    return out;
  }

  GrnScenario scenario_;
  GrnData data_;
  int own_, most_;
  Eigen::MatrixXd changes_, sizes_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Answer> answers_;
};

}  // namespace

std::unique_ptr<Predictor> network_predictor(RunDirectory& run, const std::string& name, const BenchmarkCells& cells, const BenchmarkSplit& split, int most) {
  const auto file = shipped_grn_scenario(name);
  GrnScenario scenario = read_grn_scenario(file);
  run.add_input(file);
  if (scenario.data.kind != "cells") throw InputError("--network " + name, "is a network of " + scenario.data.kind + " data", "give a scenario of kind cells, such as hyped_cells");
  if (!cells.as_a_network_reads) throw InputError("--network " + name, "reads cells as logarithms per 10,000 of the matrix that is found, and this run does it another way", "leave --matrix and --target out, or --network; a folder of the release is made tidy first (hyped cells import-hyped)");
  if (scenario.data.scale != GrnCellScale::log_normalised) throw InputError("--network " + name, "is fitted to logarithms of summed counts, profiles are means of logarithms", "write scale = \"log_normalised\" in [data]");
  scenario.data.by = cells.arm_column;
  scenario.data.reference = {cells.control_label};
  if (!cells.context_column.empty()) scenario.data.phase = cells.context_column;
  scenario.bootstrap.replicates = 0;
  // candidates: of each fold those that answer most in what it learns from
  const MeasuredChanges measured = measured_changes(cells);
  const std::set<std::string> own(scenario.data.genes.begin(), scenario.data.genes.end());
  std::vector<std::size_t> added;
  std::set<std::size_t> seen;
  for (const auto& fold : split.folds) {
    Eigen::RowVectorXd largest = Eigen::RowVectorXd::Zero(static_cast<Eigen::Index>(cells.genes.size()));
    for (const auto& c : fold.train) largest = largest.cwiseMax(measured.size.row(cells.index_of(c.name, c.context)));
    std::vector<std::size_t> order;
    for (std::size_t g = 0; g < cells.genes.size(); ++g)
      if (!own.contains(cells.genes[g])) order.push_back(g);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return largest[static_cast<Eigen::Index>(a)] > largest[static_cast<Eigen::Index>(b)]; });
    for (std::size_t i = 0; i < order.size() && static_cast<int>(i) < most; ++i)
      if (seen.insert(order[i]).second) added.push_back(order[i]);
  }
  for (const auto g : added) scenario.data.genes.push_back(cells.genes[g]);
  GrnData data = read_grn_data(scenario, cells.where);
  for (const auto& warning : data.warnings) run.add_note("Network: " + warning);
  // the scenario's genes first; perturbed genes that the list does not name are the scenario's too
  std::vector<int> order;
  std::set<std::string> candidates;
  for (const auto g : added) candidates.insert(cells.genes[g]);
  for (const bool first : {true, false})
    for (std::size_t g = 0; g < data.genes.size(); ++g)
      if (candidates.contains(data.genes[g]) != first) order.push_back(static_cast<int>(g));
  data = with_genes(data, order);
  const auto mine = static_cast<int>(std::count_if(data.genes.begin(), data.genes.end(), [&](const auto& gene) { return !candidates.contains(gene); }));
  const auto m = static_cast<Eigen::Index>(data.genes.size());
  Eigen::MatrixXd changes = Eigen::MatrixXd::Zero(data.mean.rows(), m), sizes = changes;
  for (Eigen::Index g = 0; g < m; ++g) {
    const auto at = std::find(cells.genes.begin(), cells.genes.end(), data.genes[static_cast<std::size_t>(g)]);
    if (at == cells.genes.end()) continue;      // masked
    for (std::size_t l = 0; l < cells.conditions.size(); ++l) {
      const auto& c = cells.conditions[l];
      const auto row = std::find(data.conditions.begin(), data.conditions.end(), c.context.empty() || scenario.data.phase.empty() ? c.name : c.name + " " + c.context);
      if (row == data.conditions.end()) continue;
      changes(row - data.conditions.begin(), g) = measured.change(static_cast<Eigen::Index>(l), at - cells.genes.begin());
      sizes(row - data.conditions.begin(), g) = measured.size(static_cast<Eigen::Index>(l), at - cells.genes.begin());
    }
  }
  say(run, "network", fmt::format("{}: {} genes of its own, filled up to {} with those that answer most in the learned arms; {} arms; fitted to all control cells, moved to the learned half by its slope", name, mine, std::max(most, mine), data.conditions.size()));
  return std::make_unique<NetworkPredictor>(std::move(scenario), std::move(data), mine, most, std::move(changes), std::move(sizes));
}

}  // namespace hyped
