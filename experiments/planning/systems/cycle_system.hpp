// A fitted cell-cycle model as what plans are made for: doses in, phase shares and cell numbers out, with exact derivatives.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "experiments/control/schedules/planned_system.hpp"
#include "experiments/scenario.hpp"
#include "libhyped/model/staged.hpp"
#include "models/delivery/carrier.hpp"

namespace hyped {

// What is done to the cells whenever an input is given or washed out: a medium change that loses some.
struct PlannedHandling {
  std::string input;
  bool at_end = false;                     // of the pulse, else at its start
  Perturbation change;                     // its time is the pulse's
};

struct CycleQuantity {
  enum class Kind { share, cells, relative_cells };      // of the phases; relative: to the same cells without any dose
  std::string name;
  Kind kind = Kind::share;
  std::vector<std::string> phases;         // empty: all
  double time_h = 0;
  std::string at_dosing;                   // an input: the time is the start of its first pulse, before it acts; time_h is not used
};

struct CyclePlanSetup {
  StageSettings stages;
  std::string model;
  StartKind start = StartKind::odds;
  double start_h = 0;
  std::vector<std::string> inputs;         // that a plan may use: Pulse::input counts these
  std::vector<DeliveredInput> deliveries;  // kinetics and uptake of those that have a carrier; the others are steps
  std::vector<PlannedHandling> handling;
  Schedule events;                         // that happen in any case
  std::vector<CycleQuantity> quantities;
  double end_h = 72;                       // latest time of any quantity
  int most_steps = 8;                      // of inputs without a carrier, in one plan
  std::vector<std::string> driven;         // inputs of the model whose courses are given with the question: another model's answer
};

// The course of an input that something else drives, and its derivatives by the plan's pulses [3 per pulse]; empty where not asked for.
struct DrivenInput {
  std::string input;
  InputCourse course;
  std::vector<InputCourse> by;
};

struct CycleMember {
  std::vector<double> parameters;                                          // of the scenario's model [P]
  std::map<std::string, std::map<std::string, double>> kinetics;           // of the carriers, by input
};

// Parameter of the model that holds the amount of step k.
inline std::string planned_dose(int k) { return "planned dose " + std::to_string(k + 1); }

class CycleSystem final : public control::PlannedSystem {
 public:
  // InputError: unknown inputs, phases, times out of range, a model with density dependence (its strata are coupled).
  CycleSystem(CyclePlanSetup setup, std::vector<CycleMember> members);

  const std::vector<control::PlannedQuantity>& quantities() const override { return names_; }
  int member_count() const override { return static_cast<int>(members_.size()); }
  control::PlannedAnswer answer(int member, std::span<const control::Pulse> pulses, bool derivatives) const override { return answer(member, pulses, derivatives, {}); }
  control::PlannedAnswer answer(int member, std::span<const control::Pulse> pulses, bool derivatives, std::span<const DrivenInput> driven) const;
  std::vector<std::string> parameter_names() const override { return parameter_names_; }
  Eigen::MatrixXd parameters() const override { return parameter_values_; }
  std::vector<control::PlannedQuantity> course_quantities() const override;      // share of each phase, then cells per founder
  Eigen::MatrixXd course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome) const override { return course(member, pulses, times_h, outcome, {}); }
  Eigen::MatrixXd course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome, std::span<const DrivenInput> driven) const;
  // Active input of transfected cells at the mean dose; of a step its amount.
  Eigen::VectorXd input_course(int member, int input, std::span<const control::Pulse> pulses, const std::vector<double>& times_h) const override;
  std::vector<std::string> phases() const;
  // Events of a plan, steps and handling, with plain amounts: what a schedule file says.
  Schedule events_of(std::span<const control::Pulse> pulses) const;
  const CyclePlanSetup& setup() const { return setup_; }
  // What a continuous-time problem of one member is made of.
  const StagedModel& model() const { return *model_; }
  const std::vector<double>& values(int member) const { return values_[static_cast<std::size_t>(member)]; }
  const Eigen::VectorXd& start(int member) const { return starts_[static_cast<std::size_t>(member)]; }      // [stages]
  const Eigen::VectorXd& pick(int quantity) const { return picks_[static_cast<std::size_t>(quantity)]; }    // [stages]
  double untreated(int member, int quantity) const { return untreated_[static_cast<std::size_t>(member)][quantity]; }      // unit of relative_cells

 private:
  struct Dish {                            // one experiment for each stratum, all with the same times
    std::vector<std::pair<double, Experiment>> strata;      // weight
    std::vector<double> parameters;
  };
  bool carried(int input) const { return carried_[static_cast<std::size_t>(input)] >= 0; }
  Dish dish_of(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, bool derivatives, std::span<const DrivenInput> driven = {}) const;
  void count_untreated();

  CyclePlanSetup setup_;
  std::unique_ptr<StagedModel> model_;     // with as many dose parameters as steps may need
  std::vector<CycleMember> members_;
  std::vector<std::vector<double>> values_;                                        // [M] of model_
  std::vector<std::vector<std::shared_ptr<const models::Carrier>>> carriers_;      // [M][deliveries]; shared where kinetics do not differ
  // Courses of carriers that all members share, of the plans asked for last.
  struct SharedCourse {
    const models::Carrier* carrier;
    std::vector<models::DosePulse> doses;
    bool derivatives;
    std::shared_ptr<const models::DosedCourse> course;
  };
  std::shared_ptr<const models::DosedCourse> dosed(int member, int delivery, const std::vector<models::DosePulse>& doses, bool derivatives) const;
  std::vector<bool> common_;               // [deliveries] one carrier for all members
  mutable std::mutex courses_lock_;
  mutable std::deque<SharedCourse> courses_;
  std::vector<int> carried_;               // [inputs] index of the delivery, or -1
  std::vector<Eigen::VectorXd> starts_;    // [M] stages
  std::vector<Eigen::VectorXd> untreated_;                                         // [M] cells of each relative quantity without doses
  std::vector<Eigen::VectorXd> picks_;     // [Q] of stages
  std::vector<control::PlannedQuantity> names_;
  std::vector<std::string> parameter_names_;
  Eigen::MatrixXd parameter_values_;
};

}  // namespace hyped
