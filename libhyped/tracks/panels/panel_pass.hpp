// Inside the multi-state likelihood: the passes over one subject, with memory kept between subjects.
#pragma once
#include <array>
#include <vector>

#include "libhyped/tracks/panels/panel_likelihood.hpp"

namespace hyped {

constexpr int most_panel_states = 64;
using PanelRow = std::array<double, most_panel_states>;

struct PanelLikelihood::Rated {
  TransitionTable table;
  Eigen::MatrixXd generator, by_parameter;      // [states x states], [rates x P]
};

// One object per thread.
class PanelLikelihood::Pass {
 public:
  Pass(const PanelLikelihood& all, const std::vector<Rated>& rated, const Eigen::VectorXd& parameters, bool derivatives);

  // The state before anything was seen, and the reading of the first look where it counts.
  void begin(const PanelSubject& subject, PanelRow& into) const;
  // What a look multiplies each state with; an exact entry into an absorbing phase is the rate into it.
  void weights(const PanelLook* look, const Rated& rated, PanelRow& into) const;
  bool forward(int subject);                    // false: the subject has no probability
  // After forward: d log L by all parameters, added to gradient [P]; posterior of the states at the start and after every step.
  void backward(double* gradient, std::vector<PanelRow>* posterior);
  double log_likelihood() const { return log_likelihood_; }

 private:
  bool scaled(std::size_t i);
  void exact_entry(const Rated& rated, std::size_t i, int target, const PanelRow& beta, double* gradient) const;
  void misread(int seen, const PanelRow& before, const PanelRow& beta, double factor, double* gradient) const;
  void starts(const PanelRow& beta, double* gradient) const;
  const PanelLook* look_of(const Step& step) const { return step.look < 0 ? nullptr : &subject_->looks[static_cast<std::size_t>(step.look)]; }

  const PanelLikelihood& all_;
  const std::vector<Rated>& rated_;
  const PanelModel& model_;
  int n_;
  std::vector<Eigen::VectorXd> readings_;      // of what was seen, from `nothing` on
  Eigen::VectorXd start_;
  Eigen::MatrixXd start_derivative_;
  std::vector<TransitionTable::Collector> collectors_;
  const PanelSubject* subject_ = nullptr;
  const std::vector<Step>* steps_ = nullptr;
  std::vector<PanelRow> alpha_, before_, weight_;
  std::vector<double> scale_, by_rate_;
  double log_likelihood_ = 0;
};

}  // namespace hyped
