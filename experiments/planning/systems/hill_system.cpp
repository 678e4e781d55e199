// Doses as events on fitted networks.
#include "experiments/planning/systems/hill_system.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/model/dosed_model.hpp"
#include "libhyped/simulate/ode.hpp"

namespace hyped {
namespace {

OdeOptions solver() {
  OdeOptions options;
  options.relative_tolerance = 1e-7, options.absolute_tolerance = 1e-9;
  options.derivatives = Derivatives::frozen;
  return options;
}

std::string clearance_of(const HillMember& member) { return std::string(member.model->parameters()[static_cast<std::size_t>(member.model->strength_parameter(0) + 1)].name); }

}  // namespace

HillSystem::HillSystem(std::vector<std::string> genes, std::vector<GeneQuantity> quantities, std::vector<HillMember> members, double end_h)
    : genes_(std::move(genes)), quantities_(std::move(quantities)), members_(std::move(members)), end_h_(end_h) {
  if (members_.empty()) throw InputError("plan", "the ensemble has no member");
  for (const GeneQuantity& q : quantities_) {
    if (!(q.time_h > 0 && q.time_h <= end_h_)) throw InputError("'" + q.name + "'", fmt::format("its time {:.6g} h lies outside 0 to {:.6g} h", q.time_h, end_h_));
    names_.push_back({q.name, "relative level"});
  }
  compare_members();
}

void HillSystem::compare_members() {
  std::vector<std::pair<std::string, std::vector<double>>> columns;
  const auto keep = [&](const std::string& name, const std::vector<double>& values) {
    if (std::any_of(values.begin(), values.end(), [&](double v) { return v != values[0]; })) columns.emplace_back(name, values);
  };
  const int genes = static_cast<int>(genes_.size());
  constexpr const char* rates[] = {"transcription of ", "mRNA decay of ", "translation of ", "protein decay of "};
  for (int g = 0; g < genes; ++g) {
    if (std::any_of(members_.begin(), members_.end(), [&](const HillMember& m) { return m.place[static_cast<std::size_t>(g)] < 0; })) continue;
    for (int r = 0; r < 4; ++r) {
      std::vector<double> values;
      for (const HillMember& m : members_) values.push_back(m.parameters[static_cast<std::size_t>(m.model->rate_parameter(m.place[static_cast<std::size_t>(g)]) + r)]);
      keep(rates[r] + genes_[static_cast<std::size_t>(g)], values);
    }
  }
  std::map<std::pair<int, int>, std::vector<double>> edges;      // by regulator and target
  for (std::size_t m = 0; m < members_.size(); ++m) {
    const auto& of_member = members_[m].model->network().edges();
    int nodes = genes;      // a fitted network may hold regulators that are none of the genes planned for
    for (const SignedEdge& edge : of_member) nodes = std::max({nodes, edge.from + 1, edge.to + 1});
    for (const int at : members_[m].place) nodes = std::max(nodes, at + 1);
    std::vector<int> gene_at(static_cast<std::size_t>(nodes), -1);
    for (int g = 0; g < genes; ++g)
      if (const int at = members_[m].place[static_cast<std::size_t>(g)]; at >= 0) gene_at[static_cast<std::size_t>(at)] = g;
    for (const SignedEdge& edge : of_member) {
      if (gene_at[static_cast<std::size_t>(edge.from)] < 0 || gene_at[static_cast<std::size_t>(edge.to)] < 0) continue;
      auto& values = edges[{gene_at[static_cast<std::size_t>(edge.from)], gene_at[static_cast<std::size_t>(edge.to)]}];
      values.resize(members_.size(), 0);
      values[m] = edge.sign;
    }
  }
  for (const auto& [edge, values] : edges) keep(fmt::format("edge {} -> {}", genes_[static_cast<std::size_t>(edge.first)], genes_[static_cast<std::size_t>(edge.second)]), values);
  parameter_values_.resize(member_count(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    parameter_names_.push_back(columns[c].first);
    for (int m = 0; m < member_count(); ++m) parameter_values_(m, static_cast<Eigen::Index>(c)) = columns[c].second[static_cast<std::size_t>(m)];
  }
}

// A pulse of siRNA holds its level from `from_h` on, until `until_h` (never: infinite): at once where it is above what is left of those before,
// else when that has fallen to it. A dose below all that is left does nothing.
namespace {
struct HeldLevel {
  int pulse;
  double from_h, until_h;
};
std::vector<HeldLevel> held_levels(std::span<const control::Pulse> pulses, double half_life_h) {
  std::vector<int> order;
  for (int k = 0; k < static_cast<int>(pulses.size()); ++k)
    if (pulses[static_cast<std::size_t>(k)].input == 0) order.push_back(k);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return pulses[static_cast<std::size_t>(a)].start_h < pulses[static_cast<std::size_t>(b)].start_h; });
  std::vector<HeldLevel> out;
  for (const int k : order) {
    const control::Pulse& pulse = pulses[static_cast<std::size_t>(k)];
    double from = pulse.start_h;
    if (!out.empty()) {
      const control::Pulse& before = pulses[static_cast<std::size_t>(out.back().pulse)];
      const double end = out.back().until_h;
      if (before.amount > pulse.amount) from = pulse.amount > 0 && std::isfinite(end) ? std::max(from, end + half_life_h * std::log2(before.amount / pulse.amount)) : control::never_h;
      if (!(from < pulse.until_h)) continue;
      out.back().until_h = std::min(end, from);      // one medium at a time
    }
    out.push_back({k, from, pulse.until_h});
  }
  return out;
}
}  // namespace

Schedule HillSystem::events_of(const HillMember& member, std::span<const control::Pulse> pulses, std::vector<std::pair<int, int>>* origins) {
  const auto& model = *member.model;
  const std::string sirna(model.states()[static_cast<std::size_t>(model.sirna_state(0))].name), delivered(model.states()[static_cast<std::size_t>(model.delivered_state(0))].name);
  const double clearance = std::log(2.0) / member.doses.sirna_half_life_h;
  std::vector<std::pair<Perturbation, std::pair<int, int>>> events;
  const auto held = held_levels(pulses, member.doses.sirna_half_life_h);
  for (std::size_t n = 0; n < held.size(); ++n) {
    const auto& [k, from, until] = held[n];
    const control::Pulse& pulse = pulses[static_cast<std::size_t>(k)];
    const int knob = from == pulse.start_h ? 1 : -1;      // held from later on: the level is continuous there, and moving the moment changes nothing
    events.push_back({{from, sirna, Action::set, pulse.amount, DosedModel::dose_name(k)}, {k, knob}});
    events.push_back({{from, clearance_of(member), Action::set, 0}, {k, knob}});
    if (std::isfinite(until) && (n + 1 == held.size() || until < held[n + 1].from_h)) events.push_back({{until, clearance_of(member), Action::set, clearance}, {k, 2}});
  }
  for (int k = 0; k < static_cast<int>(pulses.size()); ++k)
    if (const control::Pulse& pulse = pulses[static_cast<std::size_t>(k)]; pulse.input == 1) {
      double at = pulse.start_h;      // one event of a target at one instant: the next dose a moment later
      for (const auto& [event, origin] : events)
        if (event.target == delivered && std::abs(event.time_h - at) < 1e-9) at = event.time_h + 2e-9;
      events.push_back({{at, delivered, Action::add, pulse.amount, DosedModel::dose_name(k)}, {k, 1}});
    }
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first.time_h < b.first.time_h; });
  Schedule out;
  if (origins) origins->clear();
  for (const auto& [event, origin] : events) {
    out.push_back(event);
    if (origins) origins->push_back(origin);
  }
  return out;
}

control::PlannedAnswer HillSystem::answer(int member, std::span<const control::Pulse> pulses, bool derivatives) const {
  const HillMember& m = members_[static_cast<std::size_t>(member)];
  control::PlannedAnswer out;
  const int count = static_cast<int>(pulses.size());
  const DosedModel model(*m.model, m.parameters, {m.model->strength_parameter(0) + 1}, count);
  std::vector<double> p = model.default_parameters();
  for (int k = 0; k < count; ++k) p[static_cast<std::size_t>(model.dose_parameter(k))] = pulses[static_cast<std::size_t>(k)].amount;
  Experiment dish;
  dish.id = "plan";
  dish.initial = m.start;
  std::vector<std::pair<int, int>> origins;
  dish.schedule = events_of(m, pulses, &origins);
  for (const GeneQuantity& q : quantities_) dish.sample_times_h.push_back(q.time_h);
  std::sort(dish.sample_times_h.begin(), dish.sample_times_h.end());
  dish.sample_times_h.erase(std::unique(dish.sample_times_h.begin(), dish.sample_times_h.end()), dish.sample_times_h.end());
  const Trajectory run = simulate_ode(model, p, dish, solver(), derivatives ? Sensitivities::parameters_and_event_times : Sensitivities::none);
  out.outcome = run.outcome;
  if (!out.outcome.ok()) return out;
  out.values.resize(static_cast<Eigen::Index>(quantities_.size()));
  if (derivatives) out.by_pulses.setZero(out.values.size(), 3 * count);
  for (std::size_t q = 0; q < quantities_.size(); ++q) {
    const auto at = static_cast<Eigen::Index>(q);
    const int gene = m.place[static_cast<std::size_t>(quantities_[q].gene)];
    if (gene < 0) {
      out.values[at] = m.levels[quantities_[q].gene];
      continue;
    }
    const auto row = std::lower_bound(dish.sample_times_h.begin(), dish.sample_times_h.end(), quantities_[q].time_h) - dish.sample_times_h.begin();
    const bool delivered = gene == m.doses.delivered;
    const int x = m.model->mrna_state(gene), e = m.model->delivered_state(0);
    out.values[at] = run.states(row, x) + (delivered ? run.states(row, e) : 0.0);
    if (!derivatives) continue;
    const Eigen::MatrixXd& slope = run.sensitivities[static_cast<std::size_t>(row)];
    const auto by = [&](Eigen::Index column) { return slope(x, column) + (delivered ? slope(e, column) : 0.0); };
    for (int k = 0; k < count; ++k) out.by_pulses(at, 3 * k) = by(model.dose_parameter(k));
    for (std::size_t event = 0; event < origins.size(); ++event)
      if (origins[event].second >= 0) out.by_pulses(at, 3 * origins[event].first + origins[event].second) += by(model.parameter_count() + static_cast<Eigen::Index>(event));
  }
  return out;
}

std::vector<control::PlannedQuantity> HillSystem::course_quantities() const {
  std::vector<control::PlannedQuantity> out;
  for (const auto& gene : genes_) out.push_back({gene, "relative"});
  return out;
}

Eigen::MatrixXd HillSystem::course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome) const {
  std::vector<GeneQuantity> all;
  for (std::size_t t = 0; t < times_h.size(); ++t)
    for (int g = 0; g < static_cast<int>(genes_.size()); ++g) all.push_back({"", g, std::max(times_h[t], 1e-9)});
  const HillSystem wide(genes_, all, {members_[static_cast<std::size_t>(member)]}, std::max(end_h_, times_h.back()));
  const control::PlannedAnswer answer = wide.answer(0, pulses, false);
  outcome = answer.outcome;
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times_h.size()), static_cast<Eigen::Index>(genes_.size()));
  if (outcome.ok()) out = Eigen::Map<const Eigen::MatrixXd>(answer.values.data(), out.cols(), out.rows()).transpose();
  return out;
}

Eigen::VectorXd HillSystem::input_course(int member, int input, std::span<const control::Pulse> pulses, const std::vector<double>& times_h) const {
  const models::TransientDoses& doses = members_[static_cast<std::size_t>(member)].doses;
  Eigen::VectorXd out = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(times_h.size()));
  const auto held = held_levels(pulses, doses.sirna_half_life_h);
  for (std::size_t t = 0; t < times_h.size(); ++t) {
    double& value = out[static_cast<Eigen::Index>(t)];
    if (input == 0) {
      for (const auto& [k, from, until] : held)
        if (times_h[t] >= from) value = pulses[static_cast<std::size_t>(k)].amount * (times_h[t] > until ? std::exp2(-(times_h[t] - until) / doses.sirna_half_life_h) : 1.0);
    } else {
      for (const control::Pulse& pulse : pulses)
        if (pulse.input == 1 && times_h[t] >= pulse.start_h) value += pulse.amount * std::exp2(-(times_h[t] - pulse.start_h) / doses.delivered_half_life_h);
    }
  }
  return out;
}

std::vector<HillMember> hill_members(const std::vector<DualArmCandidate>& candidates, const std::vector<double>& weights, const SingleArms& arms) {
  std::vector<HillMember> out;
  for (std::size_t n = 0; n < candidates.size(); ++n) {
    const DualArmResiduals& fit = *candidates[n].residuals;
    HillMember member;
    member.parameters = fit.model_parameters(candidates[n].theta);
    member.start = fit.start_state();
    member.doses = fit.doses();
    member.model = std::make_shared<const models::HillModules>(fit.model().network(), fit.model().inputs());
    member.place.assign(arms.genes.size(), -1);
    for (std::size_t k = 0; k < fit.downstream().size(); ++k) member.place[static_cast<std::size_t>(fit.downstream()[k])] = static_cast<int>(k);
    member.levels = candidates[n].member.prediction;
    member.weight = weights[n];
    out.push_back(std::move(member));
  }
  return out;
}

HillMember true_member(const HillNetwork& network, const models::TransientDoses& doses, const std::vector<double>& mrna, const std::vector<double>& protein) {
  HillMember member;
  member.model = std::make_shared<const models::HillModules>(network, models::inputs_of(doses));
  member.parameters = models::parameters_with(*member.model, doses);
  member.start = models::hill_state(*member.model, mrna, protein);
  member.doses = doses;
  for (int g = 0; g < network.size(); ++g) member.place.push_back(g);
  member.levels = Eigen::VectorXd::Zero(network.size());
  return member;
}

std::string to_network_toml(const HillMember& member, std::span<const control::Pulse> pulses, const std::string& title, double end_h) {
  const models::HillModules& model = *member.model;
  const HillNetwork& network = model.network();
  const auto value = [&](int parameter) { return fmt::format("{:.17g}", member.parameters[static_cast<std::size_t>(parameter)]); };
  const auto x = [](int g) { return fmt::format("x{}", g); };
  const auto y = [](int g) { return fmt::format("y{}", g); };
  std::string out = fmt::format("# {}\n# Run it: hyped network simulate THIS_FILE --out FOLDER\nname = \"plan\"\ntitle = \"{}\"\nquestion = \"What does this schedule do to the genes? x: mRNA, y: protein, seen: what is measured\"\n\n[simulate]\nend_h = {:.17g}\nstep_h = 0.5\n", title, title, end_h);
  const auto species = [&](const std::string& name, double start) { out += fmt::format("\n[[species]]\nname = \"{}\"\ninitial = {:.17g}\nunit = \"relative\"\n", name, start); };
  const int genes = network.size();
  for (int g = 0; g < genes; ++g) out += fmt::format("# x{} y{}: {}\n", g, g, network.genes[static_cast<std::size_t>(g)].name);
  for (int g = 0; g < genes; ++g) species(x(g), member.start[static_cast<std::size_t>(model.mrna_state(g))]), species(y(g), member.start[static_cast<std::size_t>(model.protein_state(g))]);
  species("sirna", 0), species("delivered", 0);
  out += fmt::format("\n[[parameter]]\nname = \"clearance\"\nvalue = {}\nunit = \"1/h\"\nmeaning = \"of the siRNA; 0 while the dose is on\"\n", value(model.strength_parameter(0) + 1));
  const auto rate = [&](const std::string& name, const std::string& expression) { out += fmt::format("\n[[rate]]\nname = \"{}\"\nexpression = \"{}\"\n", name, expression); };
  for (int g = 0; g < genes; ++g) {
    const HillGene& gene = network.genes[static_cast<std::size_t>(g)];
    std::vector<std::string> activity;
    int n = 0;
    for (const HillModule& module : gene.modules) {
      const auto occupancy = [&](const HillRegulator& r) {
        const int threshold = model.regulator_parameter(g, n++);
        return fmt::format("(max({}, 1e-150)/{})^{}", y(r.gene), value(threshold), value(threshold + 1));
      };
      std::vector<std::string> on, off;
      for (const auto& r : module.activators) on.push_back(occupancy(r));
      for (const auto& r : module.deactivators) off.push_back(occupancy(r));
      const std::string both = fmt::format("{}", fmt::join(on, "*"));
      std::string z;
      if (module.complex) z = "(1 + " + both + (off.empty() ? "" : " + " + both + "*" + fmt::format("{}", fmt::join(off, "*"))) + ")";
      else {
        for (const auto* side : {&on, &off})
          for (const auto& xi : *side) z += (z.empty() ? "(1 + " : "*(1 + ") + xi + ")";
        z = "(" + z + ")";
      }
      activity.push_back("(" + both + "/" + z + ")");
    }
    std::string sum;
    for (std::size_t s = 0; s < gene.activation.size(); ++s) {
      std::string term = value(model.activation_parameter(g, static_cast<int>(s)));
      for (std::size_t k = 0; k < activity.size(); ++k) term += (s >> k & 1) ? "*" + activity[k] : "*(1 - " + activity[k] + ")";
      sum += (s ? " + " : "") + term;
    }
    const int at = model.rate_parameter(g);
    const std::string silenced = g == member.doses.silenced ? fmt::format("*(1 + {}*sirna)", value(model.strength_parameter(0))) : "";
    rate(x(g), fmt::format("{}*({}) - {}*{}{}", value(at), sum, value(at + 1), x(g), silenced));
    rate(y(g), fmt::format("{}*({}{}) - {}*{}", value(at + 2), x(g), g == member.doses.delivered ? " + delivered" : "", value(at + 3), y(g)));
  }
  rate("sirna", "-clearance*sirna");
  rate("delivered", fmt::format("-{}*delivered", value(model.delivered_decay_parameter(0))));
  out += fmt::format("\n[[assignment]]\nname = \"seen\"\nexpression = \"{} + delivered\"\nunit = \"relative\"\n", x(member.doses.delivered));
  const std::string sirna(model.states()[static_cast<std::size_t>(model.sirna_state(0))].name);
  for (const Perturbation& event : HillSystem::events_of(member, pulses)) {
    const bool dose = !event.amount_parameter.empty();
    const std::string target = event.target == sirna ? "sirna" : dose ? "delivered" : "clearance";
    out += fmt::format("\n[[event]]\ntime_h = {:.17g}\ntarget = \"{}\"\naction = \"{}\"\namount = {:.17g}\n", event.time_h, target, event.action == Action::add ? "add" : "set", event.amount);
  }
  return out;
}

}  // namespace hyped
