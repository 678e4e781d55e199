// Lineages resampled within wells; wells as replicates.
#include "libhyped/image/phases/phase_shares.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <numeric>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr int versions = 8;
constexpr double unseen = 0.5;               // lineages a class

double logit(double p) { return std::log(p / (1 - p)); }

struct WellDraws {
  Eigen::MatrixXd mean_logit, sd_logit;      // of the share among labelled [T x K]
};

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

WellShares shares_of_well(const Lineages& lineages, int phases, int film, const ShareOptions& options, WellDraws& summary) {
  const int classes = phases + 1;
  const auto frames = static_cast<Eigen::Index>(lineages.times_h.size());
  WellShares out;
  out.film = film, out.times_h = lineages.times_h, out.families = lineages.count;
  const Eigen::RowVectorXf plain = lineages.rows.back().colwise().sum();
  out.counts = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(plain.data(), frames, classes).cast<double>();
  for (ShareBand* band : {&out.labelled, &out.all}) band->estimate = band->lower = band->upper = Eigen::MatrixXd::Constant(frames, phases, std::nan(""));
  summary.mean_logit = summary.sd_logit = Eigen::MatrixXd::Constant(frames, phases, std::nan(""));
  Eigen::MatrixXf draws(options.draws, plain.size());
  for (int d = 0; d < options.draws; ++d) draws.row(d) = drawn_counts(lineages, classes, d, film, options);
  std::vector<double> some(static_cast<std::size_t>(options.draws));
  for (Eigen::Index t = 0; t < frames; ++t) {
    const double labelled = out.counts.row(t).head(phases).sum(), all = out.counts.row(t).sum();
    for (int k = 0; k < phases; ++k) {
      if (labelled > 0) {
        out.labelled.estimate(t, k) = out.counts(t, k) / labelled;
        double sum = 0, square = 0;
        for (int d = 0; d < options.draws; ++d) {
          const double share = draws(d, t * classes + k) / draws.row(d).segment(t * classes, phases).sum(), l = logit(std::clamp(share, 1e-9, 1 - 1e-9));
          some[static_cast<std::size_t>(d)] = share;
          sum += l, square += l * l;
        }
        const double n = options.draws, mean = sum / n;
        summary.mean_logit(t, k) = mean;
        summary.sd_logit(t, k) = std::sqrt(std::max(0.0, square / n - mean * mean));
        quantiles(some, out.labelled.lower(t, k), out.labelled.upper(t, k));
      }
      if (all > 0) {
        out.all.estimate(t, k) = out.counts(t, k) / all;
        for (int d = 0; d < options.draws; ++d) some[static_cast<std::size_t>(d)] = draws(d, t * classes + k) / draws.row(d).segment(t * classes, classes).sum();
        quantiles(some, out.all.lower(t, k), out.all.upper(t, k));
      }
    }
  }
  return out;
}

struct WellAt {
  const WellShares* well;
  const WellDraws* draws;
  Eigen::Index row;
};

// Wells of every arm at one time.
std::map<std::string, std::vector<WellAt>> wells_at(const PhaseShares& shares, const CellTracks& tracks, const std::vector<WellDraws>& draws, double time) {
  std::map<std::string, std::vector<WellAt>> out;
  for (std::size_t w = 0; w < shares.wells.size(); ++w) {
    const WellShares& well = shares.wells[w];
    const auto at = std::find_if(well.times_h.begin(), well.times_h.end(), [&](double t) { return std::abs(t - time) < 1e-6; });
    if (at == well.times_h.end() || std::isnan(draws[w].mean_logit(at - well.times_h.begin(), 0))) continue;
    out[tracks.films[static_cast<std::size_t>(well.film)].condition].push_back({&well, &draws[w], at - well.times_h.begin()});
  }
  return out;
}

void add_arms(PhaseShares& out, const CellTracks& tracks, const std::vector<WellDraws>& draws) {
  std::map<std::string, int> count;
  std::map<double, int> times;
  for (const WellShares& well : out.wells) {
    ++count[tracks.films[static_cast<std::size_t>(well.film)].condition];
    for (const double t : well.times_h) ++times[std::round(t * 1e6) / 1e6];
  }
  const auto phases = static_cast<Eigen::Index>(out.phases.size());
  for (const auto& [condition, wells] : count) out.arms.push_back({condition, {}, {}, wells, 0});
  std::map<std::string, std::vector<std::array<Eigen::RowVectorXd, 3>>> found;
  for (const auto& [time, unused] : times) {
    const auto here = wells_at(out, tracks, draws, time);
    Eigen::RowVectorXd scatter = Eigen::RowVectorXd::Zero(phases);
    double degrees = 0;
    std::map<std::string, std::pair<Eigen::RowVectorXd, Eigen::RowVectorXd>> middle;      // mean logit, mean variance within wells
    for (const auto& [condition, wells] : here) {
      Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(phases), within = mean;
      const double n = static_cast<double>(wells.size());
      for (const WellAt& w : wells) mean += w.draws->mean_logit.row(w.row) / n, within += w.draws->sd_logit.row(w.row).array().square().matrix() / n;
      for (const WellAt& w : wells) scatter += (w.draws->mean_logit.row(w.row) - mean).array().square().matrix();
      degrees += n - 1;
      middle[condition] = {mean, within};
    }
    const double reach = degrees > 0 ? boost::math::quantile(boost::math::students_t(degrees), 0.975) : 1.96;
    for (ArmShares& arm : out.arms) {
      if (!middle.contains(arm.condition) || static_cast<int>(here.at(arm.condition).size()) < arm.wells) continue;
      const auto& [mean, within] = middle.at(arm.condition);
      Eigen::RowVectorXd variance = within;
      if (degrees > 0) variance = variance.cwiseMax(scatter / degrees);
      const Eigen::RowVectorXd sd = (variance / arm.wells).cwiseSqrt();
      const auto share = [](const Eigen::RowVectorXd& l) -> Eigen::RowVectorXd { return (1 / (1 + (-l.array()).exp())).matrix(); };
      arm.times_h.push_back(time);
      arm.degrees = degrees;
      found[arm.condition].push_back({share(mean), share(mean - reach * sd), share(mean + reach * sd)});
    }
  }
  for (ArmShares& arm : out.arms) {
    const auto& all = found[arm.condition];
    for (auto* band : {&arm.labelled.estimate, &arm.labelled.lower, &arm.labelled.upper}) band->resize(static_cast<Eigen::Index>(all.size()), phases);
    for (std::size_t t = 0; t < all.size(); ++t) {
      const auto at = static_cast<Eigen::Index>(t);
      arm.labelled.estimate.row(at) = all[t][0] / all[t][0].sum();
      arm.labelled.lower.row(at) = all[t][1];
      arm.labelled.upper.row(at) = all[t][2];
    }
  }
}

}  // namespace

PhaseShares phase_shares(const CellTracks& tracks, const NucleusCalls& calls, const ShareOptions& options) {
  PhaseShares out;
  out.phases = calls.phases;
  const int films = static_cast<int>(tracks.films.size());
  out.wells.resize(tracks.films.size());
  std::vector<WellDraws> draws(tracks.films.size());
  parallel_for(films, [&](int film) {
    const Lineages lineages = lineages_of(tracks, calls, film, options);
    out.wells[static_cast<std::size_t>(film)] = shares_of_well(lineages, static_cast<int>(calls.phases.size()), film, options, draws[static_cast<std::size_t>(film)]);
  });
  add_arms(out, tracks, draws);
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
