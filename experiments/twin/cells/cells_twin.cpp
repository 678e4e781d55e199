// Who is sequenced, what each cell expresses, and what is counted.
#include "experiments/twin/cells/cells_twin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "experiments/scenario.hpp"
#include "experiments/twin/cells/count_cells.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/diagonal_sde.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t sorting_job = 0x736f7274, expression_job = 0x65787072;

// A cell of a culture; indices of pool and cell.
struct Taken {
  std::size_t pool = 0, cell = 0;
};

// Every cell of a droplet, its sample and what was sorted: the phase wanted, or any.
struct Wanted {
  int phase = -1;
};
std::vector<Wanted> wanted_phases(const CellsTwinSettings& settings, const std::vector<SequencedCell>& cells, std::uint64_t seed) {
  std::vector<Wanted> out(cells.size());
  for (std::size_t m = 0; m < cells.size(); ++m) {
    const std::string& sorted = settings.libraries[static_cast<std::size_t>(cells[m].library)].samples[static_cast<std::size_t>(cells[m].sample)].phase;
    if (sorted.empty()) continue;
    RandomStream random(seed, sorting_job, static_cast<std::uint32_t>(m));
    const int meant = sorted == "G1" ? 0 : sorted == "S" ? 1 : 2;
    out[m].phase = random.uniform() < settings.sort_purity ? meant : (meant + 1 + static_cast<int>(2 * random.uniform())) % 3;
  }
  return out;
}

// Cells of each arm's culture, sorted ones first, no cell twice.
std::vector<Taken> take_cells(CellsTwin& twin, const Scenario& scenario, std::uint64_t seed) {
  const CellsTwinSettings& settings = *scenario.cells;
  const std::vector<Wanted> wanted = wanted_phases(settings, twin.cells, seed);
  std::vector<Taken> out(twin.cells.size());
  for (std::size_t a = 0; a < scenario.setup.arms.size(); ++a) {
    const std::string& arm = scenario.setup.arms[a].condition;
    std::array<int, 3> sorted{0, 0, 0};
    int unsorted = 0;
    for (std::size_t m = 0; m < twin.cells.size(); ++m)
      if (twin.cells[m].arm == arm) ++(wanted[m].phase >= 0 ? sorted[static_cast<std::size_t>(wanted[m].phase)] : unsorted);
    if (sorted[0] + sorted[1] + sorted[2] + unsorted == 0) continue;
    twin.pools.push_back(make_pool(scenario, arm, sorted, unsorted, seed + 0x9e3779b97f4a7c15ULL * (a + 1)));
    const CellPool& pool = twin.pools.back();
    RandomStream random(seed, sorting_job, static_cast<std::uint32_t>(0xf0000000u + a));
    std::vector<std::size_t> order(pool.cells.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[static_cast<std::size_t>(random.uniform() * static_cast<double>(i))]);
    std::array<std::size_t, 4> next{0, 0, 0, 0};      // where to look on, per phase and for any
    std::vector<bool> used(order.size(), false);
    for (const bool any : {false, true})
      for (std::size_t m = 0; m < twin.cells.size(); ++m) {
        if (twin.cells[m].arm != arm || (wanted[m].phase < 0) != any) continue;
        std::size_t& at = next[any ? 3 : static_cast<std::size_t>(wanted[m].phase)];
        while (used[order[at]] || (!any && static_cast<int>(pool.cells[order[at]].phase) != wanted[m].phase)) ++at;
        used[order[at]] = true;
        out[m] = {twin.pools.size() - 1, order[at]};
        twin.cells[m].phase = pool.cells[order[at]].phase;
      }
  }
  return out;
}

// Inputs of the network in one cell at one time [inputs].
class CellInputs {
 public:
  CellInputs(const CellsTwin& twin, const Scenario& scenario) : twin_(twin), settings_(*scenario.cells) {
    for (const auto& course : twin.courses)
      for (const auto& pool : twin.pools)
        mean_dose_[pool.arm + "\n" + course.input] = std::find(pool.inputs.begin(), pool.inputs.end(), course.input) != pool.inputs.end() ? course.mean_dose : 0.0;
  }
  std::vector<double> mean_doses(const std::string& arm) const {
    std::vector<double> out;
    for (const auto& course : twin_.courses) out.push_back(mean_dose_.at(arm + "\n" + course.input));
    return out;
  }
  void at(const SequencedCell& cell, std::span<const double> mean_doses, TruePhase phase, double t, std::span<double> out) const {
    double answer = 0;
    for (std::size_t k = 0; k < twin_.courses.size(); ++k) {
      const DeliveryCourse& course = twin_.courses[k];
      out[k] = course.activity(cell.doses[k], t);
      const double seen = (1 - settings_.interferon_paracrine) * cell.doses[k] + settings_.interferon_paracrine * mean_doses[k];
      if (seen > 0) answer += seen * std::max(0.0, course.answer(t)) * (course.kind == "sirna" ? settings_.interferon_of_sirna : 1.0);
    }
    out[static_cast<std::size_t>(twin_.network.interferon)] = answer;
    out[static_cast<std::size_t>(twin_.network.s_phase)] = phase == TruePhase::s ? 1 : 0;
    out[static_cast<std::size_t>(twin_.network.g2m)] = phase == TruePhase::g2m ? 1 : 0;
  }

 private:
  const CellsTwin& twin_;
  const CellsTwinSettings& settings_;
  std::map<std::string, double> mean_dose_;
};

// Expression of every cell at harvest.
void express(CellsTwin& twin, const Scenario& scenario, const std::vector<Taken>& taken, std::uint64_t seed) {
  const CellsTwinSettings& settings = *scenario.cells;
  const models::SaturatingNetwork& model = *twin.network.model;
  const CellInputs inputs(twin, scenario);
  std::vector<std::vector<double>> means;
  for (const auto& cell : twin.cells) means.push_back(inputs.mean_doses(cell.arm));
  const auto pooled = [&](int m) -> const PooledCell& { return twin.pools[taken[static_cast<std::size_t>(m)].pool].cells[taken[static_cast<std::size_t>(m)].cell]; };
  SdeEnsemble e;
  e.model = &model;
  e.parameters = model.default_parameters();
  for (const int g : twin.network.gene_of_state) {
    e.noise.strength.push_back(twin.network.genes[static_cast<std::size_t>(g)].noise);
    e.noise.relaxation.push_back(twin.network.genes[static_cast<std::size_t>(g)].relaxation);
  }
  e.paths = static_cast<int>(twin.cells.size());
  e.start_h = scenario.setup.start_h - settings.rest_h;
  e.sample_times_h = {settings.harvest_h};
  for (const auto& course : twin.courses) {
    e.breaks_h.push_back(course.from_h);
    if (std::isfinite(course.until_h)) e.breaks_h.push_back(course.until_h);
  }
  for (std::size_t k = 0; k < model.definition().inputs.size(); ++k) e.driven.push_back(static_cast<int>(k));
  e.drive = [&](int m, double t, std::span<double> u) { inputs.at(twin.cells[static_cast<std::size_t>(m)], means[static_cast<std::size_t>(m)], pooled(m).at(t), t, u); };
  const double log_variance = std::log1p(settings.dispersion);
  e.start = [&](int, RandomStream& random, std::span<double> x) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = twin.network.rest[i] * std::exp(std::sqrt(log_variance) * random.normal() - 0.5 * log_variance);
  };
  SdeOptions options;
  options.step_h = settings.step_h;
  options.job = expression_job;
  SdePaths paths = simulate_sde(e, seed, options);
  twin.levels = std::move(paths.states[0]);
  twin.sde_steps = paths.steps;
  twin.outcome = paths.outcome;
  for (std::size_t m = 0; m < twin.cells.size(); ++m) {
    SequencedCell& cell = twin.cells[m];
    cell.inputs.resize(e.driven.size());
    inputs.at(cell, means[m], cell.phase, settings.harvest_h, cell.inputs);
    for (std::size_t k = 0; k < twin.courses.size(); ++k)
      if (twin.courses[k].kind == "modified_mrna" && cell.doses[k] > 0 && settings.harvest_h > twin.courses[k].from_h)
        cell.exogenous_umis += settings.exogenous_umis * cell.doses[k] * std::max(0.0, twin.courses[k].transcript(settings.harvest_h));
  }
}

}  // namespace

const Droplet& CellsTwin::droplet(int row) const {
  int first = 0;
  for (int l = 0; l < library[static_cast<std::size_t>(row)]; ++l) first += static_cast<int>(libraries[static_cast<std::size_t>(l)].droplets.size());
  return libraries[static_cast<std::size_t>(library[static_cast<std::size_t>(row)])].droplets[static_cast<std::size_t>(row - first)];
}

CellsTwin simulate_cells_twin(const Scenario& scenario, std::uint64_t seed) {
  if (!scenario.cells) throw InputError(scenario.file.string(), "the scenario has no [cells]", "add its libraries, or use hyped_twin");
  const CellsTwinSettings& settings = *scenario.cells;
  CellsTwin twin;
  twin.network = make_twin_network(settings, seed);
  twin.courses = delivery_courses(scenario);
  for (std::size_t l = 0; l < settings.libraries.size(); ++l) {
    const LibrarySettings& library = settings.libraries[l];
    twin.libraries.push_back(make_droplets(settings, library, seed, static_cast<int>(l)));
    for (const Droplet& d : twin.libraries.back().droplets) {
      for (const int sample : d.samples) {
        SequencedCell cell;
        cell.droplet = twin.droplets();
        cell.library = static_cast<int>(l);
        cell.sample = sample;
        cell.arm = library.samples[static_cast<std::size_t>(sample)].arm;
        cell.doses.assign(settings.delivered.size(), 0);
        twin.cells.push_back(std::move(cell));
      }
      twin.library.push_back(static_cast<int>(l));
    }
  }
  const std::vector<Taken> taken = take_cells(twin, scenario, seed);
  for (std::size_t m = 0; m < twin.cells.size(); ++m) {
    const CellPool& pool = twin.pools[taken[m].pool];
    for (std::size_t k = 0; k < settings.delivered.size(); ++k)
      for (std::size_t i = 0; i < pool.inputs.size(); ++i)
        if (pool.inputs[i] == settings.delivered[k].input) twin.cells[m].doses[k] = pool.cells[taken[m].cell].doses[i];
  }
  express(twin, scenario, taken, seed);
  if (twin.outcome.ok()) count_cells(twin, settings, seed);
  for (CellPool& pool : twin.pools) pool.cells.clear();
  return twin;
}

}  // namespace hyped
