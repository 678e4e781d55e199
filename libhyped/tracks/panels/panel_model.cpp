// Parameters, generators and readings of a multi-state model.
#include "libhyped/tracks/panels/panel_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped {

PanelModel::PanelModel(const PanelSpec& spec, const PanelData& data) : spec_(spec), covariates_(data.covariates) {
  const std::string where = "multi-state model";
  const int phases = phase_count();
  if (spec_.phases != data.phases) throw InputError(where, "its phases are not the data's", "give the same names in the same order");
  if (spec_.stages.empty()) spec_.stages.assign(spec_.phases.size(), 1);
  if (spec_.stages.size() != spec_.phases.size()) throw InputError(where, fmt::format("{} numbers of stages for {} phases", spec_.stages.size(), phases), "give one per phase");
  absorbing_.assign(spec_.phases.size(), 1);
  for (std::size_t r = 0; r < spec_.transitions.size(); ++r) {
    PanelTransition& t = spec_.transitions[r];
    if (t.from < 0 || t.from >= phases || t.to < 0 || t.to >= phases || t.from == t.to) throw InputError(where, fmt::format("transition {} goes from phase {} to phase {}", r + 1, t.from, t.to), "name two different phases");
    if (t.name.empty()) t.name = spec_.phases[static_cast<std::size_t>(t.from)] + "-" + spec_.phases[static_cast<std::size_t>(t.to)];
    for (std::size_t q = 0; q < r; ++q)
      if (spec_.transitions[q].from == t.from && spec_.transitions[q].to == t.to) throw InputError(where, "transition " + t.name + " is given twice", "leave one out");
    absorbing_[static_cast<std::size_t>(t.from)] = 0;
  }
  for (int phase = 0; phase < phases; ++phase) {
    const int stages = spec_.stages[static_cast<std::size_t>(phase)];
    if (stages < 1 || stages > 20) throw InputError(where, fmt::format("phase '{}' has {} stages", spec_.phases[static_cast<std::size_t>(phase)], stages), "give 1 to 20");
    if (absorbing(phase) && stages > 1) throw InputError(where, fmt::format("phase '{}' is never left and has {} stages", spec_.phases[static_cast<std::size_t>(phase)], stages), "give it one");
    first_state_.push_back(static_cast<int>(phase_of_.size()));
    phase_of_.insert(phase_of_.end(), static_cast<std::size_t>(stages), phase);
    if (!absorbing(phase)) transient_.push_back(phase);
  }
  if (state_count() > 64) throw InputError(where, fmt::format("has {} states", state_count()), "give fewer stages: 64 states at most");

  // Crude rates: changes seen over time seen.
  Eigen::MatrixXd changes = Eigen::MatrixXd::Constant(phases, phases, 0.5);
  Eigen::VectorXd time = Eigen::VectorXd::Constant(phases, 1e-9);
  double length = 0, shortest = 1e300;
  for (const PanelSubject& subject : data.subjects)
    for (std::size_t i = 1; i < subject.looks.size(); ++i) {
      const PanelLook &a = subject.looks[i - 1], &b = subject.looks[i];
      if (a.seen < 0 || b.seen < 0) continue;
      time[a.seen] += b.time_h - a.time_h;
      if (a.seen != b.seen) changes(a.seen, b.seen) += 1;
      length = std::max(length, b.time_h - subject.looks.front().time_h);
      shortest = std::min(shortest, b.time_h - a.time_h);
    }
  if (!(length > 0)) throw InputError(data.source, "no cell was seen twice", "multi-state models need cells that are followed");
  for (const PanelTransition& t : spec_.transitions) {
    const double crude = std::clamp(changes(t.from, t.to) / (time[t.from] + length), 1e-4 / length, 10 / shortest);
    parameters_.push_back({"rate " + t.name, "1/h", t.any_stage ? "hazard in every stage" : "share of this way out / mean sojourn", crude, 1e-6 / length, 100 / shortest, true});
  }
  first_effect_ = parameter_count();
  for (const PanelEffect& e : spec_.effects) {
    if (e.covariate < 0 || e.covariate >= static_cast<int>(data.covariate_names.size()) || e.transition < 0 || e.transition >= static_cast<int>(spec_.transitions.size()))
      throw InputError(where, "an effect names no covariate or no transition", fmt::format("there are {} covariates and {} transitions", data.covariate_names.size(), spec_.transitions.size()));
    parameters_.push_back({fmt::format("{} on {}", data.covariate_names[static_cast<std::size_t>(e.covariate)], spec_.transitions[static_cast<std::size_t>(e.transition)].name), "log fold", "log of the rate's factor at covariate 1", 0, -10, 10, false});
  }
  first_cut_ = parameter_count();
  if (!std::is_sorted(spec_.cuts_h.begin(), spec_.cuts_h.end())) throw InputError(where, "cuts do not increase", "sort them");
  if (spec_.cut_transitions.empty())
    for (int r = 0; r < static_cast<int>(spec_.transitions.size()); ++r) spec_.cut_transitions.push_back(r);
  for (const double cut : spec_.cuts_h)
    for (const int r : spec_.cut_transitions) parameters_.push_back({fmt::format("{} after {:.6g} h", spec_.transitions[static_cast<std::size_t>(r)].name, cut), "log fold", "log of the rate's factor against the first piece of time", 0, -10, 10, false});
  first_drive_ = parameter_count();
  if (!std::is_sorted(spec_.input_cuts_h.begin(), spec_.input_cuts_h.end())) throw InputError(where, "cuts of the inputs do not increase", "sort them");
  for (const PanelInput& input : spec_.inputs)
    if (input.level.rows() != data.covariates.rows() || input.level.cols() != static_cast<Eigen::Index>(spec_.input_cuts_h.size()) + 1 || !input.level.allFinite())
      throw InputError(where, fmt::format("input '{}' has {} rows and {} pieces of levels", input.name, input.level.rows(), input.level.cols()), fmt::format("give {} and {} finite ones", data.covariates.rows(), spec_.input_cuts_h.size() + 1));
  for (const PanelDrive& d : spec_.drives) {
    if (d.input < 0 || d.input >= static_cast<int>(spec_.inputs.size()) || d.transition < 0 || d.transition >= static_cast<int>(spec_.transitions.size()))
      throw InputError(where, "a drive names no input or no transition", fmt::format("there are {} inputs and {} transitions", spec_.inputs.size(), spec_.transitions.size()));
    parameters_.push_back({fmt::format("{} drives {}", spec_.inputs[static_cast<std::size_t>(d.input)].name, spec_.transitions[static_cast<std::size_t>(d.transition)].name), "log fold", "log of the rate's factor at level 1 of the input", 0, -20, 20, false});
  }
  boundaries_ = spec_.cuts_h;
  boundaries_.insert(boundaries_.end(), spec_.input_cuts_h.begin(), spec_.input_cuts_h.end());
  std::sort(boundaries_.begin(), boundaries_.end());
  boundaries_.erase(std::unique(boundaries_.begin(), boundaries_.end()), boundaries_.end());
  first_misread_ = parameter_count();
  for (const PanelMisread& m : spec_.misread) {
    if (m.truth < 0 || m.truth >= phases || m.seen < 0 || m.seen >= phases || m.truth == m.seen) throw InputError(where, "a misreading names no two phases", "give truth and seen");
    if (absorbing(m.truth) || absorbing(m.seen)) throw InputError(where, fmt::format("'{}' read as '{}': an end is not misread", spec_.phases[static_cast<std::size_t>(m.truth)], spec_.phases[static_cast<std::size_t>(m.seen)]), "let only phases be misread");
    parameters_.push_back({fmt::format("{} read as {}", spec_.phases[static_cast<std::size_t>(m.truth)], spec_.phases[static_cast<std::size_t>(m.seen)]), "1", "probability per look", 0.02, 1e-6, 0.45, true});
  }
  first_start_ = parameter_count();
  if (spec_.start == PanelSpec::Start::estimated) {
    Eigen::VectorXd firsts = Eigen::VectorXd::Constant(phases, 0.5);
    for (const PanelSubject& subject : data.subjects)
      if (!subject.looks.empty() && subject.looks.front().seen >= 0) firsts[subject.looks.front().seen] += 1;
    for (std::size_t i = 1; i < transient_.size(); ++i)
      parameters_.push_back({"start " + spec_.phases[static_cast<std::size_t>(transient_[i])], "odds", "of starting there against " + spec_.phases[static_cast<std::size_t>(transient_[0])],
                             std::clamp(firsts[transient_[i]] / firsts[transient_[0]], 1e-3, 1e3), 1e-6, 1e6, true});
  }
  for (const PanelTransition& t : spec_.transitions) {
    Eigen::MatrixXd d = Eigen::MatrixXd::Zero(state_count(), state_count());
    const int first = first_state(t.from), stages = spec_.stages[static_cast<std::size_t>(t.from)], target = first_state(t.to);
    for (int k = 0; k < stages; ++k) {
      const bool last = k + 1 == stages;
      const double rate = t.any_stage ? 1 : stages;
      const int to = t.any_stage || last ? target : first + k + 1;
      d(first + k, to) += rate;
      d(first + k, first + k) -= rate;
    }
    directions_.push_back(d);
  }
}

int PanelModel::parameter_index(const std::string& name) const {
  for (int i = 0; i < parameter_count(); ++i)
    if (parameters_[static_cast<std::size_t>(i)].name == name) return i;
  return -1;
}

int PanelModel::piece_at(double time_h) const { return static_cast<int>(std::upper_bound(boundaries_.begin(), boundaries_.end(), time_h + 1e-12) - boundaries_.begin()); }

void PanelModel::rates(const Eigen::VectorXd& parameters, int covariate_row, int piece, Eigen::VectorXd& rate, Eigen::MatrixXd& derivative) const {
  const int count = static_cast<int>(spec_.transitions.size());
  Eigen::MatrixXd slope = Eigen::MatrixXd::Zero(count, parameter_count());      // of the logarithm of the rates
  for (int r = 0; r < count; ++r) slope(r, r) = 1 / parameters[r];
  for (int e = 0; e < static_cast<int>(spec_.effects.size()); ++e) slope(spec_.effects[static_cast<std::size_t>(e)].transition, first_effect_ + e) = covariates_(covariate_row, spec_.effects[static_cast<std::size_t>(e)].covariate);
  // The piece among the cuts and among the input cuts that this one lies in.
  const auto within = [&](const std::vector<double>& cuts) { return piece == 0 ? 0 : static_cast<int>(std::upper_bound(cuts.begin(), cuts.end(), boundaries_[static_cast<std::size_t>(piece - 1)]) - cuts.begin()); };
  const int cut_count = static_cast<int>(spec_.cut_transitions.size()), after = within(spec_.cuts_h), level = within(spec_.input_cuts_h);
  for (int c = 0; after > 0 && c < cut_count; ++c) slope(spec_.cut_transitions[static_cast<std::size_t>(c)], first_cut_ + (after - 1) * cut_count + c) = 1;
  for (int d = 0; d < static_cast<int>(spec_.drives.size()); ++d) {
    const PanelDrive& drive = spec_.drives[static_cast<std::size_t>(d)];
    slope(drive.transition, first_drive_ + d) = spec_.inputs[static_cast<std::size_t>(drive.input)].level(covariate_row, level);
  }
  rate = parameters.head(count).array() * (slope.middleCols(first_effect_, first_misread_ - first_effect_) * parameters.segment(first_effect_, first_misread_ - first_effect_)).array().exp();
  derivative = rate.asDiagonal() * slope;
}

Eigen::MatrixXd PanelModel::generator(const Eigen::VectorXd& rate) const {
  Eigen::MatrixXd q = Eigen::MatrixXd::Zero(state_count(), state_count());
  for (std::size_t r = 0; r < directions_.size(); ++r) q += rate[static_cast<Eigen::Index>(r)] * directions_[r];
  return q;
}

Eigen::VectorXd PanelModel::reading(const Eigen::VectorXd& parameters, int seen) const {
  Eigen::VectorXd out(state_count());
  for (int s = 0; s < state_count(); ++s) {
    const int truth = phase_of(s);
    if (seen == PanelLook::nothing) out[s] = 1;
    else if (seen == PanelLook::unknown_alive) out[s] = absorbing(truth) ? 0 : 1;
    else {
      double p = truth == seen ? 1 : 0;
      for (std::size_t m = 0; m < spec_.misread.size(); ++m)
        if (spec_.misread[m].truth == truth) p += (spec_.misread[m].seen == seen ? 1.0 : 0.0) * parameters[first_misread_ + static_cast<int>(m)] - (truth == seen ? parameters[first_misread_ + static_cast<int>(m)] : 0.0);
      out[s] = p;
    }
  }
  return out;
}

double PanelModel::reading_derivative(int misread, int seen) const {
  const PanelMisread& m = spec_.misread[static_cast<std::size_t>(misread)];
  return seen < 0 ? 0 : seen == m.seen ? 1 : seen == m.truth ? -1 : 0;
}

Eigen::VectorXd PanelModel::start(const Eigen::VectorXd& parameters, Eigen::MatrixXd& derivative) const {
  const int odds = start_count(), count = static_cast<int>(transient_.size());
  Eigen::VectorXd out = Eigen::VectorXd::Zero(phase_count());
  derivative = Eigen::MatrixXd::Zero(phase_count(), odds);
  if (odds == 0) {
    for (const int phase : transient_) out[phase] = 1.0 / count;
    return out;
  }
  double all = 1;
  for (int i = 0; i < odds; ++i) all += parameters[first_start_ + i];
  for (int i = 0; i < count; ++i) {
    const double mine = i == 0 ? 1 : parameters[first_start_ + i - 1];
    out[transient_[static_cast<std::size_t>(i)]] = mine / all;
    for (int j = 0; j < odds; ++j) derivative(transient_[static_cast<std::size_t>(i)], j) = (i == j + 1 ? 1 / all : 0.0) - mine / (all * all);
  }
  return out;
}

}  // namespace hyped
