// Genetic interactions of double perturbations: what kind each gene shows, and how well a prediction finds them, in both tails.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/score/interactions/local_fdr.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// Changes from control of one gene or many: singles A and B, double AB. residual = ab - a - b.
enum class InteractionClass { additive, synergy, buffering, masking, inversion, emergent };
std::string_view to_string(InteractionClass);

struct InteractionCuts {
  double residual_lower = 0, residual_upper = 0;      // outside: not additive
  double effect_lower = 0, effect_upper = 0;          // of a single or double change: inside there is none
};
// In the frame of the additive effect's sign, so that "further down" is synergy where A + B go down. In this order:
// additive: the residual is inside its cuts; emergent: neither single has an effect; inversion: the double has an effect against the sign of a + b;
// masking: one single has an effect, and the double is as the other one (ab - a or ab - b inside the residual's cuts around 0, the other outside);
// synergy: beyond the additive effect; buffering: short of it.
InteractionClass interaction_class(double a, double b, double ab, const InteractionCuts& cuts);

// Ahlmann-Eltze & Huber 2025: the sign of the residual alone ("synergy" above, "suppression" below), which calls a repressed gene that goes down more "suppression".
enum class SignedClass { additive, above, below };

// Cuts where local fdr falls to `level`: of residuals, and of single changes, both pooled over genes and doubles.
struct FittedCuts {
  InteractionCuts cuts;
  LocalFdr residuals, effects;
  Outcome outcome;                   // of the fits; an infinite cut: no value on that side reaches the level
};
FittedCuts interaction_cuts(std::span<const double> residuals, std::span<const double> effects, double level = 0.05, const LocalFdrOptions& options = {});

// One tail's curve. Predictions are ranked by predicted - additive, largest first (smallest first in the lower tail); true: residual beyond the tail's
// cut, false: beyond the other tail's; in between is not counted (as AEH). Ties enter in one step.
struct TailCurve {
  std::vector<double> fdp, tpr;      // [101] at FDP 0, .01, ... 1: the best TPR with at most that FDP
  MetricValue auroc, auprc;          // undefined: no true or no false ones, or all predictions tie (the additive model)
  int positives = 0, negatives = 0;
};
// residual: measured ab - a - b; predicted: predicted ab - a - b; [N] pooled over doubles and genes.
TailCurve upper_tail(std::span<const double> residual, std::span<const double> predicted, const InteractionCuts& cuts);
TailCurve lower_tail(std::span<const double> residual, std::span<const double> predicted, const InteractionCuts& cuts);

// Shares of genes per class [6 x 6], rows truth, columns prediction, and the share that agree, without those that are additive in both.
struct ClassAgreement {
  Eigen::MatrixXi counts = Eigen::MatrixXi::Zero(6, 6);
  MetricValue agreement;             // of genes not additive in truth or prediction
};
ClassAgreement class_agreement(std::span<const InteractionClass> truth, std::span<const InteractionClass> predicted);

}  // namespace hyped
