// Wells of cells, thinned to each arm's density.
#include "experiments/twin/images/image_twin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr double release_pixels = 2826.0 * 3245.0, margin = 40;      // margin: of field.cpp

std::string sample_of(const std::string& condition) {
  static const std::map<std::string, std::string> folders = {{"control", "Negative_Controls"}, {"siPRRX1", "PRRX1"}, {"mmMYOD1", "Myod"}, {"dual", "Myod_PRRX1"}};
  const auto found = folders.find(condition);
  return found == folders.end() ? file_name_of(condition) : found->second;
}

// Founders stay with this chance, with all their descendants.
std::vector<TwinPhase> thinned(const std::vector<TwinPhase>& phases, double share, RandomStream random) {
  std::vector<TwinPhase> out;
  std::set<int> kept, dropped;
  for (const TwinPhase& p : phases) {
    if (!kept.contains(p.cell) && !dropped.contains(p.cell)) {
      const bool keep = p.parent >= 0 ? kept.contains(p.parent) : random.uniform() < share;
      (keep ? kept : dropped).insert(p.cell);
    }
    if (kept.contains(p.cell)) out.push_back(p);
  }
  return out;
}

Eigen::MatrixXd labelled_shares(const Eigen::MatrixXd& values, const std::vector<int>& labelled) {
  Eigen::MatrixXd out(values.rows(), static_cast<Eigen::Index>(labelled.size()));
  for (std::size_t k = 0; k < labelled.size(); ++k) out.col(static_cast<Eigen::Index>(k)) = values.col(labelled[k]);
  for (Eigen::Index t = 0; t < out.rows(); ++t) out.row(t) /= std::max(1.0, out.row(t).sum());
  return out;
}

}  // namespace

ImageTwin::ImageTwin(const Scenario& scenario, const ImageTwinSettings& settings, std::uint64_t seed, int wells_per_arm) : scenario_(scenario), settings_(settings), seed_(seed) {
  if (!scenario.twin) throw InputError(scenario.file.string(), "the scenario has no [twin]", "add wells, cells and truth");
  if (settings.rows < 64 || settings.columns < 64 || settings.rows > 20000 || settings.columns > 20000) throw InputError("--rows, --columns", fmt::format("{} x {} pixels are no picture", settings.rows, settings.columns), "give 64 to 20000 each");
  cells_ = *scenario.twin;
  if (settings.frames > 0 && settings.frames < static_cast<int>(cells_.times_h.size())) cells_.times_h.resize(static_cast<std::size_t>(settings.frames));
  double most = 0;
  for (const Arm& arm : scenario.setup.arms) {
    const auto factor = settings.arm_cells.find(arm.condition);
    most = std::max(most, factor == settings.arm_cells.end() ? 1.0 : factor->second);
    if (wells_per_arm > 0 && cells_.wells.contains(arm.condition)) cells_.wells[arm.condition] = std::min(cells_.wells[arm.condition], wells_per_arm);
  }
  cells_.cells_per_well = std::max(20.0, settings.cells_per_frame * most * (settings.rows + 2 * margin) * (settings.columns + 2 * margin) / release_pixels);
  twin_ = simulate_twin(scenario.setup, cells_, seed, true);
  std::vector<TwinPhase> kept;
  std::map<std::string, int> numbers;
  for (std::size_t i = 0; i < twin_.tracks.size();) {
    const TwinPhase& first = twin_.tracks[i];
    std::size_t until = i;
    while (until < twin_.tracks.size() && twin_.tracks[until].condition == first.condition && twin_.tracks[until].well == first.well) ++until;
    const auto factor = settings.arm_cells.find(first.condition);
    const std::vector<TwinPhase> here(twin_.tracks.begin() + static_cast<std::ptrdiff_t>(i), twin_.tracks.begin() + static_cast<std::ptrdiff_t>(until));
    const std::vector<TwinPhase> some = thinned(here, (factor == settings.arm_cells.end() ? 1.0 : factor->second) / most, RandomStream(seed, 0x7468696e, static_cast<std::uint32_t>(wells_.size())));
    if (some.empty()) throw InputError("--cells", "leave a well of arm '" + first.condition + "' without cells", "give more cells or a larger field");
    wells_.push_back({first.condition, first.well, sample_of(first.condition), fmt::format("{}", ++numbers[first.condition])});
    phases_of_.emplace_back(kept.size(), kept.size() + some.size());
    kept.insert(kept.end(), some.begin(), some.end());
    i = until;
  }
  twin_.tracks = std::move(kept);
  pictures_ = std::make_unique<FieldPictures>(settings, seed);
}

FieldFilm ImageTwin::film(int well) const {
  const auto [from, until] = phases_of_[static_cast<std::size_t>(well)];
  const std::vector<TwinPhase> phases(twin_.tracks.begin() + static_cast<std::ptrdiff_t>(from), twin_.tracks.begin() + static_cast<std::ptrdiff_t>(until));
  return film_field(phases, cells_.times_h, settings_, seed_, static_cast<std::uint32_t>(well));
}

std::map<int, int> ImageTwin::mothers(int well) const {
  std::map<int, int> out;
  for (std::size_t i = phases_of_[static_cast<std::size_t>(well)].first; i < phases_of_[static_cast<std::size_t>(well)].second; ++i)
    if (twin_.tracks[i].parent >= 0) out[twin_.tracks[i].cell] = twin_.tracks[i].parent;
  return out;
}

ExpectedShares ImageTwin::expected(double cells) const {
  TwinSettings many = cells_;
  many.cells_per_well = cells;
  many.missed = 0;
  many.sister_correlation = 0;      // means do not depend on it
  many.truth["misread_fraction"] = 0;
  const Twin wells = simulate_twin(scenario_.setup, many, seed_);      // the same seed draws the same rates for every well
  many.rate_spread = 0;
  many.cells_per_well = 2 * cells;
  for (auto& [arm, count] : many.wells) count = 1;
  const Twin arms = simulate_twin(scenario_.setup, many, seed_ + 1);
  ExpectedShares out;
  out.times_h = cells_.times_h;
  std::vector<int> labelled;
  for (std::size_t k = 0; k < scenario_.setup.map.classes.size(); ++k)
    if (!scenario_.setup.map.classes[k].phases.empty() && !scenario_.setup.map.classes[k].every_cell) {
      labelled.push_back(static_cast<int>(k));
      out.classes.push_back(scenario_.setup.map.classes[k].name);
    }
  for (const auto& well : wells.counts.wells) out.wells.push_back(labelled_shares(well.values, labelled));
  for (const auto& arm : arms.counts.wells) {
    out.arms.push_back(arm.condition);
    out.by_arm.push_back(labelled_shares(arm.values, labelled));
  }
  return out;
}

}  // namespace hyped
