// Predictions that carry no or wrong knowledge of what is wanted, and the list of all predictors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "models/predictors/overlap.hpp"
#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {
namespace {

// The same number for a condition whatever else is wanted with it (FNV-1a).
std::uint32_t number_of(const ResponseCondition& condition) {
  std::uint32_t out = 2166136261U;
  for (const char c : condition.name + '\n' + condition.context) out = (out ^ static_cast<unsigned char>(c)) * 16777619U;
  return out;
}

constexpr std::uint32_t label_draw = 8101, gene_draw = 8102;

Eigen::RowVectorXd permuted(const Eigen::RowVectorXd& values, RandomStream& random) {
  Eigen::RowVectorXd out = values;
  for (Eigen::Index i = out.size() - 1; i > 0; --i) std::swap(out[i], out[static_cast<Eigen::Index>(random.uniform() * static_cast<double>(i + 1))]);
  return out;
}

}  // namespace

Predictors negative_controls() {
  Predictors out;
  const auto add = [&](std::string name, std::string formula, std::function<LearnedRule(const TrainingSet&, std::uint64_t)> learn) {
    out.push_back(predictor_of({std::move(name), std::move(formula), PredictorRole::negative_control, std::move(learn)}));
  };
  add("shuffled labels", "control + effect of one learned perturbation drawn at random", [](const TrainingSet& training, std::uint64_t seed) -> LearnedRule {
    return [&training, seed](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
      std::vector<int> rows = training.perturbed_in(wanted.context);
      if (rows.empty()) rows = training.perturbed();
      if (rows.empty()) return training.control(wanted.context) + training.mean_effect(wanted.context, note);
      RandomStream random(seed, label_draw, number_of(wanted));
      const int row = rows[static_cast<std::size_t>(random.uniform() * static_cast<double>(rows.size()))];
      add_to_note(note, "drawn: " + training.condition(row).name);
      return training.control(wanted.context) + training.effect(row);
    };
  });
  add("shuffled genes", "control + additive effect, its values drawn to other genes", [](const TrainingSet& training, std::uint64_t seed) -> LearnedRule {
    return [&training, seed](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
      RandomStream random(seed, gene_draw, number_of(wanted));
      return training.control(wanted.context) + permuted(sum_of(training.part_effects(wanted, note)), random);
    };
  });
  add("sign flip", "control - (dA + dB)", [](const TrainingSet& training, std::uint64_t) -> LearnedRule {
    return [&training](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd { return training.control(wanted.context) - sum_of(training.part_effects(wanted, note)); };
  });
  add("replicated mean", "perturbed mean for every condition, every cell the same", [](const TrainingSet& training, std::uint64_t) -> LearnedRule {
    return [&training](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd { return training.control(wanted.context) + training.mean_effect(wanted.context, note); };
  });
  add("control plus shift", "control + one number for all genes: the mean size of learned effects", [](const TrainingSet& training, std::uint64_t) -> LearnedRule {
    double size = 0;
    for (const int row : training.perturbed()) size += training.effect(row).cwiseAbs().mean();
    if (!training.perturbed().empty()) size /= static_cast<double>(training.perturbed().size());
    return [&training, size](const ResponseCondition& wanted, std::string&) -> Eigen::RowVectorXd { return (training.control(wanted.context).array() + size).matrix(); };
  });
  return out;
}

Predictors standard_predictors(EditChoice choice) {
  Predictors out;
  for (auto make : {mean_predictors, combination_predictors, neighbour_predictors, linear_predictors})
    for (auto& one : make()) out.push_back(std::move(one));
  out.push_back(edited_control(std::move(choice)));
  for (auto& one : negative_controls()) out.push_back(std::move(one));
  return out;
}

Predictors standard_predictors(const std::vector<std::string>& names, EditChoice choice) {
  Predictors all = standard_predictors(std::move(choice)), out;
  std::vector<std::string> valid;
  for (const auto& one : all) valid.emplace_back(one->name());
  for (const auto& name : names) {
    const auto at = std::find(valid.begin(), valid.end(), name);
    if (at == valid.end()) throw InputError("predictor '" + name + "'", "does not exist", did_you_mean(name, valid));
    auto& found = all[static_cast<std::size_t>(at - valid.begin())];
    if (!found) throw InputError("predictor '" + name + "'", "is named twice", "name it once");
    out.push_back(std::move(found));
  }
  return out;
}

std::string_view to_string(PredictorRole role) {
  switch (role) {
    case PredictorRole::baseline: return "baseline";
    case PredictorRole::model: return "model";
    case PredictorRole::negative_control: return "negative control";
    case PredictorRole::ceiling: return "ceiling";
  }
  return "";
}

}  // namespace hyped
