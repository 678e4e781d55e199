// Lineages resampled within wells; wells as replicates.
#include "libhyped/image/phases/phase_shares.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "libhyped/image/phases/arm_shares.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr int versions = 8;
constexpr double unseen = 0.5;               // lineages a class

double logit(double p) { return std::log(p / (1 - p)); }

// Rows of the well's lineages, version by version.
struct Lineages {
  std::vector<double> times_h;
  std::vector<Eigen::MatrixXf> rows;         // [families x (T (K + 1))] each version
  int count = 0;
};

Lineages lineages_of(const CellTracks& tracks, const NucleusCalls& calls, int film, const ShareOptions& options) {
  Lineages out;
  std::map<double, int> times;
  std::map<int, int> family;
  for (std::size_t c = 0; c < tracks.cells.size(); ++c) {
    const FollowedCell& cell = tracks.cells[c];
    if (cell.film != film || cell.row_count == 0) continue;
    family.emplace(calls.family[c], 0);
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) times.emplace(tracks.frames.time_h[static_cast<std::size_t>(r)], 0);
  }
  for (auto& [time, index] : times) index = static_cast<int>(out.times_h.size()), out.times_h.push_back(time);
  for (auto& [root, index] : family) index = out.count++;
  const int classes = static_cast<int>(calls.phases.size()) + 1;
  out.rows.assign(versions + 1, Eigen::MatrixXf::Zero(out.count, static_cast<Eigen::Index>(out.times_h.size()) * classes));
  for (std::size_t c = 0; c < tracks.cells.size(); ++c) {
    const FollowedCell& cell = tracks.cells[c];
    if (cell.film != film) continue;
    RandomStream random(options.seed, 0x73686172, static_cast<std::uint32_t>(c));
    for (int v = 0; v <= versions; ++v) {
      const double u = random.uniform();
      for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
        const auto row = static_cast<std::size_t>(r);
        if (!tracks.frames.filled.empty() && tracks.frames.filled[row] != 0) continue;
        int k = calls.phase[row];
        if (k < 0) k = classes - 1;
        else if (v < versions && u > calls.certainty[row]) k = (k + 1) % (classes - 1);      // the neighbour in the cycle
        out.rows[static_cast<std::size_t>(v)](family[calls.family[c]], times[tracks.frames.time_h[row]] * classes + k) += 1;
      }
    }
  }
  return out;
}

// One draw of the well's counts: weighted lineages and half a lineage, of its mean size, for each phase.
Eigen::RowVectorXf drawn_counts(const Lineages& lineages, int classes, int draw, int film, const ShareOptions& options) {
  RandomStream random(options.seed, 0x64726177 + static_cast<std::uint32_t>(film), static_cast<std::uint32_t>(draw));
  Eigen::RowVectorXf weight(lineages.count);
  for (int f = 0; f < lineages.count; ++f) weight[f] = static_cast<float>(random.exponential());
  Eigen::RowVectorXf out = weight * lineages.rows[static_cast<std::size_t>(draw % versions)];
  for (int k = 0; k + 1 < classes; ++k) {
    const auto more = static_cast<float>(random.gamma(unseen));
    for (Eigen::Index t = 0; t < out.size() / classes; ++t) out[t * classes + k] += more;
  }
  return out;
}

void quantiles(std::vector<double>& draws, double& lower, double& upper) {
  std::sort(draws.begin(), draws.end());
  const auto at = [&](double q) { return draws[static_cast<std::size_t>(std::lround(q * static_cast<double>(draws.size() - 1)))]; };
  lower = at(0.025), upper = at(0.975);
}

WellShares shares_of_well(const Lineages& lineages, int phases, int film, const ShareOptions& options, WellLogits& logits) {
  const int classes = phases + 1;
  const auto frames = static_cast<Eigen::Index>(lineages.times_h.size());
  WellShares out;
  out.film = film, out.times_h = lineages.times_h, out.families = lineages.count;
  const Eigen::RowVectorXf plain = lineages.rows.back().colwise().sum();
  out.counts = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(plain.data(), frames, classes).cast<double>();
  for (ShareBand* band : {&out.labelled, &out.all}) band->estimate = band->lower = band->upper = Eigen::MatrixXd::Constant(frames, phases, std::nan(""));
  logits.times_h = lineages.times_h;
  logits.mean = logits.sd = Eigen::MatrixXd::Constant(frames, phases, std::nan(""));
  std::vector<Eigen::MatrixXf> drawn(static_cast<std::size_t>(phases), Eigen::MatrixXf::Zero(options.draws, frames));      // logits less their mean, in units of their sd
  Eigen::MatrixXf draws(options.draws, plain.size());
  for (int d = 0; d < options.draws; ++d) draws.row(d) = drawn_counts(lineages, classes, d, film, options);
  std::vector<double> some(static_cast<std::size_t>(options.draws));
  for (Eigen::Index t = 0; t < frames; ++t) {
    const double labelled = out.counts.row(t).head(phases).sum(), all = out.counts.row(t).sum();
    for (int k = 0; k < phases; ++k) {
      if (labelled > 0) {
        out.labelled.estimate(t, k) = out.counts(t, k) / labelled;
        auto column = drawn[static_cast<std::size_t>(k)].col(t);
        for (int d = 0; d < options.draws; ++d) {
          const double share = draws(d, t * classes + k) / draws.row(d).segment(t * classes, phases).sum();
          some[static_cast<std::size_t>(d)] = share;
          column[d] = static_cast<float>(logit(std::clamp(share, 1e-9, 1 - 1e-9)));
        }
        const double mean = column.cast<double>().mean(), sd = std::sqrt((column.cast<double>().array() - mean).square().mean());
        logits.mean(t, k) = mean;
        logits.sd(t, k) = sd;
        column.array() -= static_cast<float>(mean);
        if (sd > 0) column /= static_cast<float>(sd);
        quantiles(some, out.labelled.lower(t, k), out.labelled.upper(t, k));
      }
      if (all > 0) {
        out.all.estimate(t, k) = out.counts(t, k) / all;
        for (int d = 0; d < options.draws; ++d) some[static_cast<std::size_t>(d)] = draws(d, t * classes + k) / draws.row(d).segment(t * classes, classes).sum();
        quantiles(some, out.all.lower(t, k), out.all.upper(t, k));
      }
    }
  }
  for (const auto& one : drawn) logits.correlation.push_back((one.transpose() * one / static_cast<float>(options.draws)).cast<double>());
  return out;
}

}  // namespace

PhaseShares phase_shares(const CellTracks& tracks, const NucleusCalls& calls, const ShareOptions& options) {
  PhaseShares out;
  out.phases = calls.phases;
  const int films = static_cast<int>(tracks.films.size());
  out.wells.resize(tracks.films.size());
  std::vector<WellLogits> logits(tracks.films.size());
  parallel_for(films, [&](int film) {
    const Lineages lineages = lineages_of(tracks, calls, film, options);
    out.wells[static_cast<std::size_t>(film)] = shares_of_well(lineages, static_cast<int>(calls.phases.size()), film, options, logits[static_cast<std::size_t>(film)]);
    logits[static_cast<std::size_t>(film)].condition = tracks.films[static_cast<std::size_t>(film)].condition;
  });
  out.arms = arm_shares(logits, static_cast<int>(calls.phases.size()));
  double doubt = 0;
  long rows = 0;
  for (std::size_t r = 0; r < calls.phase.size(); ++r)
    if (calls.phase[r] >= 0) doubt += 1 - calls.certainty[r], ++rows;
  out.misread = rows > 0 ? doubt / static_cast<double>(rows) : 0;
  return out;
}

PhaseCounts counts_of_shares(const PhaseShares& shares, const CellTracks& tracks) {
  PhaseCounts out;
  out.source = tracks.source;
  out.classes = shares.phases;
  out.classes.emplace_back("unlabelled");
  out.time_axis = tracks.time_axis;
  for (const WellShares& well : shares.wells) {
    const Film& film = tracks.films[static_cast<std::size_t>(well.film)];
    out.wells.push_back({film.condition, film.name, well.times_h, well.counts, std::vector<int>(well.times_h.size(), 0)});
  }
  return out;
}

}  // namespace hyped
