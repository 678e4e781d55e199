// Predictor around a rule.
#include "models/predictors/rule_predictor.hpp"

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

class RulePredictor : public Predictor {
 public:
  explicit RulePredictor(PredictionRule rule) : rule_(std::move(rule)) {}
  std::string_view name() const override { return rule_.name; }
  std::string_view formula() const override { return rule_.formula; }
  PredictorRole role() const override { return rule_.role; }
  PredictedProfiles predict(const ResponseProfiles& training, std::span<const ResponseCondition> wanted, std::uint64_t seed) const override {
    const TrainingSet set(training);
    for (const auto& one : wanted)
      if (!one.perturbations.empty() && !set.measured_here(one.perturbations, one.context).empty())
        throw InputError("training profiles", "hold '" + one.name + "', which is to be predicted", "hold it out: a prediction must not see its truth");
    const LearnedRule learned = rule_.learn(set, seed);
    PredictedProfiles out;
    out.mean.resize(static_cast<Eigen::Index>(wanted.size()), set.genes());
    out.notes.resize(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) out.mean.row(static_cast<Eigen::Index>(i)) = learned(wanted[i], out.notes[i]);
    return out;
  }

 private:
  PredictionRule rule_;
};

}  // namespace

std::unique_ptr<Predictor> predictor_of(PredictionRule rule) { return std::make_unique<RulePredictor>(std::move(rule)); }

std::unique_ptr<Predictor> predictor_of_effect(std::string name, std::string formula, PredictorRole role, EffectRule effect) {
  return predictor_of({std::move(name), std::move(formula), role, [effect = std::move(effect)](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         return [&training, effect](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd { return training.control(wanted.context) + effect(training, wanted, note); };
                       }});
}

}  // namespace hyped
