// Least squares of a network on the means of cells by arm and phase, with their standard errors, library factors and priors.
#pragma once
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <functional>
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
};

struct CellGroup {
  std::string name, arm, phase;
  int library = 0;                             // 0: the one whose gene factors are 1
  int cells = 0;
  std::vector<GroupStratum> strata;
  Eigen::VectorXd mean, standard_error;        // in the network's units [S]; standard_error NaN: not used
};

// A model's parameters and start at a point of the search space.
struct NetworkPoint {
  std::vector<double> parameters;              // [P]
  Eigen::VectorXd start;                       // [S]
  Eigen::SparseMatrix<double> parameters_by, start_by;      // [P x D], [S x D]
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
};

// theta: the search's D coordinates, then log factors of every gene in each library but the first. Residuals: measured means of all
// groups, gene by gene, then priors. Parallel over strata; the same numbers for any number of threads.
class GroupMeans final : public ResidualFunction {
 public:
  // InputError if a group's shares do not sum to one, a group has no cells, or a schedule of inputs ends before the sample.
  GroupMeans(const Model& model, NetworkSearch search, std::vector<CellGroup> groups, GroupMeansOptions options = {}, std::shared_ptr<const SensitivitySystem> system = nullptr);
  int residual_count() const override { return measured_ + priors_; }
  int parameter_count() const override { return search_.count() + factors_; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override;

  // Levels of a group's cells (library factor apart) and their derivatives by theta [S x D + factors]; by may be null.
  Outcome predict(const CellGroup& group, const Eigen::VectorXd& theta, Eigen::VectorXd& level, Eigen::MatrixXd* by) const;
  const NetworkSearch& search() const { return search_; }
  const std::vector<CellGroup>& groups() const { return groups_; }
  int measured() const { return measured_; }
  int factor_index(int library, int gene) const { return library <= 0 || factors_ == 0 ? -1 : search_.count() + (library - 1) * states_ + gene; }
  std::vector<std::string> names() const;                    // of theta
  Eigen::VectorXd start() const;
  Eigen::VectorXd lower() const;
  Eigen::VectorXd upper() const;
  Eigen::VectorXd prior_sd() const;                          // infinite: none
  // The same with other data: for bootstraps and repeated twins.
  GroupMeans with(std::vector<CellGroup> groups) const { return GroupMeans(model_, search_, std::move(groups), options_, system_); }

 private:
  const Model& model_;
  NetworkSearch search_;
  std::vector<CellGroup> groups_;
  GroupMeansOptions options_;
  std::shared_ptr<const SensitivitySystem> system_;      // of the model and the searched parameters; copies with other data share it
  int states_ = 0, factors_ = 0, measured_ = 0, priors_ = 0;
};

}  // namespace hyped
