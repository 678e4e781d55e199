// A gene network behind the interface of predictors.
#include "experiments/benchmark/hyped/network_predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "experiments/grn/fit/grn_split.hpp"
#include "libhyped/errors.hpp"
#include "models/predictors/overlap.hpp"
#include "models/predictors/training_set.hpp"

namespace hyped {
namespace {

constexpr const char* rest = "no input";

// The control as a condition of its own: without input nothing changes. Its errors are those of a middling arm.
void add_rest(GrnData& data) {
  const Eigen::Index n = data.mean.rows();
  data.conditions.emplace_back(rest);
  data.arm_of.emplace_back(rest);
  data.drugs.emplace_back();
  for (Eigen::MatrixXd* m : {&data.level, &data.given, &data.mean}) {
    m->conservativeResize(n + 1, Eigen::NoChange);
    m->row(n).setZero();
  }
  if (data.standard_error.size() == 0) return;
  const Eigen::RowVectorXd middling = data.standard_error.colwise().mean();
  data.standard_error.conservativeResize(n + 1, Eigen::NoChange);
  data.standard_error.row(n) = middling;
}

class NetworkPredictor : public Predictor {
 public:
  NetworkPredictor(GrnScenario scenario, GrnData data) : scenario_(std::move(scenario)), data_(std::move(data)) {}
  std::string_view name() const override { return "gene network"; }
  std::string_view formula() const override { return "control + change at the time of sampling of a network fitted to the learned arms (hyped grn fit); genes outside it additive"; }
  PredictorRole role() const override { return PredictorRole::model; }

  PredictedProfiles predict(const ResponseProfiles& training, std::span<const ResponseCondition> wanted, std::uint64_t seed) const override {
    const TrainingSet set(training);
    std::map<std::string, Eigen::Index> column;
    for (std::size_t g = 0; g < training.genes.size(); ++g) column.emplace(training.genes[g], static_cast<Eigen::Index>(g));
    std::vector<std::string> learned;
    for (const int row : set.perturbed())
      if (const std::string name = name_of(set.condition(row)); known(name)) learned.push_back(name);
    PredictedProfiles out{ProfileMatrix(static_cast<Eigen::Index>(wanted.size()), set.genes()), std::vector<std::string>(wanted.size())};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Eigen::RowVectorXd effect = sum_of(set.part_effects(wanted[i], out.notes[i]));
      const std::string name = name_of(wanted[i]);
      if (!known(name) || learned.empty()) {
        add_to_note(out.notes[i], known(name) ? "no learned arm is in the network's data: additive" : "the network's scenario does not know this arm: additive");
      } else {
        const Answer& answer = answer_of(learned, name, seed);
        if (!answer.outcome.ok()) add_to_note(out.notes[i], "the network has no answer (" + answer.outcome.message + "): additive");
        int used = 0;
        for (std::size_t g = 0; answer.outcome.ok() && g < data_.genes.size(); ++g)
          if (const auto at = column.find(data_.genes[g]); at != column.end()) effect[at->second] = answer.effect[static_cast<Eigen::Index>(g)], ++used;
        if (answer.outcome.ok()) add_to_note(out.notes[i], fmt::format("{} genes of the network, learned from {} arms; {} genes additive", used, learned.size(), set.genes() - used));
      }
      out.mean.row(static_cast<Eigen::Index>(i)) = set.control(wanted[i].context) + effect;
    }
    return out;
  }

 private:
  struct Answer {
    Eigen::VectorXd effect;
    Outcome outcome;
  };
  std::string name_of(const ResponseCondition& c) const { return c.context.empty() || scenario_.data.phase.empty() ? c.name : c.name + " " + c.context; }
  bool known(const std::string& name) const { return std::find(data_.conditions.begin(), data_.conditions.end(), name) != data_.conditions.end(); }

  // Fits once for each set of learned arms and wanted one; the wanted arm's mean is wiped before.
  const Answer& answer_of(const std::vector<std::string>& learned, const std::string& wanted, std::uint64_t seed) const {
    const std::lock_guard lock(mutex_);
    std::string key = wanted;
    for (const auto& name : learned) key += '\n' + name;
    if (const auto found = answers_.find(key); found != answers_.end()) return found->second;
    GrnData data = data_;
    for (std::size_t row = 0; row < data.conditions.size(); ++row)
      if (data.conditions[row] != rest && std::find(learned.begin(), learned.end(), data.conditions[row]) == learned.end()) data.mean.row(static_cast<Eigen::Index>(row)).setZero();
    GrnScenario scenario = scenario_;
    scenario.fit.seed = seed;
    std::vector<std::string> rows = learned;
    rows.emplace_back(rest);
    scenario.fit.folds = std::min<int>(scenario.fit.folds, static_cast<int>(rows.size()));
    Answer answer;
    if (rows.size() < 3) {
      answer.outcome = {Status::not_identifiable, "one learned arm is too few for a network"};
      return answers_.emplace(key, std::move(answer)).first->second;
    }
    const FittedGrn fitted = fit_grn(scenario, data, rows);
    answer.outcome = fitted.fit.outcome;
    if (fitted.fit.chosen >= 0) {
      const GrnPrediction got = predict_grn(fitted, fitted.network.problem.only({wanted}).blocks[0], scenario.level);
      answer.outcome = got.outcome;
      if (got.outcome.ok()) answer.effect = got.estimate.col(0);
    } else if (answer.outcome.ok()) {
      answer.outcome = {Status::not_converged, "no step of the fit was chosen"};
    }
    return answers_.emplace(key, std::move(answer)).first->second;
  }

  GrnScenario scenario_;
  GrnData data_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Answer> answers_;
};

}  // namespace

std::unique_ptr<Predictor> network_predictor(RunDirectory& run, const std::string& name, const BenchmarkCells& cells) {
  const auto file = shipped_grn_scenario(name);
  GrnScenario scenario = read_grn_scenario(file);
  run.add_input(file);
  if (scenario.data.kind != "cells") throw InputError("--network " + name, "is a network of " + scenario.data.kind + " data", "give a scenario of kind cells, such as hyped_cells");
  scenario.data.by = cells.arm_column;
  scenario.data.reference = {cells.control_label};
  if (!cells.context_column.empty()) scenario.data.phase = cells.context_column;
  GrnData data = read_grn_data(scenario, cells.where);
  add_rest(data);
  for (const auto& warning : data.warnings) run.add_note("Network: " + warning);
  say(run, "network", fmt::format("{}: {} genes, arms {}; its genes are learned against all control cells", name, data.genes.size(), data.conditions.size() - 1));
  return std::make_unique<NetworkPredictor>(std::move(scenario), std::move(data));
}

}  // namespace hyped
