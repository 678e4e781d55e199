// Ratio estimates of group means, and inputs of their strata.
#include "experiments/grn/twin/twin_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiments/twin/cells/cells_truth.hpp"
#include "models/delivery/uptake.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const char* const phase_names[] = {"G1", "S", "G2M"};

// Sums over the cells of a group.
struct Sums {
  int cells = 0, library = 0;
  double outside = 0, outside_squares = 0;
  Eigen::VectorXd counts, with_outside;      // [S]
  Eigen::MatrixXd products;                  // [S x S], lower triangle
};

// A course through values on a grid, with slopes by differences.
InputCourse course_of(const std::vector<double>& times, const std::vector<double>& values, std::vector<double> breaks) {
  std::vector<double> slopes(times.size(), 0);
  const auto is_break = [&](double t) { return std::any_of(breaks.begin(), breaks.end(), [&](double b) { return std::abs(b - t) < 1e-9; }); };
  for (std::size_t k = 0; k < times.size(); ++k) {
    const std::size_t below = k == 0 ? 0 : k - 1, above = k + 1 == times.size() || (k > 0 && is_break(times[k])) ? k : k + 1;
    if (above > below) slopes[k] = (values[above] - values[below]) / (times[above] - times[below]);
  }
  return InputCourse(times, values, slopes, std::move(breaks));
}

std::vector<double> grid(double from, double to, double step) {
  std::vector<double> out;
  const int count = static_cast<int>(std::ceil((to - from) / step - 1e-9));
  for (int k = 0; k <= count; ++k) out.push_back(from + (to - from) * k / count);
  return out;
}

// Strata of one arm and phase: which inputs reached the cell, and at which dose.
// `by_reached`: derivative of the strata's shares by the share of cells that each input of the arm reached, [inputs] of [strata].
std::vector<GroupStratum> strata_of(const Scenario& scenario, const CellsTwin& twin, const CellPool& pool, TruePhase phase, const TwinGroupSettings& settings, const Experiment& base, std::vector<std::vector<double>>& by_reached) {
  const CellsTwinSettings& cells = *scenario.cells;
  struct Given {
    std::size_t course = 0;
    double mean = 0;                                  // dose over the dish
    std::vector<models::Stratum> reached;             // nodes of reached cells, weights sum to one
  };
  std::vector<Given> given;
  for (const std::string& input : pool.inputs)
    for (std::size_t k = 0; k < twin.courses.size(); ++k)
      if (twin.courses[k].input == input) {
        const auto d = std::find_if(scenario.deliveries.begin(), scenario.deliveries.end(), [&](const auto& one) { return one.input == input; });
        given.push_back({k, twin.courses[k].mean_dose, models::uptake_strata(1, d->log_sd, d->log_sd > 0 ? settings.dose_nodes : 1)});
      }
  std::map<std::size_t, double> patterns;      // bit i: input i reached the cell
  double all = 0;
  for (const PooledCell& cell : pool.cells) {
    if (cell.phase != phase) continue;
    std::size_t bits = 0;
    for (std::size_t i = 0; i < pool.inputs.size(); ++i) bits |= cell.doses[i] > 0 ? std::size_t{1} << i : 0;
    patterns[bits] += 1, all += 1;
  }
  std::vector<GroupStratum> out;
  by_reached.assign(given.size(), {});
  std::vector<double> reached(given.size(), 0);
  for (const auto& [bits, count] : patterns)
    for (std::size_t i = 0; i < given.size(); ++i) reached[i] += bits >> i & 1 ? count / all : 0;
  for (const auto& [bits, count] : patterns) {
    std::vector<std::pair<double, std::vector<double>>> doses{{count / all, std::vector<double>(given.size(), 0)}};      // share, dose by input
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (!(bits >> i & 1)) continue;
      std::vector<std::pair<double, std::vector<double>>> finer;
      for (const auto& [share, dose] : doses)
        for (const auto& node : given[i].reached) {
          finer.emplace_back(share * node.weight, dose);
          finer.back().second[i] = node.relative_dose;
        }
      doses = std::move(finer);
    }
    for (const auto& [share, dose] : doses) {
      GroupStratum stratum{share, base, "cell", false};      // the key holds all that tells its inputs
      for (std::size_t i = 0; i < given.size(); ++i) {
        const DeliveryCourse& course = twin.courses[given[i].course];
        if (course.kind == "sirna") {
          if (!(dose[i] > 0)) continue;
          std::vector<double> times = grid(course.from_h, cells.harvest_h, 0.25), values;
          if (std::isfinite(course.until_h) && course.until_h < cells.harvest_h) {
            times = grid(course.from_h, course.until_h, 0.25);
            const auto later = grid(course.until_h, cells.harvest_h, 0.25);
            times.insert(times.end(), later.begin() + 1, later.end());
          }
          for (const double t : times) values.push_back(course.activity(dose[i], t));
          stratum.key += fmt::format(" {}={:.17g}", course.input, dose[i]);
          stratum.culture.inputs[course.input] = course_of(times, values, {course.from_h, std::isfinite(course.until_h) ? std::min(course.until_h, cells.harvest_h) : course.from_h});
        } else {
          if (dose[i] > 0) stratum.culture.inputs[course.input] = course.active.scaled(dose[i]), stratum.key += fmt::format(" {}={:.17g}", course.input, dose[i]);
          const double seen = (1 - cells.interferon_paracrine) * dose[i] + cells.interferon_paracrine * given[i].mean;
          if (seen > 0) stratum.culture.inputs["interferon"] = course.answer.scaled(seen), stratum.key += fmt::format(" after {}={:.17g}", course.input, seen);
        }
      }
      for (std::size_t i = 0; i < given.size(); ++i) by_reached[i].push_back(reached[i] <= 0 || reached[i] >= 1 ? 0.0 : bits >> i & 1 ? share / reached[i] : -share / (1 - reached[i]));
      out.push_back(std::move(stratum));
    }
  }
  return out;
}

// Standard deviation of the share of reached cells in the sequenced culture that the cells' own spread does not hold: founders are
// reached, not cells. With m cells of a founder at harvest it is p (1 - p) E[m (m - 1)] / E[m]^2 / founders.
double reached_error(const Scenario& scenario, const CellsTwin& twin, const CellPool& pool, std::size_t input) {
  const auto delivery = std::find_if(scenario.deliveries.begin(), scenario.deliveries.end(), [&](const auto& one) { return one.input == pool.inputs[input]; });
  const auto culture = std::find_if(twin.pools.begin(), twin.pools.end(), [&](const CellPool& one) { return one.arm == pool.arm; });
  if (culture == twin.pools.end() || culture->founders == 0) return 0;
  std::map<int, double> lines;
  for (const PooledCell& cell : pool.cells) lines[cell.founder] += 1;
  double cells = 0, pairs = 0;
  for (const auto& [founder, m] : lines) cells += m, pairs += m * (m - 1);
  const double p = delivery->transfected_fraction;
  return cells > 0 ? std::sqrt(p * (1 - p) * pairs * pool.founders / (cells * cells) / culture->founders) : 0;
}

// Shares of a group's cells that were in S and in G2/M at each time: what its lines went through.
void add_phases(Experiment& culture, const CellPool& pool, TruePhase phase, double until) {
  const std::vector<double> times = grid(culture.start_h, until, 0.5);
  for (const TruePhase which : {TruePhase::s, TruePhase::g2m}) {
    std::vector<double> values(times.size(), 0);
    double cells = 0;
    for (const PooledCell& cell : pool.cells) {
      if (cell.phase != phase) continue;
      cells += 1;
      for (std::size_t k = 0; k < times.size(); ++k) values[k] += cell.at(times[k]) == which ? 1 : 0;
    }
    for (double& value : values) value /= cells;
    culture.inputs[which == TruePhase::s ? "S" : "G2M"] = course_of(times, values, {});
  }
}

// What strata and library factors are not made for.
void refuse_other_designs(const Scenario& scenario, const CellsTwin& twin) {
  if (twin.libraries.size() > 2) throw InputError(scenario.file.string(), fmt::format("has {} sequencing libraries; genes' factors are fitted between two", twin.libraries.size()), "describe two libraries, or one");
  for (const auto& [arm, inputs] : scenario.arm_inputs) {
    std::vector<std::string> cytosolic;
    for (const auto& course : twin.courses)
      if (course.kind != "sirna" && std::find(inputs.begin(), inputs.end(), course.input) != inputs.end()) cytosolic.push_back(course.input);
    if (cytosolic.size() > 1) throw InputError(scenario.file.string(), fmt::format("the arm '{}' receives {} deliveries that are answered by interferon ({}); their answers are not added here", arm, cytosolic.size(), fmt::join(cytosolic, ", ")), "give each arm at most one modified mRNA or ligand");
  }
}

}  // namespace

TwinGroups twin_groups(const Scenario& scenario, const CellsTwin& twin, const std::vector<int>& states, const std::vector<int>& unmeasured, std::uint64_t shape, const TwinGroupSettings& settings) {
  const CellsTwinSettings& cells = *scenario.cells;
  refuse_other_designs(scenario, twin);
  const auto count = static_cast<Eigen::Index>(states.size());
  std::vector<int> column_state(twin.network.genes.size(), -1);
  std::vector<bool> outside(twin.network.genes.size(), false);
  for (Eigen::Index s = 0; s < count; ++s) column_state[static_cast<std::size_t>(twin.network.gene_of_state[static_cast<std::size_t>(states[static_cast<std::size_t>(s)])])] = static_cast<int>(s);
  for (std::size_t g = 0; g < outside.size(); ++g) outside[g] = twin.network.genes[g].programme == "unconnected";
  if (std::none_of(outside.begin(), outside.end(), [](bool one) { return one; })) throw InputError("[cells]", "has no genes outside the network to scale counts by", "raise genes");
  // sums by group, and of whole libraries for the ambient profile and the factors
  const auto first = first_cells(twin);
  std::map<std::pair<std::string, int>, Sums> sums;
  std::vector<Sums> whole(twin.libraries.size());
  std::vector<Eigen::VectorXd> outside_profile(twin.libraries.size(), Eigen::VectorXd::Zero(static_cast<Eigen::Index>(outside.size())));
  std::vector<std::vector<double>> totals(twin.libraries.size());      // counts of each droplet
  std::vector<int> outside_genes;
  for (std::size_t g = 0; g < outside.size(); ++g)
    if (outside[g]) outside_genes.push_back(static_cast<int>(g));
  Eigen::VectorXd outside_row = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(outside_genes.size()));      // of one cell
  Eigen::VectorXd outside_counts = outside_row, outside_squares = outside_row, outside_with = outside_row;   // of control cells in G1
  for (auto& one : whole) one.counts = Eigen::VectorXd::Zero(count);
  Eigen::VectorXd row = Eigen::VectorXd::Zero(count);
  for (int i = 0; i < twin.droplets(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    row.setZero();
    double size = 0, all = 0;
    const auto columns = twin.counts.columns_of(i);
    const auto values = twin.counts.values_of(i);
    const auto l = static_cast<std::size_t>(twin.library[at]);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const auto g = static_cast<std::size_t>(columns[k]);
      if (column_state[g] >= 0) row[column_state[g]] = values[k];
      if (outside[g]) size += values[k], outside_profile[l][columns[k]] += values[k];
      all += values[k];
    }
    totals[l].push_back(all);
    whole[l].counts += row;
    whole[l].outside += size;
    if (first[at + 1] - first[at] != 1 || !twin.droplet(i).stained) continue;
    const SequencedCell& cell = twin.cells[first[at]];
    Sums& sum = sums[{cell.arm, static_cast<int>(cell.phase)}];
    if (sum.cells == 0) sum.counts = sum.with_outside = Eigen::VectorXd::Zero(count), sum.products = Eigen::MatrixXd::Zero(count, count), sum.library = cell.library;
    ++sum.cells;
    sum.outside += size;
    sum.outside_squares += size * size;
    sum.counts += row;
    sum.products.selfadjointView<Eigen::Lower>().rankUpdate(row);
    sum.with_outside += size * row;
    if (!scenario.arm_inputs.at(cell.arm).empty() || cell.phase != TruePhase::g1) continue;
    outside_row.setZero();
    for (std::size_t k = 0, o = 0; k < columns.size() && o < outside_genes.size(); ++k) {
      while (o < outside_genes.size() && outside_genes[o] < columns[k]) ++o;
      if (o < outside_genes.size() && outside_genes[o] == columns[k]) outside_row[static_cast<Eigen::Index>(o)] = values[k];
    }
    outside_counts += outside_row, outside_squares += outside_row.cwiseAbs2(), outside_with += size * outside_row;
  }
  const auto control = std::find_if(sums.begin(), sums.end(), [&](const auto& one) { return scenario.arm_inputs.at(one.first.first).empty() && one.first.second == 0; });
  if (control == sums.end() || control->second.cells < settings.least_cells) throw InputError("[cells]", "has too few G1 cells of an arm without inputs: they are the unit", "add cells");
  const auto reference = static_cast<std::size_t>(control->second.library);
  TwinGroups out;
  // ambient counts of one droplet: the declared share of the median droplet
  std::vector<Eigen::VectorXd> ambient_counts;
  std::vector<double> ambient_outside;
  for (std::size_t l = 0; l < whole.size(); ++l) {
    double all = 0;
    for (const double total : totals[l]) all += total;
    const auto middle = totals[l].begin() + static_cast<std::ptrdiff_t>(totals[l].size() / 2);
    std::nth_element(totals[l].begin(), middle, totals[l].end());
    const double each = totals[l].empty() || !(all > 0) ? 0.0 : cells.ambient * *middle / all;
    ambient_counts.push_back(each * whole[l].counts);
    ambient_outside.push_back(each * whole[l].outside);
  }
  const auto outside_of = [&](const Sums& sum) { return sum.outside - sum.cells * ambient_outside[static_cast<std::size_t>(sum.library)]; };
  const auto ratio = [&](const Sums& sum) { return Eigen::VectorXd((sum.counts - sum.cells * ambient_counts[static_cast<std::size_t>(sum.library)]) / outside_of(sum)); };
  out.unit = ratio(control->second);
  for (const int s : unmeasured) out.unit[s] = nan;
  for (const auto& [key, sum] : sums) {
    const auto& [arm, phase] = key;
    if (sum.cells < settings.least_cells) {
      out.notes.push_back(fmt::format("{} {}: {} cells, left out.", arm, phase_names[phase], sum.cells));
      continue;
    }
    CellGroup group{fmt::format("{} {}", arm, phase_names[phase]), arm, phase_names[phase], static_cast<std::size_t>(sum.library) == reference ? 0 : 1, sum.cells, {}, Eigen::VectorXd::Constant(count, nan), Eigen::VectorXd::Constant(count, nan), {}, {}, {}};
    // residuals counts - mean * outside of the cells, and their covariance
    const Eigen::VectorXd mean = ratio(sum);
    const double n = sum.cells, size = outside_of(sum);
    Eigen::MatrixXd spread = Eigen::MatrixXd(sum.products.selfadjointView<Eigen::Lower>()) - mean * sum.with_outside.transpose() - sum.with_outside * mean.transpose() + mean * mean.transpose() * sum.outside_squares;
    const Eigen::VectorXd moved = sum.counts - mean * sum.outside;      // not 0: ambient counts are the same in every cell
    spread -= moved * moved.transpose() / n;
    group.counting = group.background = Eigen::VectorXd::Zero(count);
    for (Eigen::Index s = 0; s < count; ++s) {
      if (!(out.unit[s] > 0)) continue;
      group.mean[s] = mean[s] / out.unit[s];
      group.standard_error[s] = std::sqrt(std::max(spread(s, s) * n / (n - 1), 1.0)) / size / out.unit[s];
      group.counting[s] = 1 / (size * out.unit[s]);
      group.background[s] = n * ambient_counts[static_cast<std::size_t>(sum.library)][s] / size / out.unit[s];
    }
    const Eigen::VectorXd scale = spread.diagonal().cwiseMax(1.0).cwiseSqrt().cwiseInverse();
    group.correlation = scale.asDiagonal() * spread * scale.asDiagonal();
    group.correlation.diagonal().setOnes();
    out.groups.push_back(std::move(group));
  }
  // spread between cells of genes outside, counting noise apart: the better measured ones count more
  const Sums& in_control = control->second;
  double spread = 0, spread_weight = 0;
  for (Eigen::Index o = 0; o < outside_counts.size(); ++o) {
    const double each = outside_counts[o] / in_control.outside, expected = each * each * in_control.outside_squares, mean = outside_counts[o] / in_control.cells;
    if (!(mean > 0.1) || each > 0.02) continue;
    const double found = (outside_squares[o] - 2 * each * outside_with[o] + expected - outside_counts[o]) / expected, weight = 1 / std::pow(0.2 + 1 / mean, 2);
    spread += weight * found, spread_weight += weight;
  }
  if (spread_weight > 0) out.dispersion = std::clamp(spread / spread_weight, 0.0, 0.9);
  // truth in these units, and the spread between libraries from genes outside the network
  const auto true_outside = [&](std::size_t l) {
    double sum = 0;
    for (std::size_t g = 0; g < outside.size(); ++g)
      if (outside[g]) sum += twin.network.genes[g].umis * std::exp(twin.network.genes[g].batch[l]);
    return sum;
  };
  out.true_scale = Eigen::VectorXd::Ones(count);
  out.true_log_factor = Eigen::VectorXd::Zero(count);
  const std::size_t other = 1 - std::min<std::size_t>(reference, 1);
  for (Eigen::Index s = 0; s < count; ++s) {
    const TwinGene& gene = twin.network.genes[static_cast<std::size_t>(twin.network.gene_of_state[static_cast<std::size_t>(states[static_cast<std::size_t>(s)])])];
    if (out.unit[s] > 0) out.true_scale[s] = gene.umis * std::exp(gene.batch[reference]) / true_outside(reference) / out.unit[s];
    if (twin.libraries.size() > 1) out.true_log_factor[s] = gene.batch[other] - gene.batch[reference] - std::log(true_outside(other) / true_outside(reference));
  }
  if (twin.libraries.size() == 2) {
    double squares = 0, weight = 0;
    for (std::size_t g = 0; g < outside.size(); ++g) {
      const double x = outside_profile[reference][static_cast<Eigen::Index>(g)], y = outside_profile[other][static_cast<Eigen::Index>(g)];
      if (!outside[g] || x < 200 || y < 200) continue;
      const double difference = std::log(y / x * whole[reference].outside / whole[other].outside);
      squares += difference * difference - 1.5 * (1 / x + 1 / y), weight += 1;      // counting noise, and that between cells, taken away roughly
    }
    if (weight >= 20) out.library_sd = std::sqrt(std::max(1e-4, squares / weight));
  }
  // what the cells of each group went through
  std::map<std::string, CellPool> pools;
  std::map<std::string, SharedError> shared;
  for (CellGroup& group : out.groups) {
    auto pool = pools.find(group.arm);
    if (pool == pools.end()) pool = pools.emplace(group.arm, make_pool(scenario, group.arm, {0, 0, 0}, settings.pool_cells, shape + pools.size())).first;
    const auto phase = static_cast<TruePhase>(std::find(phase_names, phase_names + 3, group.phase) - phase_names);
    Experiment base;
    base.id = group.name;
    base.start_h = scenario.setup.start_h - cells.rest_h;
    base.sample_times_h = {cells.harvest_h};
    // Doses by strata without phases, plus what S and what G2/M add in a cell without doses: a product of mean courses would count cells that
    // are in both. Exact for genes that answer to phases or to doses; levels add for one that answers to both.
    std::vector<std::vector<double>> by_reached;
    group.strata = strata_of(scenario, twin, pool->second, phase, settings, base, by_reached);
    for (std::size_t i = 0; i < by_reached.size(); ++i) {
      by_reached[i].resize(by_reached[i].size() + 3, 0.0);      // the three strata that follow
      SharedError& error = shared[group.arm + " " + pool->second.inputs[i]];
      if (error.by_stratum.empty()) error.name = fmt::format("cells that {} reached in {}", pool->second.inputs[i], group.arm), error.sd = reached_error(scenario, twin, pool->second, i);
      error.by_stratum[group.name] = by_reached[i];
    }
    Experiment in_phases = base;
    add_phases(in_phases, pool->second, phase, cells.harvest_h);
    for (const char* one : {"S", "G2M"}) {
      Experiment only = base;
      only.inputs[one] = in_phases.inputs.at(one);
      group.strata.push_back({1, only, "", true});
    }
    group.strata.push_back({-2, base, "few", true});
  }
  for (auto& [name, error] : shared)
    if (error.sd > 0) out.shared.push_back(std::move(error));
  return out;
}

}  // namespace hyped
