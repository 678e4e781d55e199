// Cultures simulated by the imaging twin, looked at once.
#include "experiments/twin/cells/cell_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/scenario.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "models/delivery/uptake.hpp"

namespace hyped {
namespace {

constexpr double look_ahead_h = 40;      // phases that last beyond the harvest are followed, to know how far they are

// Relative dose of each input in each stratum of the arm, in the order in which build_arms makes strata.
struct UptakeOf {
  std::string input;
  double log_sd = 0;                         // of cells within the one stratum of reached cells; 0: the strata say it all
  std::vector<models::Stratum> strata;
};
std::vector<UptakeOf> uptakes_of(const Scenario& scenario, const std::string& arm) {
  std::vector<UptakeOf> out;
  for (const std::string& input : scenario.arm_inputs.at(arm))
    for (const DeliveredInput& d : scenario.deliveries)
      if (d.input == input) out.push_back({input, d.dose_points == 1 ? d.log_sd : 0, models::uptake_strata(d.transfected_fraction, d.log_sd, d.dose_points)});
  return out;
}

std::vector<double> doses_of(const std::vector<UptakeOf>& uptakes, int stratum, RandomStream& random) {
  std::vector<double> doses(uptakes.size(), 0);
  for (std::size_t k = uptakes.size(); k-- > 0;) {      // the last input varies fastest
    const int count = static_cast<int>(uptakes[k].strata.size());
    doses[k] = uptakes[k].strata[static_cast<std::size_t>(stratum % count)].relative_dose;
    stratum /= count;
    const double sd = uptakes[k].log_sd;
    if (doses[k] > 0 && sd > 0) doses[k] *= std::exp(sd * random.normal() - 0.5 * sd * sd);
  }
  return doses;
}

// One stay as sorted phases; a phase S/G2/M is S for its first part.
void add_stay(std::vector<PooledCell::Stay>& stays, const TwinPhase& stay, double s_share) {
  const auto add = [&](double from, TruePhase phase) {
    if (stays.empty() || stays.back().phase != phase) stays.push_back({from, phase});
  };
  if (stay.phase == "G0" || stay.phase == "G1") add(stay.from_h, TruePhase::g1);
  else if (stay.phase == "S") add(stay.from_h, TruePhase::s);
  else if (stay.phase == "G2/M" || stay.phase == "G2" || stay.phase == "M") add(stay.from_h, TruePhase::g2m);
  else if (stay.phase == "S/G2/M") {
    if (s_share > 0) add(stay.from_h, TruePhase::s);
    if (s_share < 1) add(stay.from_h + s_share * (stay.until_h - stay.from_h), TruePhase::g2m);
  } else {
    throw InputError("[cells]", fmt::format("phase '{}' of the cell-cycle model is neither G1, S nor G2/M", stay.phase), "use a model with G0, G1, S, G2/M or S/G2/M");
  }
}

std::vector<PooledCell> harvested(const std::vector<TwinPhase>& tracks, const std::vector<UptakeOf>& uptakes, const CellsTwinSettings& settings, std::uint64_t seed) {
  std::map<int, std::pair<std::size_t, std::size_t>> rows;      // of each cell
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    auto& own = rows.try_emplace(tracks[i].cell, i, i).first->second;
    own.second = i + 1;
  }
  std::vector<PooledCell> out;
  for (const auto& [id, own] : rows) {
    bool there = false;
    for (std::size_t i = own.first; i < own.second; ++i) there = there || (tracks[i].from_h <= settings.harvest_h && settings.harvest_h < tracks[i].until_h);
    if (!there) continue;
    std::vector<int> line{id};
    while (tracks[rows.at(line.back()).first].parent >= 0) line.push_back(tracks[rows.at(line.back()).first].parent);
    PooledCell cell;
    cell.founder = line.back();
    for (auto ancestor = line.rbegin(); ancestor != line.rend(); ++ancestor)
      for (std::size_t i = rows.at(*ancestor).first; i < rows.at(*ancestor).second; ++i) add_stay(cell.stays, tracks[i], settings.s_share);
    cell.phase = cell.at(settings.harvest_h);
    RandomStream random(seed, 0x706f6f6c, static_cast<std::uint32_t>(id));
    cell.doses = doses_of(uptakes, tracks[own.first].stratum, random);
    out.push_back(std::move(cell));
  }
  return out;
}

}  // namespace

const char* to_string(TruePhase phase) { return phase == TruePhase::g1 ? "G1" : phase == TruePhase::s ? "S" : "G2M"; }

TruePhase PooledCell::at(double time_h) const {
  TruePhase now = stays.front().phase;
  for (const Stay& stay : stays) {
    if (stay.from_h > time_h) break;
    now = stay.phase;
  }
  return now;
}

CellPool make_pool(const Scenario& scenario, const std::string& arm, std::array<int, 3> wanted, int unsorted, std::uint64_t seed) {
  const CellsTwinSettings& settings = *scenario.cells;
  CycleSetup setup = scenario.setup;
  std::erase_if(setup.arms, [&](const Arm& a) { return a.condition != arm; });
  HYPED_REQUIRE(setup.arms.size() == 1);
  TwinSettings culture = *scenario.twin;
  culture.wells = {{arm, 1}};
  culture.seeding_spread = 0;
  culture.times_h = {settings.harvest_h, settings.harvest_h + look_ahead_h};
  const int all = wanted[0] + wanted[1] + wanted[2] + unsorted;
  double founders = std::max(200, all);
  const auto uptakes = uptakes_of(scenario, arm);
  for (int attempt = 0; attempt < 6; ++attempt) {
    culture.cells_per_well = founders;
    const Twin twin = simulate_twin(setup, culture, seed, true);
    CellPool pool{arm, {}, harvested(twin.tracks, uptakes, settings, seed), twin.well_factors.front(), static_cast<int>(twin.well_cells.front())};
    for (const auto& uptake : uptakes) pool.inputs.push_back(uptake.input);
    std::array<double, 3> found{0, 0, 0};
    for (const PooledCell& cell : pool.cells) found[static_cast<std::size_t>(cell.phase)] += 1;
    double short_by = static_cast<double>(all) / std::max(1.0, static_cast<double>(pool.cells.size()));
    for (std::size_t k = 0; k < 3; ++k)
      if (wanted[k] > 0) short_by = std::max(short_by, wanted[k] / std::max(0.5, found[k]));
    if (short_by <= 1) return pool;
    founders = std::ceil(founders * std::min(20.0, 1.2 * short_by));
    if (founders > 2e6) break;
  }
  throw InputError(scenario.setup.place("arm " + arm), fmt::format("a culture of this arm does not hold {} cells ({} in G1, {} in S, {} in G2/M) at {} h", all, wanted[0], wanted[1], wanted[2], settings.harvest_h),
                   "ask for fewer cells, another harvest_h, or change the truth of [twin]");
}

}  // namespace hyped
