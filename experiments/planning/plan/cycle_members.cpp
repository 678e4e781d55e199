// Draws of parameters and kinetics.
#include "experiments/planning/plan/cycle_members.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "fitting/cycle_problem.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/run_file.hpp"
#include "libhyped/store/run_summary.hpp"
#include "models/delivery/active_input.hpp"

namespace hyped {
namespace {

constexpr const char* plan_arm = "planned";

// The problem of the base scenario with an arm of its own for plans: how fitted names become parameters of the model there.
std::unique_ptr<CycleProblem> binding_of(const Scenario& base) {
  CycleSetup setup = base.setup;
  setup.unseen_arms = {Arm{plan_arm, {{1, {}}}, {}}};
  PhaseCounts grid;
  grid.source = base.file.string();
  const int classes = static_cast<int>(setup.map.classes.size());
  for (const auto& seen : setup.map.classes) grid.classes.push_back(seen.name);
  for (const Arm& arm : setup.arms) grid.wells.push_back({arm.condition, "1", {setup.start_h, setup.start_h + 0.5 * base.end_h, setup.start_h + base.end_h}, Eigen::MatrixXd::Ones(3, classes), {0, 0, 0}});
  return std::make_unique<CycleProblem>(setup, grid);
}

// theta [M x P] from a run folder; the last row is the centre.
Eigen::MatrixXd drawn_theta(const ParameterSpace& space, const Scenario& base, const std::string& source, bool forced, int count, std::uint64_t seed, CycleEnsemble& out) {
  const RunSummary summary = read_summary(source);
  if (summary.status != "ok") {
    const std::string said = fmt::format("the fit did not end well ({}: {})", summary.status, summary.status_message);
    if (!forced) throw InputError(source, said, "fit again with more starts, or plan with --force");
    out.warnings.push_back("Forced: " + said + ". The plan is only as good as that.");
  }
  const RunArrays arrays = read_run_file(std::filesystem::path(source) / "run.h5");
  if (const auto text = arrays.attributes.find("scenario"); text == arrays.attributes.end() || text->second != base.text)
    throw InputError(source, "was not made with the scenario " + base.file.string() + " as it is now", "fit it again, or name the scenario that was fitted");
  Eigen::MatrixXd theta(count + 1, space.count());
  const auto columns_of = [&](const NamedArray& array) {
    std::vector<Eigen::Index> at;
    for (int i = 0; i < space.count(); ++i) {
      const auto found = std::find(array.columns.begin(), array.columns.end(), space[i].name);
      if (found == array.columns.end()) throw InputError(source, "has no value of '" + space[i].name + "'", "fit the scenario again");
      at.push_back(found - array.columns.begin());
    }
    return at;
  };
  if (arrays.arrays.contains("chains/1/draws")) {
    std::vector<Eigen::VectorXd> draws;
    for (int c = 1; arrays.arrays.contains(fmt::format("chains/{}/draws", c)); ++c) {
      const NamedArray& chain = arrays.arrays.at(fmt::format("chains/{}/draws", c));
      const auto at = columns_of(chain);
      for (Eigen::Index k = 0; k < chain.values.rows(); ++k) {
        Eigen::VectorXd row(space.count());
        for (int i = 0; i < space.count(); ++i) row[i] = space.search(i, chain.values(k, at[static_cast<std::size_t>(i)]));
        draws.push_back(row);
      }
    }
    if (static_cast<int>(draws.size()) < count) throw InputError(source, fmt::format("holds {} draws, {} members are asked for", draws.size(), count), "sample more, or ask for fewer");
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(space.count());
    for (const auto& draw : draws) mean += draw / static_cast<double>(draws.size());
    for (int m = 0; m < count; ++m) theta.row(m) = draws[static_cast<std::size_t>(m) * draws.size() / static_cast<std::size_t>(count)].transpose();
    theta.row(count) = mean.transpose();
    out.notes.push_back(fmt::format("Members: {} draws of the posterior, evenly taken from {} of {}.", count, draws.size(), source));
    return theta;
  }
  if (!arrays.arrays.contains("parameters/values") || !arrays.arrays.contains("parameters/covariance")) throw InputError(source, "holds neither a fit with its covariance nor chains", "give a folder of hyped cycle fit or sample");
  const NamedArray& values = arrays.arrays.at("parameters/values");
  const Eigen::MatrixXd& covariance = arrays.arrays.at("parameters/covariance").values;
  const auto at = columns_of(values);
  Eigen::VectorXd centre(space.count());
  for (int i = 0; i < space.count(); ++i) centre[i] = space.search(i, values.values(0, at[static_cast<std::size_t>(i)]));
  const Eigen::MatrixXd own = covariance(at, at);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> factors(own);
  const Eigen::MatrixXd root = factors.eigenvectors() * factors.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
  const Eigen::VectorXd lower = space.lower(), upper = space.upper();
  for (int i = 0; i < space.count(); ++i)
    if (!(own(i, i) > 0)) out.warnings.push_back(fmt::format("'{}' has no standard error in the fit: it does not vary between the members, and the plan's range is too narrow by what it may be.", space[i].name));
  for (int m = 0; m < count; ++m) {
    RandomStream random(seed, 0x656e73, static_cast<std::uint32_t>(m));
    Eigen::VectorXd z(space.count());
    for (double& value : z) value = random.normal();
    theta.row(m) = (centre + root * z).cwiseMax(lower).cwiseMin(upper).transpose();
  }
  theta.row(count) = centre.transpose();
  out.notes.push_back(fmt::format("Members: {} normal draws about the fit of {} with its covariance (search scale), cut at the bounds.", count, source));
  return theta;
}

// Mean of the active input over the fit, of the dosing that was measured.
double mean_active(const DeliveredInput& d, const std::map<std::string, double>& kinetics, double end_h) {
  const auto kind = models::delivery_kind(d.kind);
  const InputCourse course = models::active_input({kind, d.dose * models::reference_dose(kind), d.from_h, d.until_h, end_h, kinetics});
  double sum = 0;
  for (double t = d.from_h; t < end_h; t += 0.1) sum += 0.1 * course(t + 0.05);
  return sum;
}

}  // namespace

CycleEnsemble cycle_members(const PlanScenario& plan, const Scenario& base, const std::string& source, bool forced, std::uint64_t seed) {
  CycleEnsemble out;
  const auto problem = binding_of(base);
  const ParameterSpace& space = problem->space();
  const int count = plan.ensemble.members;
  Eigen::MatrixXd theta(count + 1, space.count());
  if (!source.empty()) {
    theta = drawn_theta(space, base, source, forced, count, seed, out);
  } else {
    if (!(plan.ensemble.relative_sd > 0) || !base.twin) throw InputError(plan.file.string(), "there is no fit to plan with", "give the folder of hyped cycle fit after the scenario, or relative_sd in [ensemble] for members about a twin's truth");
    for (int m = 0; m <= count; ++m) {
      RandomStream random(seed, 0x656e73, static_cast<std::uint32_t>(m));
      for (int i = 0; i < space.count(); ++i) {
        const auto known = base.twin->truth.find(space[i].name);
        const double centre = known == base.twin->truth.end() ? space.start()[i] : space.search(i, known->second), z = random.normal();
        const double sd = space[i].scale == SearchScale::log10 ? plan.ensemble.relative_sd / std::log(10.0) : plan.ensemble.relative_sd;
        theta(m, i) = std::clamp(centre + (m < count ? sd * z : 0.0), space.lower()[i], space.upper()[i]);
      }
    }
    out.notes.push_back(fmt::format("Members: {} draws about the twin's truth, log sd {:.3g} of every parameter (additive for effects): no data were fitted.", count, plan.ensemble.relative_sd));
    out.warnings.push_back("The ensemble is not that of a fit: its spread was chosen, and so is all uncertainty here.");
  }
  for (int i = 0; i < space.count(); ++i)
    if (space[i].name.rfind("cells@", 0) != 0) out.values[space[i].name] = space.natural(i, theta(count, i));
  const int own = problem->model().parameter_count();
  for (int m = 0; m <= count; ++m) {
    std::vector<double> p = problem->parameters_of(plan_arm, theta.row(m).transpose());
    p.resize(static_cast<std::size_t>(own));      // without the observation's two
    out.members.push_back({std::move(p), {}});
  }
  if (!plan.ensemble.kinetics || base.deliveries.empty()) {
    if (!base.deliveries.empty()) out.warnings.push_back("The kinetics of the carriers are held at their values: doses and times that were not measured look surer than they are.");
    return out;
  }
  std::vector<double> usual;
  for (const auto& d : base.deliveries) usual.push_back(mean_active(d, d.parameters, base.end_h));
  parallel_for(count + 1, [&](int m) {
    CycleMember& member = out.members[static_cast<std::size_t>(m)];
    std::map<std::string, double> changed;      // by input: usual over drawn
    for (std::size_t k = 0; k < base.deliveries.size(); ++k) {
      const DeliveredInput& d = base.deliveries[k];
      const auto model = ModelCatalogue::instance().make("delivery/" + d.kind);
      RandomStream random(seed, 0x6b696e + static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(m));
      auto& kinetics = member.kinetics[d.input];
      for (const ParameterSpec& spec : model->parameters()) {
        const auto stated = d.parameters.find(std::string(spec.name));
        const double value = stated == d.parameters.end() ? spec.value : stated->second, z = random.normal(), u = random.uniform();
        if (m == count) kinetics[std::string(spec.name)] = value;
        else if (spec.lower > 0) kinetics[std::string(spec.name)] = std::clamp(value * std::exp(z * std::log(spec.upper / spec.lower) / (2 * 1.96)), spec.lower, spec.upper);
        else kinetics[std::string(spec.name)] = spec.lower + u * (spec.upper - spec.lower);
      }
      const double drawn = m == count ? usual[k] : mean_active(d, kinetics, base.end_h);
      changed[d.input] = drawn > 0 ? usual[k] / drawn : 1;
    }
    for (const Effect& effect : base.setup.stages.effects) {
      double factor = 1;
      for (const auto& input : effect.inputs)
        if (changed.contains(input)) factor *= changed.at(input);
      member.parameters[static_cast<std::size_t>(problem->model().parameter_index(effect.coefficient))] *= factor;
    }
  });
  out.notes.push_back("Kinetics of the carriers: drawn log-normally, their prior ranges (data/parameters.tsv) taken as 95 %; effects are divided by what the draw does to the mean active input of the measured dosing.");
  return out;
}

}  // namespace hyped
