// One interval of a control problem as a run-time Model; simulate() controls its error and carries its derivatives.
#include "experiments/control/courses/interval_flow.hpp"

#include "experiments/control/courses/control_course.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped::control {

// States: x and the cost. Parameters: start (enters through the initial state alone), control coefficients, length.
class IntervalFlow::FlowModel final : public Model {
 public:
  FlowModel(const OptimalControlProblem& problem, std::vector<double> basis) : problem_(problem), basis_(std::move(basis)) {
    const std::size_t s = problem.states.size(), u = problem.controls.size();
    for (std::size_t i = 0; i <= s; ++i) state_names_.push_back("state " + std::to_string(i));
    for (std::size_t i = 0; i < s + basis_.size() * u + 1; ++i) parameter_names_.push_back("input " + std::to_string(i));
    for (const auto& name : state_names_) states_.push_back({name, "1", 0});
    for (const auto& name : parameter_names_) parameters_.push_back({name, "1", 0, -1e300, 1e300});
    zero_cost_.values.setZero(1);
    zero_cost_.by_state.setZero(1, static_cast<Eigen::Index>(s));
    zero_cost_.by_control.setZero(1, static_cast<Eigen::Index>(u));
  }
  std::string_view name() const override { return "interval of a control problem"; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }

  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override {
    Room& r = room();
    if (!evaluate(t, x, p, r)) return spoil(dx);
    const Eigen::Index s = r.f.values.size();
    for (Eigen::Index i = 0; i < s; ++i) dx[static_cast<std::size_t>(i)] = p.back() * r.f.values[i];
    dx[static_cast<std::size_t>(s)] = p.back() * r.cost.values[0];
  }
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override {
    Room& r = room();
    const auto s = static_cast<Eigen::Index>(problem_.states.size()), u = static_cast<Eigen::Index>(problem_.controls.size()), n = static_cast<Eigen::Index>(p.size());
    out.state.setZero(s + 1, s + 1);
    out.parameter.setZero(s + 1, n);
    if (!evaluate(t, x, p, r)) return spoil(dx);
    const double length = p.back();
    out.state.topLeftCorner(s, s) = length * r.f.by_state;
    out.state.row(s).head(s) = length * r.cost.by_state.row(0);
    for (Eigen::Index b = 0; b < static_cast<Eigen::Index>(basis_.size()); ++b) {
      out.parameter.block(0, s + b * u, s, u) = length * r.weights[b] * r.f.by_control;
      out.parameter.row(s).segment(s + b * u, u) = length * r.weights[b] * r.cost.by_control.row(0);
    }
    out.parameter.col(n - 1).head(s) = r.f.values;
    out.parameter(s, n - 1) = r.cost.values[0];
    for (Eigen::Index i = 0; i <= s; ++i) dx[static_cast<std::size_t>(i)] = length * out.parameter(i, n - 1);
  }
  void time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const override {
    Room& r = room();
    if (!evaluate(t, x, p, r)) return spoil(dfdt);
    const auto s = static_cast<Eigen::Index>(problem_.states.size());
    r.slope = coefficients(p).transpose() * lagrange_slopes(basis_, t);
    for (Eigen::Index i = 0; i < s; ++i) dfdt[static_cast<std::size_t>(i)] = p.back() * r.f.by_control.row(i).dot(r.slope);
    dfdt[static_cast<std::size_t>(s)] = p.back() * r.cost.by_control.row(0).dot(r.slope);
  }

 private:
  struct Room {
    Eigen::VectorXd x, u, weights, slope;
    PointValue f, cost;
  };
  static Room& room() {
    thread_local Room one;
    return one;
  }
  static void spoil(std::span<double> out) { std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN()); }
  // [B x U] of the parameters.
  Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> coefficients(std::span<const double> p) const {
    return {p.data() + problem_.states.size(), static_cast<Eigen::Index>(basis_.size()), static_cast<Eigen::Index>(problem_.controls.size())};
  }
  bool evaluate(double t, std::span<const double> x, std::span<const double> p, Room& r) const {
    r.x = Eigen::Map<const Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(problem_.states.size()));
    r.weights = lagrange_weights(basis_, t);
    r.u = coefficients(p).transpose() * r.weights;
    if (!problem_.dynamics(0, r.x, r.u, r.f)) return false;
    if (problem_.running_cost) return problem_.running_cost(0, r.x, r.u, r.cost);
    r.cost = zero_cost_;
    return true;
  }

  const OptimalControlProblem& problem_;
  std::vector<double> basis_;
  std::vector<std::string> state_names_, parameter_names_;
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
  PointValue zero_cost_;
};

IntervalFlow::IntervalFlow(const OptimalControlProblem& problem, std::vector<double> basis, double tolerance)
    : model_(std::make_unique<FlowModel>(problem, std::move(basis))), tolerance_(tolerance) {}
IntervalFlow::~IntervalFlow() = default;
IntervalFlow::IntervalFlow(IntervalFlow&&) noexcept = default;
int IntervalFlow::inputs() const { return model_->parameter_count(); }

Outcome IntervalFlow::carry(const Eigen::VectorXd& z, const std::vector<double>& places, bool derivatives, std::vector<IntervalAnswer>& answers) const {
  const int s = model_->state_count() - 1, n = inputs();
  answers.resize(places.size());
  Experiment interval;
  interval.id = "interval";
  interval.initial.assign(z.data(), z.data() + s);
  interval.initial.push_back(0);
  if (derivatives) interval.initial_by_parameter = Eigen::MatrixXd::Identity(s + 1, n), interval.initial_by_parameter(s, s) = 0;
  interval.sample_times_h = places;
  const Trajectory way = simulate(*model_, {z.data(), static_cast<std::size_t>(n)}, interval,
                                  SwitchingOptions{.relative_tolerance = tolerance_, .absolute_tolerance = 0.01 * tolerance_, .derivatives = Derivatives::frozen},
                                  derivatives ? Sensitivities::parameters : Sensitivities::none);
  if (!way.outcome.ok()) return way.outcome;
  for (std::size_t k = 0; k < places.size(); ++k) {
    answers[k].end = way.states.row(static_cast<Eigen::Index>(k));
    if (derivatives) answers[k].by_input = way.sensitivities[k];
  }
  return {};
}

}  // namespace hyped::control
