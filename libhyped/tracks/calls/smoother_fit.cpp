// Starting levels, expectation-maximisation, comparison of channel maps.
#include "libhyped/tracks/calls/smoother_fit.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>

#include "libhyped/tracks/calls/reporter_course.hpp"

namespace hyped {
namespace {

struct Level {
  double mean = 0, sd = 1;
};

// Two normals in the logarithm of one channel: {off, on}.
std::array<Level, 2> two_levels(const Eigen::VectorXd& column) {
  std::vector<double> x;
  for (const double value : column)
    if (!std::isnan(value)) x.push_back(value);
  std::sort(x.begin(), x.end());
  const auto at = [&](double q) { return x[static_cast<std::size_t>(q * static_cast<double>(x.size() - 1))]; };
  const double spread = std::max(1e-3, (at(0.9) - at(0.1)) / 4);
  std::array<Level, 2> level{Level{at(0.15), spread}, Level{at(0.85), spread}};
  double share = 0.5;
  for (int iteration = 0; iteration < 100; ++iteration) {
    std::array<double, 2> weight{}, sum{}, square{};
    for (const double value : x) {
      std::array<double, 2> density;
      for (int k = 0; k < 2; ++k) density[k] = (k == 1 ? share : 1 - share) / level[k].sd * std::exp(-0.5 * std::pow((value - level[k].mean) / level[k].sd, 2));
      const double all = density[0] + density[1] + 1e-300;
      for (int k = 0; k < 2; ++k) weight[k] += density[k] / all, sum[k] += density[k] / all * value, square[k] += density[k] / all * value * value;
    }
    for (int k = 0; k < 2; ++k) {
      if (weight[k] < 2) continue;
      level[k].mean = sum[k] / weight[k];
      level[k].sd = std::max(1e-3, std::sqrt(std::max(0.0, square[k] / weight[k] - level[k].mean * level[k].mean)));
    }
    share = std::clamp(weight[1] / (weight[0] + weight[1]), 0.01, 0.99);
  }
  if (level[0].mean > level[1].mean) std::swap(level[0], level[1]);
  return level;
}

bool on(const Light& light, int channel) { return channel == 0 ? light.g1_on : light.cycling_on; }

// Log-likelihood per channel of log light ~ N(log(background + gain y), sd), by stage, from the sums: theta = log gain, log background.
void fit_kinetics(const SmootherSums& sums, const Eigen::MatrixX2d& course, int channel, std::array<double, 2>& theta, SmootherModel& model) {
  const auto stages = course.rows();
  for (int iteration = 0; iteration < 20; ++iteration) {
    Eigen::Matrix2d information = 1e-6 * Eigen::Matrix2d::Identity();
    Eigen::Vector2d score = Eigen::Vector2d::Zero();
    for (Eigen::Index s = 0; s < stages; ++s) {
      const double w = sums.weight(s, channel), signal = std::exp(theta[0]) * course(s, channel), background = std::exp(theta[1]), all = signal + background;
      if (w <= 0) continue;
      const Eigen::Vector2d slope(signal / all, background / all);
      score += slope * (sums.light(s, channel) - w * std::log(all));
      information += w * slope * slope.transpose();
    }
    const Eigen::Vector2d step = information.ldlt().solve(score).cwiseMax(-1.0).cwiseMin(1.0);
    theta[0] += step[0];
    theta[1] += step[1];
    if (step.cwiseAbs().maxCoeff() < 1e-9) break;
  }
  double weight = 0, square = 0;
  for (Eigen::Index s = 0; s < stages; ++s) {
    const double mean = std::log(std::exp(theta[0]) * course(s, channel) + std::exp(theta[1]));
    model.log_mean(s, channel) = mean;
    weight += sums.weight(s, channel);
    square += sums.light2(s, channel) - 2 * mean * sums.light(s, channel) + mean * mean * sums.weight(s, channel);
  }
  model.log_sd.col(channel).setConstant(std::max(1e-3, std::sqrt(std::max(0.0, square / std::max(weight, 1e-12)))));
}

void fit_levels(const SmootherSums& sums, int channel, SmootherModel& model) {
  std::array<double, 2> weight{}, light{}, square{};
  for (int s = 0; s < model.stage_count(); ++s) {
    const int k = on(model.states[static_cast<std::size_t>(model.state_of_stage(s))].light, channel);
    weight[k] += sums.weight(s, channel), light[k] += sums.light(s, channel), square[k] += sums.light2(s, channel);
  }
  // An on level below its off level would be the other map: the two are held together instead, which the likelihood then shows.
  if (weight[0] > 2 && weight[1] > 2 && light[1] / weight[1] < light[0] / weight[0]) {
    weight[0] = weight[1] = weight[0] + weight[1];
    light[0] = light[1] = light[0] + light[1];
    square[0] = square[1] = square[0] + square[1];
  }
  for (int s = 0; s < model.stage_count(); ++s) {
    const int k = on(model.states[static_cast<std::size_t>(model.state_of_stage(s))].light, channel);
    if (weight[k] <= 2) continue;
    const double mean = light[k] / weight[k];
    model.log_mean(s, channel) = mean;
    model.log_sd(s, channel) = std::max(1e-3, std::sqrt(std::max(0.0, square[k] / weight[k] - mean * mean)));
  }
}

double off_level(const SmootherModel& model, int channel) {
  double level = std::numeric_limits<double>::infinity();
  for (int s = 0; s < model.stage_count(); ++s) level = std::min(level, model.log_mean(s, channel));
  return level;
}

// All cells brighter by exp(by).
void brighten(SmootherModel& model, int channel, double by) {
  const double background = std::exp(model.log_background[channel]);
  for (int s = 0; s < model.stage_count(); ++s)
    if (const double above = std::exp(model.log_mean(s, channel)) - background; above > 0) model.log_mean(s, channel) = std::log(background + above * std::exp(by));
}

}  // namespace

SmootherFit fit_smoother(const PhaseSmoother& data, const CellTracks& tracks, const ReporterMap& map, const SmootherFitOptions& options) {
  SmootherFit fit;
  SmootherModel& model = fit.model;
  const bool kinetics = options.light == LightModel::kinetics;
  model.phases = phases_of(map.reporter);
  model.outlier = options.outlier;
  model.jump = options.jump;
  std::vector<Light> lights = lights_of(map.reporter);
  if (kinetics) {
    lights.erase(lights.begin());      // the dark time after mitosis is what the reporter does at the start of G1
    if (map.reporter == Reporter::cdt1_geminin) {
      model.phases = {"G1", "S/G2/M"};
      lights = {{0, true, false}, {1, false, true}};
    }
  }
  double interval_h = 0;
  for (const Film& film : tracks.films) interval_h = std::max(interval_h, film.frame_interval_h);
  // In the first two hours of a phase the light is still that of the phase before, and changes from frame to frame: a stage per frame.
  constexpr double onset_h = 2;
  const int onset_stages = kinetics && interval_h > 0 ? std::min(12, static_cast<int>(std::lround(onset_h / interval_h))) : 0;
  const bool onsets = onset_stages > 1;
  if (onsets) {
    std::vector<Light> twice;
    for (const Light& light : lights) twice.insert(twice.end(), 2, light);
    lights = twice;
  }
  const int states = static_cast<int>(lights.size());
  std::vector<int> which;
  const int stride = std::max(1, data.cell_count() / std::max(1, options.cells));
  for (int c = 0; c < data.cell_count(); c += stride) which.push_back(c);
  double longest = 1;
  for (const FollowedCell& cell : tracks.cells) longest = std::max(longest, static_cast<double>(cell.row_count));
  for (const Light& light : lights) model.states.push_back({light, light.may_be_skipped ? 1 : options.stages, light.may_be_skipped ? 4.0 : std::max(4.0, longest / (2.0 * states)), light.may_be_skipped ? 0.1 : 0.0});
  for (std::size_t s = 0; onsets && s < model.states.size(); s += 2) model.states[s].given = true, model.states[s].stages = onset_stages, model.states[s].mean_frames = onset_h / interval_h;
  const int stages = model.stage_count();
  model.start_share = Eigen::VectorXd::Constant(states, 1.0 / states);
  model.log_mean.resize(stages, 2);
  model.log_sd.resize(stages, 2);
  std::array<std::array<double, 2>, 2> gains{};
  for (int c = 0; c < 2; ++c) {
    const auto level = two_levels(data.log_light().col(c));
    for (int s = 0; s < stages; ++s) {
      const Level& l = level[static_cast<std::size_t>(on(lights[static_cast<std::size_t>(model.state_of_stage(s))], c))];
      model.log_mean(s, c) = l.mean;
      model.log_sd(s, c) = l.sd;
    }
    model.log_low[c] = std::numeric_limits<double>::infinity(), model.log_high[c] = -model.log_low[c];
    for (const double x : data.log_light().col(c))
      if (!std::isnan(x)) model.log_low[c] = std::min(model.log_low[c], x), model.log_high[c] = std::max(model.log_high[c], x);
    gains[c] = {std::log(std::max(1e-3 * std::exp(level[1].mean), std::exp(level[1].mean) - std::exp(level[0].mean))), level[0].mean};
    if (!kinetics && level[1].mean - level[0].mean < 2 * std::max(level[0].sd, level[1].sd))
      fit.notes.push_back(fmt::format("channel '{}': its two levels ({:.4g} and {:.4g}) are less than two of their spreads apart", c == 0 ? map.g1_channel : map.cycling_channel,
                                      std::exp(level[0].mean), std::exp(level[1].mean)));
  }
  if (options.brightness) model.brightness_sd.setConstant(0.2);
  Eigen::MatrixX2d log_brightness;
  const auto set_background = [&] {
    for (int c = 0; c < 2; ++c) model.log_background[c] = kinetics ? gains[c][1] : off_level(model, c);
  };
  fit.outcome = {Status::not_converged, fmt::format("expectation-maximisation of the phase smoother did not settle in {} rounds", options.iteration_limit)};
  double before = -std::numeric_limits<double>::infinity();
  for (const int c : which) fit.frames += tracks.cells[static_cast<std::size_t>(c)].row_count;
  fit.cells = static_cast<int>(which.size());
  for (fit.iterations = 0; fit.iterations < options.iteration_limit; ++fit.iterations) {
    if (kinetics && fit.iterations == 0) {      // a course scaled between the two levels
      const Eigen::MatrixX2d course = reporter_course(map.reporter, model, interval_h);
      for (int c = 0; c < 2; ++c) {
        gains[c][0] -= std::log(course.col(c).maxCoeff());
        model.log_mean.col(c) = (std::exp(gains[c][0]) * course.col(c).array() + std::exp(gains[c][1])).log();
      }
    }
    if (fit.iterations == 0) set_background();
    const SmootherSums sums = data.expectations(model, which, log_brightness);
    fit.log_likelihood = sums.log_likelihood;
    if (!std::isfinite(sums.log_likelihood)) {
      fit.outcome = {Status::not_finite, "the light of some cell has no probability"};
      break;
    }
    if (std::abs(sums.log_likelihood - before) < options.tolerance * static_cast<double>(std::max(1L, fit.frames))) {
      fit.outcome = {};
      break;
    }
    before = sums.log_likelihood;
    for (int s = 0; s < states; ++s) {
      SmootherState& state = model.states[static_cast<std::size_t>(s)];
      // One exit in a film's worth of frames is added, so that a state nobody leaves keeps a finite mean.
      if (!state.given) state.mean_frames = std::clamp(state.stages * (sums.occupied[s] + longest) / (sums.left[s] + state.stages), static_cast<double>(state.stages), 1e6);
      if (lights[static_cast<std::size_t>(s)].may_be_skipped) state.skipped = std::clamp((sums.skipped_into[s] + 0.1) / (sums.skipped_into[s] + sums.entered[s] + 1), 1e-6, 0.999);
    }
    model.start_share = (sums.started.array() + 0.5) / (sums.started.array() + 0.5).sum();
    if (kinetics) {
      const Eigen::MatrixX2d course = reporter_course(map.reporter, model, interval_h);
      for (int c = 0; c < 2; ++c) fit_kinetics(sums, course, c, gains[c], model);
      model.log_sd.col(0) = model.log_sd.col(0).cwiseMax(options.least_g1_sd);
    } else
      for (int c = 0; c < 2; ++c) fit_levels(sums, c, model);
    set_background();
    if (options.brightness && sums.cells > 0)
      for (int c = 0; c < 2; ++c) {
        const double mean = sums.brightness[c] / sums.cells;
        model.brightness_sd[c] = std::clamp(std::sqrt(std::max(0.0, sums.brightness2[c] / sums.cells - mean * mean)), 1e-3, 2.0);
        brighten(model, c, mean);
        gains[c][0] += mean;
        for (const int k : which) log_brightness(k, c) -= mean;
      }
  }
  int skips = 0;
  for (const Light& light : lights) skips += light.may_be_skipped ? 1 : 0;
  fit.parameter_count = (onsets ? states / 2 : states) + skips + (states - 1) + (kinetics ? 6 : 8) + (options.brightness ? 2 : 0);
  return fit;
}

std::vector<MapSupport> compare_maps(const CellTracks& tracks, const ReporterMap& map, const SmootherFitOptions& options) {
  std::vector<MapSupport> out;
  for (const Reporter reporter : {map.reporter, map.reporter == Reporter::pip ? Reporter::cdt1_geminin : Reporter::pip})
    for (const bool swapped : {false, true}) {
      MapSupport support;
      support.map = {reporter, swapped ? map.cycling_channel : map.g1_channel, swapped ? map.g1_channel : map.cycling_channel};
      const PhaseSmoother data(tracks, support.map);
      for (const LightModel light : {LightModel::levels, LightModel::kinetics}) {
        SmootherFitOptions mine = options;
        mine.light = light;
        if (light == LightModel::kinetics) mine.stages = std::max(6, options.stages);
        const SmootherFit fit = fit_smoother(data, tracks, support.map, mine);
        if (light == LightModel::kinetics && !(fit.log_likelihood > support.log_likelihood)) continue;
        support.light = light;
        support.log_likelihood = fit.log_likelihood;
        support.per_frame = fit.log_likelihood / static_cast<double>(std::max(1L, fit.frames));
        support.outcome = fit.outcome;
      }
      out.push_back(support);
    }
  std::stable_sort(out.begin(), out.end(), [](const MapSupport& a, const MapSupport& b) { return a.log_likelihood > b.log_likelihood; });
  return out;
}

}  // namespace hyped
