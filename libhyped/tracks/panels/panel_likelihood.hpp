// Log-likelihood of a multi-state model with exact derivatives; posterior and most probable phases.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/tracks/panels/panel_model.hpp"
#include "libhyped/tracks/panels/transition_table.hpp"

namespace hyped {

struct PanelValue {
  double log_likelihood = 0;
  Eigen::VectorXd gradient;              // by natural parameters [P]
  Eigen::MatrixXd scores;                // of every subject, if asked for [N x P]
};

// Smoothed phases of one subject: probability of each phase at each look given all looks, and the most probable path of phases.
struct PanelPath {
  Eigen::MatrixXd probability;           // [looks x phases]
  std::vector<int> path;                 // [looks]
};

// Sources: Kalbfleisch & Lawless 1985, JASA 80:863; Jackson 2011, J Stat Softw 38(8) (msm: same likelihood); Satten & Longini 1996,
// Appl Stat 45:275 (misread states); Titman & Sharples 2010, Biometrics 66:742 (phase-type sojourns).
class PanelLikelihood {
 public:
  // Neither is kept alive: both must outlive it.
  PanelLikelihood(const PanelData& data, const PanelModel& model);
  const PanelModel& model() const { return model_; }
  const PanelData& data() const { return data_; }
  long intervals() const { return intervals_; }

  // not_finite: a subject that has no probability (named). Parallel over subjects, independent of the number of threads.
  Outcome evaluate(const Eigen::VectorXd& parameters, PanelValue& out, bool derivatives, bool scores = false) const;
  std::vector<PanelPath> paths(const Eigen::VectorXd& parameters) const;
  // Probability of each phase at the given times for subjects as they start, mean over all that are still looked at (prevalence) [T x phases].
  Eigen::MatrixXd prevalence(const Eigen::VectorXd& parameters, const std::vector<double>& times_h, int covariate_row) const;

 private:
  struct Step {
    int kernel, time, look;              // time: of the kernel's list; look: -1 where a cut is passed
  };
  struct Kernel {
    int covariate_row, piece;
    std::vector<double> times_h;
  };
  struct Rated;                          // a kernel at given parameters
  class Pass;
  std::vector<Rated> rate(const Eigen::VectorXd& parameters, bool derivatives) const;
  const PanelData& data_;
  const PanelModel& model_;
  std::vector<Kernel> kernels_;
  std::vector<std::vector<Step>> steps_; // by subject
  long intervals_ = 0;
};

}  // namespace hyped
