// Predictors of a combination from the effects of its parts measured alone.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/predictors/overlap.hpp"
#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {

Eigen::RowVectorXd sum_of(const std::vector<Eigen::RowVectorXd>& effects) {
  Eigen::RowVectorXd out = effects.at(0);
  for (std::size_t i = 1; i < effects.size(); ++i) out += effects[i];
  return out;
}

Eigen::RowVectorXd overlap_of(const std::vector<Eigen::RowVectorXd>& effects) {
  Eigen::RowVectorXd most = Eigen::RowVectorXd::Zero(effects.at(0).size()), least = most;
  for (const auto& effect : effects) {
    most = most.cwiseMax(effect);
    least = least.cwiseMin(effect);
  }
  return sum_of(effects) - (most + least);
}

namespace {

using Effects = std::vector<Eigen::RowVectorXd>;

Eigen::RowVectorXd extreme_of(const Effects& effects, bool largest) {
  Eigen::RowVectorXd out = effects[0];
  for (std::size_t i = 1; i < effects.size(); ++i)
    for (Eigen::Index g = 0; g < out.size(); ++g)
      if (largest ? std::abs(effects[i][g]) > std::abs(out[g]) : std::abs(effects[i][g]) < std::abs(out[g])) out[g] = effects[i][g];
  return out;
}

std::size_t strongest(const Effects& effects) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < effects.size(); ++i)
    if (effects[i].squaredNorm() > effects[best].squaredNorm()) best = i;
  return best;
}

// Strongest effect in the first column, the sum of the others in the second: the order of parts carries no meaning.
std::pair<Eigen::RowVectorXd, Eigen::RowVectorXd> strong_and_rest(const Effects& effects) {
  const std::size_t strong = strongest(effects);
  Eigen::RowVectorXd rest = sum_of(effects) - effects[strong];
  return {effects[strong], rest};
}

// Least squares over the learned combinations of one or two regressors made from the effects of parts.
struct CombinationFit {
  Eigen::Vector2d scale{1, 1};
  int combinations = 0;
};

CombinationFit fit_scale(const TrainingSet& training, bool two) {
  CombinationFit out;
  Eigen::Matrix2d normal = Eigen::Matrix2d::Zero();
  Eigen::Vector2d right = Eigen::Vector2d::Zero();
  for (const int row : training.combinations_with_singles()) {
    std::string none;
    const auto [strong, rest] = strong_and_rest(training.part_effects(training.condition(row), none));
    const Eigen::RowVectorXd a = two ? strong : Eigen::RowVectorXd(strong + rest), measured = training.effect(row);
    normal(0, 0) += a.squaredNorm();
    right[0] += a.dot(measured);
    if (two) {
      normal(0, 1) += a.dot(rest);
      normal(1, 1) += rest.squaredNorm();
      right[1] += rest.dot(measured);
    }
    ++out.combinations;
  }
  normal(1, 0) = normal(0, 1);
  if (!two && normal(0, 0) > 0) out.scale.setConstant(right[0] / normal(0, 0));
  if (two) {
    const double determinant = normal(0, 0) * normal(1, 1) - normal(0, 1) * normal(0, 1);
    if (determinant > 1e-12 * normal(0, 0) * normal(1, 1)) {
      out.scale[0] = (normal(1, 1) * right[0] - normal(0, 1) * right[1]) / determinant;
      out.scale[1] = (normal(0, 0) * right[1] - normal(0, 1) * right[0]) / determinant;
    } else {
      out.combinations = 0;
    }
  }
  return out;
}

const char* not_fitted = "no combination was learned with its parts: factor 1";

std::unique_ptr<Predictor> scaled_additive(bool two) {
  return predictor_of({two ? "scaled additive, two factors" : "scaled additive",
                       two ? "control + k1 (stronger effect) + k2 (others), k by least squares on learned combinations" : "control + k (dA + dB), k by least squares on learned combinations",
                       PredictorRole::baseline, [two](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         const CombinationFit fit = fit_scale(training, two);
                         return [&training, fit](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           const auto effects = training.part_effects(wanted, note);
                           if (effects.size() < 2) return training.control(wanted.context) + effects.at(0);
                           if (fit.combinations == 0) add_to_note(note, not_fitted);
                           const auto [strong, rest] = strong_and_rest(effects);
                           return training.control(wanted.context) + fit.scale[0] * strong + fit.scale[1] * rest;
                         };
                       }});
}

std::unique_ptr<Predictor> scaled_overlap() {
  return predictor_of({"overlap-corrected additive, fitted", "control + dA + dB - k minmod(dA, dB), k by least squares on learned combinations", PredictorRole::baseline,
                       [](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         double above = 0, below = 0;
                         for (const int row : training.combinations_with_singles()) {
                           std::string none;
                           const Effects effects = training.part_effects(training.condition(row), none);
                           const Eigen::RowVectorXd overlap = overlap_of(effects);
                           above += overlap.dot(sum_of(effects) - training.effect(row));
                           below += overlap.squaredNorm();
                         }
                         const bool fitted = below > 0;
                         const double factor = fitted ? above / below : 1;
                         return [&training, factor, fitted](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           const Effects effects = training.part_effects(wanted, note);
                           if (effects.size() < 2) return training.control(wanted.context) + effects.at(0);
                           if (!fitted) add_to_note(note, not_fitted);
                           return training.control(wanted.context) + sum_of(effects) - factor * overlap_of(effects);
                         };
                       }});
}

// On the scale of counts x = exp(m) - 1: sums of changes, or products of ratios (sums where the control has none).
Eigen::RowVectorXd on_counts(const TrainingSet& training, const ResponseCondition& wanted, bool products, std::string& note) {
  const Effects effects = training.part_effects(wanted, note);
  const Eigen::RowVectorXd control = training.control(wanted.context);
  if (training.profiles().unit.find("log1p") == std::string::npos) {
    add_to_note(note, "values are no log1p: sum of effects as they are");
    return sum_of(effects);
  }
  Eigen::RowVectorXd out(control.size());
  long without = 0;
  for (Eigen::Index g = 0; g < out.size(); ++g) {
    const double base = std::expm1(control[g]);
    double sum = base, product = base;
    for (const auto& effect : effects) {
      const double x = std::max(0.0, std::expm1(control[g] + effect[g]));
      sum += x - base;
      if (base > 0) product *= x / base;
    }
    const bool ratio = products && base > 0;
    if (products && base <= 0) ++without;
    out[g] = std::log1p(std::max(0.0, ratio ? product : sum)) - control[g];
  }
  if (without > 0) add_to_note(note, std::to_string(without) + " genes are not in the control: sums instead of ratios");
  return out;
}

}  // namespace

Predictors combination_predictors() {
  Predictors out;
  const auto add = [&](std::string name, std::string formula, std::function<Eigen::RowVectorXd(const Effects&)> rule) {
    out.push_back(predictor_of_effect(std::move(name), std::move(formula), PredictorRole::baseline,
                                      [rule = std::move(rule)](const TrainingSet& t, const ResponseCondition& w, std::string& note) -> Eigen::RowVectorXd { return rule(t.part_effects(w, note)); }));
  };
  add("matching mean", "(mA + mB)/2 (Systema)", [](const Effects& e) -> Eigen::RowVectorXd { return sum_of(e) / static_cast<double>(e.size()); });
  add("additive", "control + dA + dB, on mean logs", [](const Effects& e) { return sum_of(e); });
  out.push_back(predictor_of_effect("additive on counts", "log1p of xC + (xA - xC) + (xB - xC), x = exp(m) - 1", PredictorRole::baseline,
                                    [](const TrainingSet& t, const ResponseCondition& w, std::string& note) { return on_counts(t, w, false, note); }));
  out.push_back(predictor_of_effect("multiplicative", "log1p of xA xB / xC, x = exp(m) - 1", PredictorRole::baseline,
                                    [](const TrainingSet& t, const ResponseCondition& w, std::string& note) { return on_counts(t, w, true, note); }));
  out.push_back(scaled_additive(false));
  out.push_back(scaled_additive(true));
  add("overlap-corrected additive", "control + dA + dB - minmod(dA, dB): the larger where signs agree, the sum where they differ", [](const Effects& e) -> Eigen::RowVectorXd { return sum_of(e) - overlap_of(e); });
  out.push_back(scaled_overlap());
  add("largest effect", "control + of dA and dB the larger in size, by gene", [](const Effects& e) { return extreme_of(e, true); });
  add("smallest effect", "control + of dA and dB the smaller in size, by gene", [](const Effects& e) { return extreme_of(e, false); });
  add("best single", "the part whose effect is larger in L2; truth is not looked at", [](const Effects& e) -> Eigen::RowVectorXd { return e[strongest(e)]; });
  add("A only", "the first part alone, in the order of their names", [](const Effects& e) { return e.front(); });
  add("B only", "the last part alone, in the order of their names", [](const Effects& e) { return e.back(); });
  return out;
}

}  // namespace hyped
