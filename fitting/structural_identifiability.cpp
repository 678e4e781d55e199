// Sensitivities of the outputs by everything unknown, their null space, and what it says about each name.
#include "fitting/structural_identifiability.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

#include "libhyped/model/expression.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {
namespace {

// The model with one more parameter per state, which only the initial state depends on: simulators then differentiate by it.
class StartsAsParameters final : public Model {
 public:
  explicit StartsAsParameters(const Model& model) : model_(model), parameters_(model.parameters().begin(), model.parameters().end()) {
    for (const auto& state : model.states()) names_.push_back("start of " + std::string(state.name));
    for (const auto& name : names_) parameters_.push_back({name, "1", 0, -1e300, 1e300, ""});
  }
  std::string_view name() const override { return model_.name(); }
  std::span<const StateSpec> states() const override { return model_.states(); }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override {
    model_.rates(t, x, own(p), dx);
  }
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override {
    Linearisation inner;
    inner.state.resize(model_.state_count(), model_.state_count());
    inner.parameter.resize(model_.state_count(), model_.parameter_count());
    model_.linearise(t, x, own(p), dx, inner);
    out.state = inner.state;
    out.parameter.setZero(model_.state_count(), parameter_count());
    out.parameter.leftCols(model_.parameter_count()) = inner.parameter;
  }
  void time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const override {
    model_.time_derivative(t, x, own(p), dfdt);
  }
  std::optional<ClockUse> clock_use() const override { return model_.clock_use(); }
  std::vector<ClockSwitch> clock_switches(std::span<const double> p, double from_h, double until_h) const override {
    std::vector<ClockSwitch> switches = model_.clock_switches(own(p), from_h, until_h);
    for (ClockSwitch& s : switches) s.by_parameter.conservativeResizeLike(Eigen::VectorXd::Zero(parameter_count()));
    return switches;
  }

 private:
  std::span<const double> own(std::span<const double> p) const { return p.first(static_cast<std::size_t>(model_.parameter_count())); }
  const Model& model_;
  std::vector<std::string> names_;
  std::vector<ParameterSpec> parameters_;
};

// Outputs with their derivatives as a tape over [t | states | parameters].
struct Outputs {
  Tape tape;
  int count = 0, states = 0, parameters = 0;

  Outputs(const Model& model, const std::vector<std::string>& texts) : count(static_cast<int>(texts.size())), states(model.state_count()), parameters(model.parameter_count()) {
    ExpressionGraph graph;
    std::vector<ExpressionGraph::Node> nodes;
    for (const auto& text : texts) {
      const std::string place = "output '" + text + "'";
      const auto node = parse_expression(graph, text, [&](const std::string& name) {
        if (const int i = model.state_index(name); i >= 0) return graph.variable(1 + i);
        if (const int i = model.parameter_index(name); i >= 0) return graph.variable(1 + states + i);
        if (name == "t" || name == "time") return graph.variable(0);
        std::vector<std::string> valid;
        for (const auto& state : model.states()) valid.emplace_back(state.name);
        for (const auto& parameter : model.parameters()) valid.emplace_back(parameter.name);
        throw InputError(place, "unknown name '" + name + "'", "the model has " + nearest_names(name, valid));
      }, place);
      nodes.push_back(node);
      for (int i = 0; i < states + parameters; ++i) nodes.push_back(graph.derivative(node, 1 + i));
    }
    tape = Tape(graph, nodes, 1 + states + parameters);
  }
};

class Study {
 public:
  Study(const Model& model, const StructuralQuestion& question, const StructuralOptions& options)
      : model_(model), wide_(model), outputs_(model, question.outputs), question_(question), options_(options), base_(question.parameters.empty() ? model.default_parameters() : question.parameters) {
    const auto index = [&](const std::string& name, bool parameter) {
      const int i = parameter ? model.parameter_index(name) : model.state_index(name);
      if (i >= 0) return i;
      std::vector<std::string> valid;
      if (parameter)
        for (const auto& p : model.parameters()) valid.emplace_back(p.name);
      else
        for (const auto& s : model.states()) valid.emplace_back(s.name);
      throw InputError("structural identifiability", fmt::format("'{}' is no {} of {}", name, parameter ? "parameter" : "state", model.name()),
                       "it has " + nearest_names(name, valid));
    };
    for (const auto& name : question.unknown_parameters) parameters_.push_back(index(name, true));
    if (question.unknown_parameters.empty())
      for (int i = 0; i < model.parameter_count(); ++i)
        if (!question.experiment.inputs.contains(std::string(model.parameters()[static_cast<std::size_t>(i)].name))) parameters_.push_back(i);
    for (const auto& name : question.unknown_starts) starts_.push_back(index(name, false));
    if (question.outputs.empty()) throw InputError("structural identifiability", "no outputs", "say what is seen");
    if (unknowns() == 0) throw InputError("structural identifiability", "nothing is unknown", "name parameters or states");
    start_ = question.experiment.initial.empty() ? model.default_state() : question.experiment.initial;
    if (static_cast<int>(start_.size()) != model.state_count())
      throw InputError("structural identifiability", fmt::format("{} starting values for {} states", start_.size(), model.state_count()), "give one for each");
  }

  int unknowns() const { return static_cast<int>(parameters_.size() + starts_.size()); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const int i : parameters_) all.emplace_back(model_.parameters()[static_cast<std::size_t>(i)].name);
    for (const int i : starts_) all.emplace_back(model_.states()[static_cast<std::size_t>(i)].name);
    return all;
  }

  // Draws until a point can be simulated, ten times at most.
  GenericPoint point(int number) const {
    GenericPoint out;
    for (int attempt = 0; attempt < 10; ++attempt) {
      RandomStream random(options_.seed, static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(attempt));
      out = {};
      out.values.resize(unknowns());
      for (int u = 0; u < unknowns(); ++u) {
        const double about = value_of(u);
        out.values[u] = (about == 0 ? 1 : about) * std::exp(options_.spread * (2 * random.uniform() - 1));
      }
      Eigen::MatrixXd tight, loose;
      out.outcome = sensitivities(out.values, options_.relative_tolerance, tight);
      if (out.outcome.ok()) out.outcome = sensitivities(out.values, 30 * options_.relative_tolerance, loose);
      if (!out.outcome.ok()) continue;
      judge(tight, loose, out);
      return out;
    }
    return out;
  }

 private:
  double value_of(int u) const {
    const int parameters = static_cast<int>(parameters_.size());
    return u < parameters ? base_[static_cast<std::size_t>(parameters_[static_cast<std::size_t>(u)])] : start_[static_cast<std::size_t>(starts_[static_cast<std::size_t>(u - parameters)])];
  }

  // [outputs x times, U], every output relative to its largest value.
  Outcome sensitivities(const Eigen::VectorXd& values, double tolerance, Eigen::MatrixXd& out) const {
    const int states = outputs_.states, parameters = outputs_.parameters, known = static_cast<int>(parameters_.size());
    Experiment experiment = question_.experiment;
    experiment.initial = start_;
    std::vector<double> p = base_;
    for (int u = 0; u < known; ++u) p[static_cast<std::size_t>(parameters_[static_cast<std::size_t>(u)])] = values[u];
    for (std::size_t u = 0; u < starts_.size(); ++u) experiment.initial[static_cast<std::size_t>(starts_[u])] = values[known + static_cast<int>(u)];
    experiment.initial_by_parameter = Eigen::MatrixXd::Zero(states, parameters + states);
    experiment.initial_by_parameter.rightCols(states).setIdentity();
    std::vector<double> wide = p;
    wide.insert(wide.end(), experiment.initial.begin(), experiment.initial.end());
    const Trajectory run = simulate(wide_, wide, experiment, SwitchingOptions{tolerance, 1e-3 * tolerance}, Sensitivities::parameters);
    if (!run.outcome.ok()) return run.outcome;
    const int times = static_cast<int>(run.times_h.size()), width = 1 + states + parameters;
    out.resize(outputs_.count * times, unknowns());
    Eigen::VectorXd largest = Eigen::VectorXd::Zero(outputs_.count);
    std::vector<double> registers(static_cast<std::size_t>(outputs_.tape.register_count())), y(static_cast<std::size_t>(outputs_.tape.output_count()));
    for (int t = 0; t < times; ++t) {
      registers[0] = run.times_h[static_cast<std::size_t>(t)];
      for (int s = 0; s < states; ++s) registers[static_cast<std::size_t>(1 + s)] = run.states(t, s);
      std::copy(p.begin(), p.end(), registers.begin() + 1 + states);
      for (const auto& [name, course] : question_.experiment.inputs)
        if (const int i = model_.parameter_index(name); i >= 0) registers[static_cast<std::size_t>(1 + states + i)] = course(registers[0]);
      outputs_.tape.evaluate(registers.data(), y.data());
      const Eigen::MatrixXd& by = run.sensitivities[static_cast<std::size_t>(t)];
      for (int k = 0; k < outputs_.count; ++k) {
        const Eigen::Map<const Eigen::RowVectorXd> by_state(&y[static_cast<std::size_t>(k * width + 1)], states), direct(by_state.data() + states, parameters);
        largest[k] = std::max(largest[k], std::abs(y[static_cast<std::size_t>(k * width)]));
        const Eigen::RowVectorXd row = by_state * by;
        for (int u = 0; u < unknowns(); ++u) {
          const int column = u < known ? parameters_[static_cast<std::size_t>(u)] : parameters + starts_[static_cast<std::size_t>(u - known)];
          out(k * times + t, u) = row[column] + (u < known ? direct[column] : 0.0);
        }
      }
    }
    for (int k = 0; k < outputs_.count; ++k)
      if (largest[k] > 0) out.middleRows(k * times, times) /= largest[k];
    return out.allFinite() ? Outcome{} : Outcome{Status::not_finite, "the outputs or their derivatives are not finite"};
  }

  void judge(Eigen::MatrixXd tight, Eigen::MatrixXd loose, GenericPoint& out) const {
    const int count = unknowns();
    Eigen::VectorXd length = tight.colwise().norm();
    const double floor = 1e-12 * length.maxCoeff();      // a column of rounding stays one
    for (int u = 0; u < count; ++u) {
      length[u] = std::max(length[u], floor > 0 ? floor : 1.0);
      tight.col(u) /= length[u];
      loose.col(u) /= length[u];
    }
    if (tight.rows() < count) {
      out.outcome = {Status::not_identifiable, fmt::format("{} observations for {} unknowns: give more sample times", tight.rows(), count)};
      return;
    }
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(tight, Eigen::ComputeThinV), again(loose);
    out.singular = svd.singularValues();
    const double noise = std::max(1e-16, (tight - loose).norm());
    // The widest gap below which everything is as small as what the tolerance does to the matrix.
    int rank = count;
    out.gap = out.singular[count - 1] / noise;
    for (int k = 0; k < count; ++k) {
      const double here = std::max(1e-17, out.singular[k]);
      if (here > 10 * noise) continue;
      const double gap = k == 0 ? 0 : out.singular[k - 1] / here;
      if (rank == count || gap > out.gap) {
        rank = k;
        out.gap = gap;
      }
    }
    // a value that counts is not moved by the tolerance
    const bool stands = rank == 0 || std::abs(again.singularValues()[rank - 1] / out.singular[rank - 1] - 1) < 0.5;
    if (rank > 0 && (out.gap < (rank == count ? 10 : options_.smallest_gap) || !stands))
      out.outcome = {Status::not_converged, fmt::format("no clear gap between singular values (a factor {:.2g}, noise {:.1g}): give other sample times", out.gap, noise)};
    out.deficiency = count - rank;
    out.null = svd.matrixV().rightCols(out.deficiency);
    out.relative = out.null;
    for (int u = 0; u < count; ++u) out.relative.row(u) /= length[u] * out.values[u];
    reduce(out.relative);
  }

  // Column echelon form: few names in each vector; largest entry 1. Pivots are the rows of largest length in an orthonormal basis, what earlier
  // ones explain taken out, the first of equal ones: any rotation of the basis, hence any rounding, gives the same vectors.
  static void reduce(Eigen::MatrixXd& basis) {
    if (basis.cols() == 0) return;
    Eigen::MatrixXd left = Eigen::HouseholderQR<Eigen::MatrixXd>(basis).householderQ() * Eigen::MatrixXd::Identity(basis.rows(), basis.cols());
    std::vector<int> pivots;
    while (static_cast<int>(pivots.size()) < basis.cols()) {
      int pivot = 0;
      for (int u = 1; u < left.rows(); ++u)
        if (left.row(u).norm() > left.row(pivot).norm() * (1 + 1e-6)) pivot = u;
      pivots.push_back(pivot);
      const Eigen::RowVectorXd direction = left.row(pivot).normalized();
      left -= (left * direction.transpose()).eval() * direction;
    }
    std::sort(pivots.begin(), pivots.end());
    basis = (basis * basis(pivots, Eigen::all).partialPivLu().inverse()).eval();
    for (int k = 0; k < basis.cols(); ++k) {
      int at = 0;      // the first of the largest: equal sizes must not leave the sign to rounding
      const double largest = basis.col(k).cwiseAbs().maxCoeff();
      while (std::abs(basis(at, k)) < largest * (1 - 1e-6)) ++at;
      basis.col(k) /= basis(at, k);
    }
  }

  const Model& model_;
  StartsAsParameters wide_;
  Outputs outputs_;
  const StructuralQuestion& question_;
  const StructuralOptions& options_;
  std::vector<double> base_, start_;
  std::vector<int> parameters_, starts_;
};

}  // namespace

StructuralIdentifiability structural_identifiability(const Model& model, const StructuralQuestion& question, const StructuralOptions& options) {
  const Study study(model, question, options);
  StructuralIdentifiability out;
  out.names = study.names();
  const std::size_t count = out.names.size();
  out.points.resize(static_cast<std::size_t>(std::max(1, options.points)));
  parallel_for(static_cast<int>(out.points.size()), [&](int i) { out.points[static_cast<std::size_t>(i)] = study.point(i); });
  out.identifiable.assign(count, false);
  out.weight.assign(count, 0);
  // Rank is lower semi-continuous: points that are not generic can only lose some.
  out.deficiency = static_cast<int>(count) + 1;
  for (const auto& point : out.points)
    if (point.outcome.ok()) out.deficiency = std::min(out.deficiency, point.deficiency);
  out.gap = std::numeric_limits<double>::infinity();
  const GenericPoint* shown = nullptr;
  for (const auto& point : out.points) {
    if (!point.outcome.ok()) {
      if (out.outcome.ok()) out.outcome = point.outcome;
      continue;
    }
    if (point.deficiency != out.deficiency) continue;
    if (shown == nullptr) shown = &point;
    ++out.agreeing;
    out.gap = std::min(out.gap, point.gap);
    for (std::size_t u = 0; u < count; ++u)
      if (out.deficiency > 0) out.weight[u] = std::max(out.weight[u], point.null.row(static_cast<int>(u)).norm());
  }
  if (out.agreeing == 0) {
    out.deficiency = 0;
    out.not_identifiable = out.names;
    return out;
  }
  if (out.agreeing >= std::min<int>(2, static_cast<int>(out.points.size()))) out.outcome = {};
  for (std::size_t u = 0; u < count; ++u) {
    out.identifiable[u] = out.weight[u] < options.largest_weight;
    if (!out.identifiable[u]) out.not_identifiable.push_back(out.names[u]);
  }
  for (int k = 0; k < out.deficiency; ++k) {
    std::string text;
    for (std::size_t u = 0; u < count; ++u) {
      const double share = shown->relative(static_cast<int>(u), k);
      if (out.identifiable[u] || std::abs(share) < options.largest_weight) continue;
      const bool one = std::abs(std::abs(share) - 1) < 1e-4;
      text += fmt::format("{}{}ln {}", text.empty() ? (share < 0 ? "-" : "") : (share < 0 ? " - " : " + "), one ? "" : fmt::format("{:.3g} ", std::abs(share)), out.names[u]);
    }
    out.null.push_back(text);
  }
  return out;
}

}  // namespace hyped
