// Designs on a network of reactions: dishes under inputs, read at chosen times.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "experiments/planning/design/design_report.hpp"
#include "experiments/planning/design/design_run.hpp"
#include "fitting/least_squares.hpp"
#include "fitting/networks/evidence/input_design.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {
namespace {

using namespace control;

// Inputs named in [candidates] shifted come `shift` later, the others stay.
Experiment experiment_of(const DesignPlan& plan, const NetworkArm& arm, double shift, const std::vector<double>& times) {
  Experiment out;
  out.id = arm.name;
  out.initial = plan.values.initial;
  out.initial_by_parameter = plan.values.initial_by_parameter;
  out.schedule = plan.network->schedule;
  for (const auto& [name, value] : arm.inputs) {
    const double by = std::find(plan.shifted.begin(), plan.shifted.end(), name) != plan.shifted.end() ? shift : 0;
    out.schedule.push_back({arm.from_h + by, name, Action::set, value, ""});
    if (arm.until_h < 1e299) out.schedule.push_back({arm.until_h + by, name, Action::set, plan.values.parameters[static_cast<std::size_t>(plan.network->model->parameter_index(name))], ""});
  }
  std::stable_sort(out.schedule.begin(), out.schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
  out.sample_times_h = times;
  return out;
}

struct Dish {
  std::string name;
  Experiment experiment;
  double cost = 0;
};

struct NetworkStudy {
  const DesignPlan& plan;
  std::vector<Experiment> measured;
  std::vector<Dish> dishes;
};

NetworkStudy study_of(const DesignPlan& plan) {
  NetworkStudy out{plan, {}, {}};
  std::vector<std::string> arms, inputs;
  for (const NetworkArm& arm : plan.network_arms) {
    if (!arm.measured) arms.push_back(arm.name);
    for (const auto& [name, value] : arm.inputs)
      if (!arm.measured) inputs.push_back(name);
  }
  for (const auto& name : plan.arms)
    if (std::find(arms.begin(), arms.end(), name) == arms.end()) throw InputError(plan.arms_place, "[candidates] arms names '" + name + "', which is no candidate [[arm]]", did_you_mean(name, arms));
  for (const auto& name : plan.shifted)
    if (std::find(inputs.begin(), inputs.end(), name) == inputs.end()) throw InputError(plan.shifted_place, "[candidates] shifted names '" + name + "', which no candidate [[arm]] has as input", inputs.empty() ? "they have none" : did_you_mean(name, inputs));
  for (const NetworkArm& arm : plan.network_arms) {
    if (!arm.measured && !plan.arms.empty() && std::find(plan.arms.begin(), plan.arms.end(), arm.name) == plan.arms.end()) continue;
    const bool moves = std::any_of(arm.inputs.begin(), arm.inputs.end(), [&](const auto& input) { return std::find(plan.shifted.begin(), plan.shifted.end(), input.first) != plan.shifted.end(); });
    if (arm.measured) {
      out.measured.push_back(experiment_of(plan, arm, 0, arm.times_h));
      continue;
    }
    for (const double by : plan.shifts_h) {
      if (by != 0 && !moves) continue;
      if (arm.from_h + by < 0) throw InputError(plan.shifts_place, fmt::format("'{}' shifted by {:.4g} h starts before 0 h", arm.name, by), "shift by less");
      for (const SamplingPlan& sampling : plan.sampling) {
        const std::string label = by == 0 ? arm.name : fmt::format("{}, doses {:+.4g} h", arm.name, by);
        out.dishes.push_back({label + " | " + sampling.name, experiment_of(plan, arm, by, sampling.times_h),
                              plan.costs.unit + plan.costs.dose * static_cast<double>(arm.inputs.size()) + plan.costs.frame * static_cast<double>(sampling.times_h.size()) + plan.costs.hour * sampling.times_h.back()});
      }
    }
  }
  return out;
}

Eigen::VectorXd theta_of(const DesignPlan& plan) {
  Eigen::VectorXd theta(static_cast<Eigen::Index>(plan.unknowns.parameters.size()));
  for (Eigen::Index i = 0; i < theta.size(); ++i) theta[i] = std::log10(plan.values.parameters[static_cast<std::size_t>(plan.unknowns.parameters[static_cast<std::size_t>(i)])]);
  return theta;
}

NetworkMeans means_of(const DesignPlan& plan, const Experiment& experiment, const Eigen::VectorXd& theta, bool derivatives) {
  return network_means(*plan.network->model, plan.values.parameters, plan.unknowns, theta, experiment, plan.reading, derivatives);
}

// Gradient of a quantity: a parameter's own log10, or log10 of a species in an arm at a time.
QuantityLabel label_of(const DesignPlan& plan, const AskedQuantity& asked, const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) {
  const InterpretedModel& model = *plan.network->model;
  gradient = Eigen::VectorXd::Zero(theta.size());
  if (!asked.parameter.empty()) {
    const int p = model.parameter_index(asked.parameter);
    const auto found = std::find(plan.unknowns.parameters.begin(), plan.unknowns.parameters.end(), p);
    if (p < 0 || found == plan.unknowns.parameters.end()) throw InputError(asked.place, "'" + asked.parameter + "' is no [[unknown]] parameter", "add it, or ask for another");
    const auto i = static_cast<Eigen::Index>(found - plan.unknowns.parameters.begin());
    gradient[i] = 1;
    return {asked.parameter, std::string(model.parameters()[static_cast<std::size_t>(p)].unit), theta[i], true};
  }
  const auto arm = std::find_if(plan.network_arms.begin(), plan.network_arms.end(), [&](const auto& a) { return a.name == asked.arm; });
  const int state = model.state_index(asked.species);
  if (arm == plan.network_arms.end()) throw InputError(asked.place, "there is no [[arm]] '" + asked.arm + "'", "add it");
  if (state < 0) throw InputError(asked.place, "the network has no species '" + asked.species + "'", "name one with species = ");
  NetworkReading reading;
  reading.species = {state};
  reading.absolute = 1;
  const NetworkMeans at = network_means(model, plan.values.parameters, plan.unknowns, theta, experiment_of(plan, *arm, 0, {asked.time_h}), reading, true);
  if (!at.outcome.ok() || !(at.mean[0] > 0)) throw InputError(asked.place, "the species is not positive there, or cannot be simulated: " + at.outcome.message);
  gradient = at.jacobian.row(0).transpose() / (at.mean[0] * std::numbers::ln10);
  return {fmt::format("{} of {} at {:.4g} h", asked.species, asked.arm, asked.time_h), std::string(model.states()[static_cast<std::size_t>(state)].unit), std::log10(at.mean[0]), true};
}

// Residuals of simulated readings and priors; errors held at those of the truth.
class Readings final : public ResidualFunction {
 public:
  Readings(const DesignPlan& plan, const std::vector<Experiment>& experiments, const std::vector<Eigen::VectorXd>& sd, std::vector<Eigen::VectorXd> data, Eigen::VectorXd prior_mean)
      : plan_(plan), experiments_(experiments), sd_(sd), data_(std::move(data)), prior_mean_(std::move(prior_mean)) {}
  int residual_count() const override {
    Eigen::Index count = prior_mean_.size();
    for (const auto& values : data_) count += values.size();
    return static_cast<int>(count);
  }
  int parameter_count() const override { return static_cast<int>(prior_mean_.size()); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    residuals.setZero(residual_count());
    if (jacobian != nullptr) jacobian->setZero(residual_count(), parameter_count());
    Eigen::Index at = 0;
    for (std::size_t e = 0; e < experiments_.size(); ++e) {
      const NetworkMeans means = means_of(plan_, experiments_[e], theta, jacobian != nullptr);
      if (!means.outcome.ok()) return means.outcome;
      residuals.segment(at, data_[e].size()) = (means.mean - data_[e]).cwiseQuotient(sd_[e]);
      if (jacobian != nullptr) jacobian->middleRows(at, data_[e].size()) = sd_[e].cwiseInverse().asDiagonal() * means.jacobian;
      at += data_[e].size();
    }
    for (Eigen::Index i = 0; i < theta.size(); ++i, ++at)
      if (const double sd = plan_.unknowns.prior_sd[static_cast<std::size_t>(i)]; sd > 0) {
        residuals[at] = (theta[i] - prior_mean_[i]) / sd;
        if (jacobian != nullptr) (*jacobian)(at, i) = 1 / sd;
      }
    return {};
  }

 private:
  const DesignPlan& plan_;
  const std::vector<Experiment>& experiments_;
  const std::vector<Eigen::VectorXd>& sd_;
  std::vector<Eigen::VectorXd> data_;
  Eigen::VectorXd prior_mean_;
};

void check_by_refits(const NetworkStudy& study, const std::vector<Experiment>& experiments, const Eigen::VectorXd& theta, const std::vector<QuantityLabel>& labels, const Eigen::MatrixXd& contrast, const Eigen::VectorXd& predicted,
                     const char* name, std::uint64_t seed, std::vector<ErrorCheck>& out) {
  const DesignPlan& plan = study.plan;
  std::vector<Eigen::VectorXd> mean, sd;
  for (const Experiment& experiment : experiments) {
    const NetworkMeans means = means_of(plan, experiment, theta, false);
    if (!means.outcome.ok()) return;
    mean.push_back(means.mean);
    sd.push_back(means.sd);
  }
  const int replicates = plan.settings.replicates;
  std::vector<Eigen::VectorXd> found(static_cast<std::size_t>(replicates));
  std::vector<Eigen::MatrixXd> covariance(static_cast<std::size_t>(replicates));      // of each refit, from its own derivatives; empty: singular
  parallel_for(replicates, [&](int b) {
    RandomStream random(seed, 0x4e7d, static_cast<std::uint32_t>(b));
    std::vector<Eigen::VectorXd> data = mean;
    Eigen::VectorXd prior = theta;      // what is believed scatters about the truth too: the posterior's spread is then the predicted one
    for (Eigen::Index i = 0; i < prior.size(); ++i) prior[i] += plan.unknowns.prior_sd[static_cast<std::size_t>(i)] * random.normal();
    for (std::size_t e = 0; e < data.size(); ++e)
      for (Eigen::Index k = 0; k < data[e].size(); ++k) data[e][k] += sd[e][k] * random.normal();
    const Readings readings(plan, experiments, sd, data, prior);
    const LeastSquaresResult fit = least_squares(readings, theta, theta.array() - 4, theta.array() + 4);
    if (fit.outcome.ok() && fit.at_lower.empty() && fit.at_upper.empty()) found[static_cast<std::size_t>(b)] = fit.theta;
    else return;
    Eigen::VectorXd residuals;
    Eigen::MatrixXd jacobian;
    if (!readings.evaluate(fit.theta, residuals, &jacobian).ok()) return;
    const Eigen::LLT<Eigen::MatrixXd> own(jacobian.transpose() * jacobian);
    if (own.info() == Eigen::Success && own.rcond() > 1e-13) covariance[static_cast<std::size_t>(b)] = own.solve(Eigen::MatrixXd::Identity(theta.size(), theta.size()));
  });
  for (Eigen::Index q = 0; q < contrast.cols(); ++q) {
    if (!std::isfinite(predicted[q])) continue;
    std::vector<double> values;
    int covered = 0, with_interval = 0;
    const AskedQuantity* asked = plan.quantities.empty() ? nullptr : &plan.quantities[static_cast<std::size_t>(q)];
    for (std::size_t b = 0; b < found.size(); ++b) {
      const Eigen::VectorXd& fit = found[b];
      if (fit.size() == 0) continue;
      Eigen::VectorXd gradient = contrast.col(q);
      const double value = asked != nullptr && asked->parameter.empty() ? label_of(plan, *asked, fit, gradient).value : theta.dot(contrast.col(q)) + (fit - theta).dot(contrast.col(q));
      values.push_back(value);
      if (covariance[b].size() == 0) continue;
      ++with_interval;
      covered += std::abs(value - labels[static_cast<std::size_t>(q)].value) <= 1.959963984540054 * std::sqrt(gradient.dot(covariance[b] * gradient));
    }
    if (values.size() < 20) continue;
    double average = 0, sum = 0;
    for (const double value : values) average += value / static_cast<double>(values.size());
    for (const double value : values) sum += (value - average) * (value - average);
    out.push_back({labels[static_cast<std::size_t>(q)].name, name, "readings drawn anew, fitted", predicted[q], std::sqrt(sum / static_cast<double>(values.size() - 1)), static_cast<int>(values.size()), replicates - static_cast<int>(values.size()), with_interval > 0 ? covered : -1, with_interval});
  }
}

}  // namespace

void run_network_design(RunDirectory& run, const DesignPlan& plan, std::uint64_t seed) {
  run.add_input(plan.network->file);
  const NetworkStudy study = study_of(plan);
  const Eigen::VectorXd centre = theta_of(plan);
  const auto count = centre.size();
  const Eigen::MatrixXd prior = prior_information(plan.unknowns);
  run.add_note(fmt::format("Errors of a reading: sd = hypot({:.4g}, {:.4g} value), mean of {} replicates; every sample is a dish of its own.", plan.reading.absolute, plan.reading.relative, plan.reading.replicates));
  // what the arms' inputs can tell apart
  InputDesign inputs;
  for (const auto& arm : plan.network_arms)
    for (const auto& [name, value] : arm.inputs)
      if (std::find(inputs.inputs.begin(), inputs.inputs.end(), name) == inputs.inputs.end()) inputs.inputs.push_back(name);
  inputs.amount = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(plan.network_arms.size()), static_cast<Eigen::Index>(inputs.inputs.size()));
  for (std::size_t a = 0; a < plan.network_arms.size(); ++a) {
    inputs.arms.push_back(plan.network_arms[a].name);
    for (std::size_t i = 0; i < inputs.inputs.size(); ++i)
      if (const auto found = plan.network_arms[a].inputs.find(inputs.inputs[i]); found != plan.network_arms[a].inputs.end()) inputs.amount(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(i)) = std::abs(found->second);
  }
  if (plan.network_arms.size() > 1)
    for (const auto& pair : check_design(inputs).pairs) run.add_note("Arms of the file: " + pair.text);
  const auto information_at = [&](const Experiment& experiment, const Eigen::VectorXd& theta, Outcome& outcome) {
    const NetworkMeans means = means_of(plan, experiment, theta, true);
    if (outcome.ok()) outcome = means.outcome;
    return means.outcome.ok() ? network_information(means) : Eigen::MatrixXd(Eigen::MatrixXd::Zero(count, count));
  };
  Outcome outcome;
  Eigen::MatrixXd known = prior;
  for (const Experiment& experiment : study.measured) known += information_at(experiment, centre, outcome);
  if (!outcome.ok()) return run.set_outcome(outcome);
  // draws: from what is known, where that determines all parameters
  std::vector<Eigen::VectorXd> draws;
  const Eigen::LLT<Eigen::MatrixXd> factor(known);
  const bool proper = factor.info() == Eigen::Success && factor.rcond() > 1e-12;
  if (!proper && plan.settings.draws > 1) run.add_warning("What is known does not determine all parameters: the design is for the file's values alone, not for draws. Give prior_sd to average over.");
  for (int s = 0; s < (proper ? plan.settings.draws : 1); ++s) {
    RandomStream random(seed, 0xd5a3, static_cast<std::uint32_t>(s));
    Eigen::VectorXd z(count);
    for (auto& value : z) value = random.normal();
    draws.push_back(proper && plan.settings.draws > 1 ? Eigen::VectorXd(centre + factor.matrixU().solve(z)) : centre);
  }
  DesignProblem problem;
  problem.kind = plan.settings.kind;
  for (const Dish& dish : study.dishes) problem.candidates.push_back({dish.name, dish.cost, {}});
  std::vector<QuantityLabel> labels;
  const auto contrast_at = [&](const Eigen::VectorXd& theta, std::vector<QuantityLabel>& out) {
    if (plan.quantities.empty()) {
      for (Eigen::Index i = 0; i < count; ++i) {
        const auto& spec = plan.network->model->parameters()[static_cast<std::size_t>(plan.unknowns.parameters[static_cast<std::size_t>(i)])];
        out.push_back({std::string(spec.name), std::string(spec.unit), theta[i], true});
      }
      return Eigen::MatrixXd(Eigen::MatrixXd::Identity(count, count));
    }
    Eigen::MatrixXd contrast(count, static_cast<Eigen::Index>(plan.quantities.size()));
    for (std::size_t q = 0; q < plan.quantities.size(); ++q) {
      Eigen::VectorXd gradient;
      out.push_back(label_of(plan, plan.quantities[q], theta, gradient));
      contrast.col(static_cast<Eigen::Index>(q)) = gradient;
    }
    return contrast;
  };
  const Eigen::MatrixXd at_centre = contrast_at(centre, labels);
  for (const auto& theta : draws) {
    std::vector<QuantityLabel> unused;
    problem.known.push_back(known);
    problem.contrasts.push_back(contrast_at(theta, unused));
    for (std::size_t i = 0; i < study.dishes.size(); ++i) problem.candidates[i].information.push_back(information_at(study.dishes[i].experiment, theta, outcome));
  }
  if (!outcome.ok()) return run.set_outcome(outcome);
  const ExactDesign exact = write_design(run, problem, labels, plan.settings, seed);
  if (!exact.outcome.ok() || plan.settings.replicates == 0) return;
  DesignProblem local = problem;
  local.known = {known};
  local.contrasts = {at_centre};
  Eigen::VectorXd amount(static_cast<Eigen::Index>(exact.count.size()));
  std::vector<Experiment> after = study.measured;
  for (std::size_t i = 0; i < exact.count.size(); ++i) {
    local.candidates[i].information = {information_at(study.dishes[i].experiment, centre, outcome)};
    amount[static_cast<Eigen::Index>(i)] = exact.count[i];
    for (int n = 0; n < exact.count[i]; ++n) after.push_back(study.dishes[i].experiment);
  }
  std::vector<ErrorCheck> checks;
  if (proper) check_by_refits(study, study.measured, centre, labels, at_centre, contrast_variances(local, local.known).row(0).cwiseSqrt().transpose(), "existing", seed, checks);
  check_by_refits(study, after, centre, labels, at_centre, contrast_variances(local, total_information(local, amount)).row(0).cwiseSqrt().transpose(), "with the design", seed, checks);
  write_checks(run, checks);
}

void run_design(RunDirectory& run, const DesignPlan& plan, const std::string& data, std::uint64_t seed, bool force) {
  run.set_title(plan.title, plan.question);
  run.add_setting("scenario", plan.text);
  if (plan.network && !data.empty()) throw InputError(data, "a network's design takes no data: measured arms are in the file", "leave it out");
  if (plan.network) run_network_design(run, plan, seed);
  else run_cycle_design(run, plan, data, seed, force);
}

}  // namespace hyped
