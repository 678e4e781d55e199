// Least squares of a network on the means of cells by arm and phase, with their standard errors, library factors and priors.
#pragma once
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fitting/least_squares.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

class SensitivitySystem;      // fitting/networks/cells/sensitivity_system.hpp

// Cells of a group that had the same inputs: doses taken up, phases gone through. The culture's start is the network's own.
struct GroupStratum {
  double share = 1;                            // of the group's cells; all sum to one (negative where a difference is taken)
  Experiment culture;                          // one sample time
  std::string key = {};                        // strata of one key have one culture, which is simulated once; empty: its own
  bool few_move = false;                       // only options.few_states leave their start; such strata of a group sum to zero
};

struct CellGroup {
  std::string name, arm, phase;
  int library = 0;                             // 0: the one whose gene factors are 1
  int cells = 0;
  std::vector<GroupStratum> strata;
  Eigen::VectorXd mean, standard_error;        // in the network's units [S]; standard_error NaN: not used
  Eigen::VectorXd counting, background;        // variance of the mean per unit of what is counted, and what is counted besides the level [S]; empty: not known
  Eigen::MatrixXd correlation;                 // of the means' errors between genes, from the cells [S x S]; empty: independent
};

// Something unknown that many groups share, such as the share of reached cells in a culture: how stratum shares move with it, by group's name.
struct SharedError {
  std::string name;
  double sd = 0;
  std::map<std::string, std::vector<double>> by_stratum;
};

// A model's parameters and start at a point of the search space.
struct NetworkPoint {
  std::vector<double> parameters;              // [P]
  Eigen::VectorXd start;                       // of all states
  Eigen::SparseMatrix<double> parameters_by, start_by;      // [P x D], [measured states x D]
  Eigen::SparseMatrix<double> start_by_measured;            // of all states by those of the measured ones; empty: there are no others
};

// What is searched: D coordinates with names and priors, and what they mean for the model.
struct NetworkSearch {
  std::vector<std::string> names;              // [D]
  Eigen::VectorXd lower, upper, start;         // [D]
  Eigen::VectorXd prior_mean, prior_sd;        // [D] sd infinite: none
  std::vector<int> model_parameters;           // those of the model that depend on the search
  std::function<NetworkPoint(const Eigen::VectorXd& theta)> point;
  int count() const { return static_cast<int>(names.size()); }
};

struct GroupMeansOptions {
  double library_sd = 0.2;                     // prior of the logarithm of a gene's factor in another library; 0: no factors
  OdeOptions ode = {.relative_tolerance = 1e-5, .absolute_tolerance = 1e-7};
  std::vector<SharedError> shared;             // not fitted: they widen intervals
  // Strata with few_move: a model with the same parameters, and its states (measured ones) that they move; nothing else may act on these.
  const Model* few_model = nullptr;
  std::vector<int> few_states;
};

// The model's first states are the genes that are measured; more of them (covariances between cells) may follow.
// theta: the search's D coordinates, then log factors of every gene in each library but the first. Residuals: measured means of all
// groups, gene by gene, then priors. Parallel over strata; the same numbers for any number of threads.
class GroupMeans final : public ResidualFunction {
 public:
  // InputError if a group's shares do not sum to one, a group has no cells, or a schedule of inputs ends before the sample.
  GroupMeans(const Model& model, NetworkSearch search, std::vector<CellGroup> groups, GroupMeansOptions options = {}, std::shared_ptr<const SensitivitySystem> system = nullptr, std::shared_ptr<const SensitivitySystem> few_system = nullptr);
  int residual_count() const override { return measured_ + priors_; }
  int parameter_count() const override { return search_.count() + factors_; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override;

  // Covariance of the data's residuals at theta [measured x measured]: correlations of genes within groups, and shared errors by the change of
  // levels that they make. Identity where neither is given. For intervals that hold whatever the weights are (NetworkEvidence).
  Outcome residual_covariance(const Eigen::VectorXd& theta, Eigen::MatrixXd& out) const;
  // Groups with the standard errors that the levels at theta would have: counting noise by the level, the rest in proportion to it.
  // Errors taken from the counts themselves are small where the count happens to be low, which pulls fits down.
  Outcome expected_errors(const Eigen::VectorXd& theta, std::vector<CellGroup>& out) const;

  // Levels of a group's cells (library factor apart) and their derivatives by theta [S x D + factors]; by may be null.
  Outcome predict(const CellGroup& group, const Eigen::VectorXd& theta, Eigen::VectorXd& level, Eigen::MatrixXd* by) const;
  const NetworkSearch& search() const { return search_; }
  const std::vector<CellGroup>& groups() const { return groups_; }
  int measured() const { return measured_; }
  std::vector<int> genes_of_residuals() const;               // -1: a prior's
  int factor_index(int library, int gene) const { return library <= 0 || factors_ == 0 ? -1 : search_.count() + (library - 1) * states_ + gene; }
  std::vector<std::string> names() const;                    // of theta
  Eigen::VectorXd start() const;
  Eigen::VectorXd lower() const;
  Eigen::VectorXd upper() const;
  Eigen::VectorXd prior_sd() const;                          // infinite: none
  // The same with other data: for bootstraps and repeated twins.
  GroupMeans with(std::vector<CellGroup> groups) const { return GroupMeans(model_, search_, std::move(groups), options_, system_, few_system_); }

 private:
  const Model& model_;
  NetworkSearch search_;
  std::vector<CellGroup> groups_;
  GroupMeansOptions options_;
  std::shared_ptr<const SensitivitySystem> system_, few_system_;      // of the models and the searched parameters; copies with other data share them
  struct Simulated;
  Simulated simulate(const GroupStratum& stratum, const NetworkPoint& point, bool derivatives) const;
  std::vector<std::vector<int>> culture_of_;             // by group and stratum, into cultures_
  std::vector<std::pair<int, int>> cultures_;            // group and stratum of each different culture
  int states_ = 0, factors_ = 0, measured_ = 0, priors_ = 0;      // states_: those that are measured, the first of the model's
};

}  // namespace hyped
