// Multi-state Markov models of phases seen only now and then: rates, phase-type sojourns, misread states.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/tracks/panels/panel_data.hpp"

namespace hyped {

// Cells go from phase `from` to phase `to` at rate [1/h]. With k stages in `from`, the sojourn is Erlang(k) with mean 1 / (sum of
// the rates out of it) and the way out is chosen at its end; `any_stage` (death) is a hazard of its own in every stage.
struct PanelTransition {
  int from = 0, to = 0;
  bool any_stage = false;
  std::string name = {};                 // of its rate; empty: "from-to"
};
// exp(coefficient x covariate) multiplies a transition's rate.
struct PanelEffect {
  int covariate = 0, transition = 0;
};
// A course over time that differs between covariate rows, such as a delivered factor: constant between PanelSpec::input_cuts_h.
struct PanelInput {
  std::string name;
  Eigen::MatrixXd level;                 // mean over each piece [covariate rows x pieces]
};
// exp(coefficient x level) multiplies a transition's rate while it lasts.
struct PanelDrive {
  int input = 0, transition = 0;
};
struct PanelMisread {
  int truth = 0, seen = 0;               // probability that phase `truth` is read as `seen`
};

struct PanelSpec {
  std::vector<std::string> phases;       // absorbing ones among them (no transition leaves them)
  std::vector<int> stages = {};          // of each phase; empty: 1
  std::vector<PanelTransition> transitions;
  std::vector<PanelEffect> effects = {};
  std::vector<double> cuts_h = {};       // rates are constant between cuts; later pieces have a factor per transition that `cut` names
  std::vector<int> cut_transitions = {}; // transitions with factors; empty: all
  std::vector<double> input_cuts_h = {};
  std::vector<PanelInput> inputs = {};
  std::vector<PanelDrive> drives = {};
  std::vector<PanelMisread> misread = {};
  // How a subject's first observation is taken. given: its phase is where it starts (misread models: its true phase is); the likelihood is of
  // what follows, as msm does. estimated: start probabilities are parameters.
  enum class Start { given, estimated } start = Start::given;
};

struct PanelParameter {
  std::string name, unit, meaning;
  double value, lower, upper;            // natural units
  bool positive;                         // searched on a log scale
};

// The spec bound to data: parameters in order rates, effects, cut factors (log fold), drives (log fold at level 1), misread probabilities, start odds (against the first
// phase that is not absorbing).
class PanelModel {
 public:
  // InputError: unknown indices, a transition into its own phase, two between the same phases, misread of absorbing phases, stages < 1, levels that
  // do not fit the rows and pieces.
  PanelModel(const PanelSpec& spec, const PanelData& data);

  const PanelSpec& spec() const { return spec_; }
  const std::vector<PanelParameter>& parameters() const { return parameters_; }
  int parameter_count() const { return static_cast<int>(parameters_.size()); }
  int parameter_index(const std::string& name) const;
  int state_count() const { return static_cast<int>(phase_of_.size()); }
  int phase_count() const { return static_cast<int>(spec_.phases.size()); }
  int phase_of(int state) const { return phase_of_[static_cast<std::size_t>(state)]; }
  int first_state(int phase) const { return first_state_[static_cast<std::size_t>(phase)]; }
  bool absorbing(int phase) const { return absorbing_[static_cast<std::size_t>(phase)]; }
  // Times [h] at which rates may change, cuts and input cuts together; piece k ends at boundary k, a time at one belongs to the later piece.
  const std::vector<double>& boundaries() const { return boundaries_; }
  int piece_at(double time_h) const;

  // Rates of all transitions for one row of covariates in one piece of time, and d rate / d parameter [transitions x P].
  void rates(const Eigen::VectorXd& parameters, int covariate_row, int piece, Eigen::VectorXd& rate, Eigen::MatrixXd& derivative) const;
  // Generator [states x states] of given transition rates; directions()[r] is its (constant) derivative by rate r.
  Eigen::MatrixXd generator(const Eigen::VectorXd& rate) const;
  const std::vector<Eigen::MatrixXd>& directions() const { return directions_; }

  // Probability of reading `seen` in each state [states], and by which parameters it changes (d/d misread m at states of its truth).
  Eigen::VectorXd reading(const Eigen::VectorXd& parameters, int seen) const;
  double reading_derivative(int misread, int seen) const;      // of every state of the misread's true phase
  int misread_parameter(int misread) const { return first_misread_ + misread; }

  // Start over the phases that are not absorbing, from the odds, and its derivative [phases x odds].
  Eigen::VectorXd start(const Eigen::VectorXd& parameters, Eigen::MatrixXd& derivative) const;
  int first_start() const { return first_start_; }
  int start_count() const { return parameter_count() - first_start_; }

 private:
  PanelSpec spec_;
  std::vector<PanelParameter> parameters_;
  std::vector<int> phase_of_, first_state_;
  std::vector<char> absorbing_;
  std::vector<Eigen::MatrixXd> directions_;
  std::vector<int> transient_;           // phases
  std::vector<double> boundaries_;
  Eigen::MatrixXd covariates_;           // of the data [rows x C]
  int first_effect_ = 0, first_cut_ = 0, first_drive_ = 0, first_misread_ = 0, first_start_ = 0;
};

}  // namespace hyped
