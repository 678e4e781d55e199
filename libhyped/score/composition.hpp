// Scores of predicted shares of cells in phases, and of a predicted change split into composition and what changes within phases.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <optional>

#include "libhyped/expression/composition/mean_change.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

struct CompositionScore {
  MetricValue log_score;             // -sum n_k ln p_k / n, nats a cell: proper; undefined where cells were seen in a phase of predicted share 0
  double least_log_score = 0;        // of the best prediction for these cells, their own shares
  double log_score_se = 0;           // over cells (multinomial), of a culture as sampled
  std::optional<double> circular;    // Wasserstein-1 on the circle of phases, in turns (0 to 1/2)
};
// cells [K] seen in each phase, in their order around the cycle; predicted [K] sums to 1 (1e-6). arc [K] > 0: how far phase k's middle is from the next
// one's, any unit (equal if empty; taken to sum to one turn). InputError: shares or cells that are none, no cells, sizes that do not fit.
CompositionScore composition_score(const Eigen::VectorXd& cells, const Eigen::VectorXd& predicted, const Eigen::VectorXd& arc = {});

// min over flows of the mass that is moved times its way around the circle (Rabin, Delon & Gousseau 2011): the weighted median of cumulative differences.
double circular_wasserstein(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& arc);

// delta = composition + within, seen from the control: sum (w_p - w_c) m_c + sum w_p (m_p - m_c) (mean_change splits the product of both evenly; this
// form leaves it within, where a predictor that knows the control's phases can be asked for it). [G]
struct PhaseSplit {
  Eigen::VectorXd composition, within;
};
PhaseSplit phase_split(const PhaseMeans& arm, const PhaseMeans& control);

// Squared error of a predicted change, per gene: error of its composition part + of its within part + twice their product.
struct SplitError {
  double total = 0, composition = 0, within = 0, product = 0;      // total = composition + within + product, exactly
};
SplitError split_error(const PhaseSplit& truth, const PhaseSplit& predicted);

}  // namespace hyped
