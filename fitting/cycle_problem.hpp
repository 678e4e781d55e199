// A cell-cycle model bound to counts of wells: expected counts of every well and their exact derivatives.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <vector>

#include "fitting/cycle_setup.hpp"
#include "fitting/parameter_space.hpp"
#include "libhyped/observe/phase_counts.hpp"
#include "libhyped/simulate/clone_moments.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

// Wells with the same arm and the same times share one expected course per founder.
struct Unit {
  int arm = 0;
  std::vector<double> times_h;
  SampleBlocks blocks;
};

struct Well {
  int unit = 0;
  std::string condition, name;
  Eigen::VectorXd values;             // [T K], entry t*K + k
  Eigen::VectorXd blocks;             // [B K], averages over blocks
};

// Expected amounts of one unit per founder.
struct UnitMean {
  Eigen::VectorXd mean;               // [T K]
  Eigen::MatrixXd by_theta;           // [T K x P], search scale
  Eigen::MatrixXd by_random;          // [T K x R], by the log of each random-effect parameter
  Eigen::VectorXd by_founders;        // [T K], with density dependence only: otherwise amounts are proportional to them
  Outcome outcome;
  std::string method;
};

class CycleProblem {
 public:
  // Throws InputError: an arm without wells or a well without an arm, classes that differ, unknown parameters,
  // a schedule that ends beyond the data, a phase class never observed.
  CycleProblem(CycleSetup setup, const PhaseCounts& data);

  const CycleSetup& setup() const { return setup_; }
  const StagedModel& model() const { return *model_; }
  const ParameterSpace& space() const { return space_; }
  const ClassProjection& projection() const { return projection_; }
  const std::vector<Unit>& units() const { return units_; }
  const std::vector<Well>& wells() const { return wells_; }
  const std::vector<std::string>& random_parameters() const { return random_names_; }
  const std::vector<int>& random_group() const { return random_group_; }      // [R] group of each
  int class_count() const { return projection_.class_count(); }
  Quantity quantity() const { return quantity_; }
  // Density dependence: each well is its own unit and its number of cells at the start is a parameter "cells@<well>".
  bool density() const { return model_->structure() == Structure::nonlinear; }
  // Whether a well's expectation is proportional to its own number of cells; fractions and density-dependent courses are not.
  bool has_scale() const { return !density() && quantity_ != Quantity::fraction; }
  int founder_parameter(int unit) const { return founders_[static_cast<std::size_t>(unit)]; }      // -1 without density

  // Expected amounts of every unit; strata that units share are simulated once, in parallel.
  std::vector<UnitMean> unit_means(const Eigen::VectorXd& theta, bool derivatives) const;
  // The same for every well with its own log multipliers of the random parameters, effects [W x R].
  std::vector<UnitMean> well_means(const Eigen::VectorXd& theta, const Eigen::MatrixXd& effects, bool derivatives) const;
  // Any condition at any times with the same machinery (prediction, figures). condition: an arm of the setup.
  UnitMean mean_at(const Arm& arm, const std::vector<double>& times_h, const Eigen::VectorXd& theta, bool derivatives,
                   double founders = 1) const;
  // Model parameters [P + 2: labelled, misread] of a condition.
  std::vector<double> parameters_of(const std::string& condition, const Eigen::VectorXd& theta) const;
  // Covariance of block averages per founder: demographic, per unit of sister correlation, [B K x B K].
  struct UnitCovariance {
    Eigen::VectorXd mean;
    Eigen::MatrixXd demographic, sister;
    Outcome outcome;
  };
  std::vector<UnitCovariance> unit_covariances(const Eigen::VectorXd& theta) const;      // all units, in parallel
  // Averages over the unit's blocks of a [T K] vector or the rows of a matrix.
  Eigen::MatrixXd block_average(int unit, const Eigen::MatrixXd& per_sample) const;
  const Arm& arm(const std::string& condition) const;      // InputError naming the arms there are

 private:
  // One stratum's course: expected amounts [T K] and derivatives by direction [T K x D]: the columns_, again for the steady
  // start if there is one, then labelled, misread, founders.
  struct Course {
    Eigen::VectorXd mean;
    Eigen::MatrixXd by_direction;
    Outcome outcome;
    std::string method;
  };
  Course course_of(const Arm& arm, const ArmStratum& stratum, const std::vector<double>& times_h, const Eigen::VectorXd& theta,
                   bool derivatives, double founders, const Eigen::VectorXd& effects) const;
  UnitMean assemble(const Arm& arm, const std::vector<const Course*>& courses, const Eigen::VectorXd& theta, bool derivatives,
                    int founder_parameter, const Eigen::VectorXd& effects) const;
  Eigen::VectorXd no_effects() const { return Eigen::VectorXd::Zero(static_cast<int>(random_parameters_.size())); }
  void to_fractions(UnitMean& mean) const;
  Eigen::VectorXd start_of(const std::string& condition, const Eigen::VectorXd& theta, Eigen::MatrixXd& slope, Outcome& outcome) const;
  const std::string& steady_condition(const Arm& arm) const;
  void share_courses();
  UnitCovariance density_covariance(int unit, const Eigen::VectorXd& theta) const;
  void bind_parameters();
  void bind_data(const PhaseCounts& data);
  Experiment experiment_of(const Arm& arm, const ArmStratum& stratum, const std::vector<double>& times_h) const;
  // theta index of each extended parameter for a condition, or -1 with the value in `fixed`.
  struct Binding {
    std::vector<int> theta;
    std::vector<double> fixed;
    bool operator==(const Binding&) const = default;
  };
  const Binding& binding(const std::string& condition) const;

  CycleSetup setup_;
  std::unique_ptr<StagedModel> model_;
  ClassProjection projection_;
  ParameterSpace space_;
  std::map<std::string, Binding> bindings_;
  std::vector<int> columns_;                     // model parameters that are free or random somewhere
  std::vector<std::string> random_names_;
  std::vector<int> random_parameters_, random_group_;
  std::vector<Unit> units_;
  std::vector<Well> wells_;
  std::vector<int> founders_;
  std::vector<std::pair<int, int>> courses_;             // distinct courses, as (unit, stratum)
  std::vector<std::vector<int>> course_of_unit_;         // [U][strata] index into courses_
  Quantity quantity_ = Quantity::count;
};

}  // namespace hyped
