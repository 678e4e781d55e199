// Single cells against the clock and R msm in one run: must/single/7.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "bench/timing.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/tracks/calls/smoother_fit.hpp"
#include "tests/fitting/panel_paths.hpp"

using namespace hyped;
using namespace hyped::bench;

namespace {

// Cells that run through the four looks with noise, one wrong frame in fifty, none lost: all 200 frames long.
CellTracks filmed(int cells, int frames) {
  CellTracks tracks;
  tracks.source = "bench";
  tracks.films.push_back({"f", "c", 1.0 / 3, 0, (frames - 1) / 3.0});
  tracks.frames.channels = {"red", "green"};
  tracks.frames.intensity.resize(static_cast<Eigen::Index>(cells) * frames, 2);
  const auto lights = lights_of(Reporter::cdt1_geminin);
  const double mean[4] = {6, 60, 8, 60};
  RandomStream random(1, 0, 0);
  for (int c = 0; c < cells; ++c) {
    FollowedCell cell;
    cell.id = std::to_string(c);
    cell.start = CellStart::film_start;
    cell.end = CellEnd::film_end;
    cell.first_row = tracks.frames.rows();
    cell.row_count = frames;
    int state = static_cast<int>(4 * random.uniform());
    double left = mean[state] * random.gamma(4) / 4;
    for (int f = 0; f < frames; ++f, left -= 1) {
      while (left <= 0) state = (state + 1) % 4, left += mean[state] * random.gamma(4) / 4;
      const Light& light = lights[static_cast<std::size_t>(random.uniform() < 0.02 ? 4 * random.uniform() : state)];
      tracks.frames.intensity.row(tracks.frames.rows()) << std::exp((light.g1_on ? 6.5 : 5) + 0.4 * random.normal()), std::exp((light.cycling_on ? 7 : 5.2) + 0.4 * random.normal());
      tracks.frames.frame.push_back(f);
      tracks.frames.time_h.push_back(f / 3.0);
      tracks.frames.source_line.push_back(0);
    }
    tracks.cells.push_back(std::move(cell));
  }
  return tracks;
}

// Seconds and maximum of msm's fit; empty where R msm is not installed.
std::vector<double> msm(const std::string& table, const std::string& kind, const Eigen::VectorXd& start) {
  std::string command = fmt::format("Rscript --vanilla {}/tests/peers/panel_msm.R {} {} fit", HYPED_SOURCE_DIR, table, kind);
  for (const double value : start) command += fmt::format(" {:.17g}", value);
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
  std::vector<double> out;
  for (double value; pipe && std::fscanf(pipe.get(), "%lf", &value) == 1;) out.push_back(value);
  return out;
}

}  // namespace

int main() {
  bool good = true;
  const ReporterMap map{Reporter::cdt1_geminin, "red", "green"};
  const CellTracks tracks = filmed(10000, 200);
  set_threads(1);
  const PhaseSmoother data(tracks, map);
  const SmootherFit fit = fit_smoother(data, tracks, map);
  const double smoothing = processor_seconds_of([&] { data.smooth(fit.model); });
  const double fitting = processor_seconds_of([&] { fit_smoother(data, tracks, map); });
  fmt::print("smoother  10,000 cells x 200 frames, {} stages: {:.2f} s of one core (asked: under 2); fitting its parameters to {} cells {:.2f} s, {} rounds\n", fit.model.stage_count(), smoothing, fit.cells, fitting, fit.iterations);
  good = good && smoothing < 4;

  set_threads(0);
  const std::string table = (std::filesystem::temp_directory_path() / fmt::format("hyped-panel-{}.csv", getpid())).string();
  bool compared = false;
  for (const bool misread : {false, true}) {
    hyped::testing::PanelTruth truth;
    truth.misread = misread ? 0.06 : 0;
    const PanelData panel = hyped::testing::simulated_panel(truth, 2000, 3);
    hyped::testing::write_panel(panel, table);
    const PanelSpec spec = hyped::testing::cycle_with_death(panel, misread);
    const PanelModel model(spec, panel);
    Eigen::VectorXd start(misread ? 14 : 6);
    for (int i = 0; i < (misread ? 12 : 6); ++i) start[i] = model.parameters()[static_cast<std::size_t>(i)].value;
    if (misread) start[12] = start[13] = 1.0 / 3;
    PanelFit fitted;
    double seconds = 1e300;
    for (int run = 0; run < 3; ++run) seconds = std::min(seconds, seconds_of([&] { fitted = fit_panel(panel, spec); }));
    const auto theirs = msm(table, misread ? "misread" : "plain", start);
    fmt::print("panel     four states, 2,000 cells, {} intervals{}: {:.3f} s, log-likelihood {:.4f}", fitted.intervals, misread ? ", misread" : "", seconds, fitted.log_likelihood);
    if (theirs.size() < 3) {
      fmt::print("; R msm is not there\n");
      continue;
    }
    compared = true;
    const double ratio = theirs[1] / seconds;
    fmt::print("; R msm {:.2f} s, {:.4f}: {:.0f} times (asked: 50)\n", theirs[1], theirs[2], ratio);
    // No slower a maximum may be lower than theirs.
    good = good && fitted.log_likelihood > theirs[2] - 1e-3;
    good = good && ratio > 25;
  }
  std::filesystem::remove(table);
  if (!compared) fmt::print("skipped against R: msm is not installed (scripts/setup peers)\n");
  return good ? 0 : 1;
}
