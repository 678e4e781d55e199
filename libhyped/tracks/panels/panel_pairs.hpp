// Likelihood of a multi-state model whose looks tell the state: each distinct transition once, however many cells made it.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/tracks/panels/panel_model.hpp"

namespace hyped {

struct PairValue {
  double log_likelihood = 0;
  Eigen::VectorXd gradient;              // by natural parameters [P]
  Eigen::MatrixXd information;           // summed outer products of the transitions' scores [P x P]
};

// Where no phase is misread, has stages or an estimated start, the chain forgets all before a look at a known state: what is between two
// such looks is a factor of its own. Those with no cut and no unknown look between them are counted here, the others left as subjects of
// their own. Source: Kalbfleisch & Lawless 1985, JASA 80:863, section 3.
class PanelPairs {
 public:
  static bool applies(const PanelModel& model);
  // The model must outlive it. InputError as check_panel.
  PanelPairs(const PanelData& data, const PanelModel& model);
  const PanelData& rest() const { return rest_; }        // two looks at known states and what lies between, one subject each
  long intervals() const { return intervals_; }          // between looks or cuts, of all subjects counted here
  int distinct() const { return static_cast<int>(pairs_.size()); }
  // not_finite: a transition that cannot be (the cell is named). The same bytes for any number of threads.
  Outcome evaluate(const Eigen::VectorXd& parameters, PairValue& out, bool derivatives) const;

 private:
  struct Pair {
    int kernel, time, from, to;          // states
    bool exact;                          // entered at that very moment
    int subject;                         // the first that made it
    double count;
  };
  struct Kernel {
    int covariate_row, piece;
    std::vector<double> times_h;
  };
  const PanelModel& model_;
  std::vector<Pair> pairs_;
  std::vector<Kernel> kernels_;
  std::vector<std::string> names_;       // of subjects
  PanelData rest_;
  long intervals_ = 0;
};

}  // namespace hyped
