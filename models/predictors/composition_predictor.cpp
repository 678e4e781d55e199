// Additive within every context (phase of the cycle), put together by the shares of contexts that the parts predict.
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "models/predictors/context_shares.hpp"
#include "models/predictors/overlap.hpp"
#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {

std::vector<ContextShare> predicted_shares(const TrainingSet& training, const std::vector<std::string>& parts) {
  std::vector<ContextShare> out;
  std::set<std::string> contexts;
  for (const int row : training.perturbed()) contexts.insert(training.condition(row).context);
  double sum = 0;
  for (const auto& context : contexts) {
    double log_share = 0;
    for (const auto& part : parts) {
      const auto here = training.measured_here({part}, context);
      if (here.empty()) throw InputError("training profiles", "hold no '" + part + "' in context " + context, "shares of contexts are predicted from parts measured in all of them");
      double all = 0;
      for (const auto& other : contexts)
        for (const int row : training.measured_here({part}, other)) all += static_cast<double>(training.condition(row).cells) + 0.5;
      log_share += std::log((static_cast<double>(training.condition(here[0]).cells) + 0.5) / all) / static_cast<double>(parts.size());
    }
    out.push_back({context, std::exp(log_share)});
    sum += out.back().share;
  }
  for (auto& one : out) one.share /= sum;
  return out;
}

std::unique_ptr<Predictor> composition_additive() {
  return predictor_of({"composition-aware additive", "sum over phases of w_k (mC_k + dA_k + dB_k), w_k the normalised geometric mean of the parts' shares (controls were sorted: theirs are no composition)",
                       PredictorRole::model, [](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         return [&training](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           const auto within = [&](const std::string& context) -> Eigen::RowVectorXd {
                             ResponseCondition here = wanted;
                             here.context = context;
                             return training.control(context) + sum_of(training.part_effects(here, note));
                           };
                           if (!wanted.context.empty()) return within(wanted.context);
                           Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(training.genes());
                           for (const auto& [context, share] : predicted_shares(training, wanted.perturbations)) out += share * within(context);
                           return out;
                         };
                       }});
}

}  // namespace hyped
