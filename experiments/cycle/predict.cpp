// Hold out, fit, predict, score.
#include "experiments/cycle/predict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <set>


namespace hyped {
namespace {

// Block averages of a well after the anchor: log totals relative to the first block, and class shares.
struct Course {
  std::vector<double> times;
  Eigen::VectorXd log_total;      // [B], 0 at the anchor
  Eigen::MatrixXd share;          // [B x K]
  double anchor = 0;              // total at the anchor
};

Course course_of(const Eigen::VectorXd& blocks, const Unit& unit, int classes, double anchor_h) {
  Course out;
  const auto sizes = unit.blocks.size();
  std::vector<double> time(static_cast<std::size_t>(unit.blocks.count), 0);
  for (std::size_t t = 0; t < unit.times_h.size(); ++t) time[unit.blocks.block_of_sample[t]] += unit.times_h[t] / sizes[unit.blocks.block_of_sample[t]];
  std::vector<double> logs;
  std::vector<Eigen::VectorXd> shares;
  for (int b = 0; b < unit.blocks.count; ++b) {
    if (time[b] < anchor_h) continue;
    const Eigen::VectorXd y = blocks.segment(b * classes, classes);
    if (!(y.sum() > 0)) continue;
    if (logs.empty()) out.anchor = y.sum();
    out.times.push_back(time[b]);
    logs.push_back(std::log(y.sum() / out.anchor));
    shares.push_back(y / y.sum());
  }
  out.log_total = Eigen::Map<Eigen::VectorXd>(logs.data(), static_cast<int>(logs.size()));
  out.share.resize(static_cast<int>(shares.size()), classes);
  for (std::size_t b = 0; b < shares.size(); ++b) out.share.row(static_cast<int>(b)) = shares[b].transpose();
  return out;
}

Course mean_course(const std::vector<Course>& courses, int skip = -1) {
  Course out;
  int used = 0;
  for (std::size_t i = 0; i < courses.size(); ++i) {
    if (static_cast<int>(i) == skip) continue;
    if (used == 0) out = courses[i];
    else {
      const int rows = static_cast<int>(std::min(out.log_total.size(), courses[i].log_total.size()));
      out.log_total = (out.log_total.head(rows) + courses[i].log_total.head(rows)).eval();
      out.share = (out.share.topRows(rows) + courses[i].share.topRows(rows)).eval();
    }
    ++used;
  }
  out.log_total /= used;
  out.share /= used;
  return out;
}

PredictionScore score_of(const std::string& name, const std::string& kind, const std::vector<Course>& predicted, const std::vector<Course>& measured) {
  PredictionScore score{name, kind, {}, 0, 0, 0, 0, 0};
  double log_fold = 0;
  for (std::size_t w = 0; w < measured.size(); ++w) {
    const int rows = static_cast<int>(std::min(predicted[w].log_total.size(), measured[w].log_total.size()));
    const Eigen::VectorXd difference = predicted[w].log_total.head(rows) - measured[w].log_total.head(rows);
    score.per_well.push_back(std::sqrt(difference.squaredNorm() / rows));
    log_fold += difference[rows - 1] / static_cast<double>(measured.size());
    if (measured[w].share.cols() > 1)
      score.fraction_error += std::sqrt((predicted[w].share.topRows(rows) - measured[w].share.topRows(rows)).squaredNorm() / static_cast<double>(rows * measured[w].share.cols())) / static_cast<double>(measured.size());
  }
  const double n = static_cast<double>(score.per_well.size());
  score.error = std::accumulate(score.per_well.begin(), score.per_well.end(), 0.0) / n;
  double spread = 0;
  for (const double e : score.per_well) spread += (e - score.error) * (e - score.error);
  const double reach = n > 1 ? t_quantile_975(n - 1) * std::sqrt(spread / (n - 1) / n) : 0;
  score.lower = std::max(0.0, score.error - reach);
  score.upper = score.error + reach;
  score.final_fold = std::exp(log_fold);
  return score;
}

}  // namespace

ArmPrediction predict_arm(const Scenario& scenario, const PhaseCounts& data, const PredictSettings& settings) {
  CycleSetup setup = scenario.setup;
  ArmPrediction out;
  PhaseCounts training = data, held = data;
  std::erase_if(training.wells, [&](const WellSeries& w) { return w.condition == settings.held_out; });
  std::erase_if(held.wells, [&](const WellSeries& w) { return w.condition != settings.held_out; });
  if (held.wells.empty()) throw InputError(data.source, "no well of the held-out arm '" + settings.held_out + "'", "name an arm with wells in [predict]");
  Arm unseen;
  for (const Arm& arm : setup.arms)
    if (arm.condition == settings.held_out) unseen = arm;
  std::erase_if(setup.arms, [&](const Arm& arm) { return arm.condition == settings.held_out; });
  if (setup.arms.empty()) throw InputError(scenario.file.string(), "no arm is left to fit", "hold out one arm of several");

  // An effect whose inputs never meet in a training arm cannot be learned: it is left out, and said.
  std::erase_if(setup.stages.effects, [&](const Effect& effect) {
    for (const Arm& arm : setup.arms) {
      const auto& inputs = scenario.arm_inputs.at(arm.condition);
      if (std::all_of(effect.inputs.begin(), effect.inputs.end(), [&](const std::string& i) { return std::find(inputs.begin(), inputs.end(), i) != inputs.end(); })) return false;
    }
    out.dropped_effects.push_back(effect.coefficient);
    return true;
  });
  std::erase_if(setup.parameters, [&](const ParameterChoice& c) { return std::find(out.dropped_effects.begin(), out.dropped_effects.end(), c.name) != out.dropped_effects.end(); });
  setup.unseen_arms = {unseen};
  ProcessOptions options = scenario.fit;
  options.records = scenario.records.in("predict");
  out.fitted = fit_cycle(setup, training, options);
  const CycleProblem& problem = *out.fitted.problem;
  const int classes = problem.class_count();
  if (out.fitted.fit.parameters.empty()) return out;

  for (const auto& event : unseen.schedule) out.anchor_h = std::max(out.anchor_h, event.time_h);

  // Measured courses of every arm. The held-out arm is bound to its data with the same setup, so blocks agree.
  CycleSetup held_setup = setup;
  held_setup.arms = {unseen};
  held_setup.unseen_arms.clear();
  const CycleProblem held_problem(held_setup, held);
  std::map<std::string, std::vector<Course>> measured;
  for (const CycleProblem* p : {&problem, &held_problem})
    for (const Well& well : p->wells()) measured[well.condition].push_back(course_of(well.blocks, p->units()[well.unit], classes, out.anchor_h));
  const std::vector<Course>& wells = measured.at(settings.held_out);

  // Model: each well from its own number of cells at the anchor.
  const Eigen::MatrixXd& covariance = out.fitted.fit.identifiability.covariance;
  std::vector<Course> predicted;
  Eigen::VectorXd sd;
  for (std::size_t w = 0; w < wells.size(); ++w) {
    const int own = held_problem.wells()[w].unit;
    const Unit& unit = held_problem.units()[own];
    const AnchoredWell well(problem, unseen, held_problem, own, out.anchor_h, wells[w].anchor);
    const AnchoredCourse course = well.at(out.fitted.fit.theta, w == 0);
    if (!course.outcome.ok()) {
      out.fitted.fit.outcome = course.outcome;
      return out;
    }
    predicted.push_back(course_of(course.blocks, unit, classes, out.anchor_h));
    if (w > 0) continue;
    out.anchor_cells = well.cells();
    out.intervals = prediction_intervals(out.fitted, well, settings, scenario.records.in("predict/profiles"), out.intervals_outcome);
    for (const PredictionInterval& interval : out.intervals) out.fitted.fit.failed_solves.add("profile of the " + interval.profile.name, interval.profile.solves, problem.space());
    // Band for a single well: parameters, its own rates, its own cells, detection.
    const int rows = static_cast<int>(predicted[0].times.size());
    const Eigen::MatrixXd &log_slope = course.by_theta, &log_random = course.by_random;
    sd.resize(rows);
    const auto migration = std::find_if(out.fitted.fit.components.begin(), out.fitted.fit.components.end(), [](const auto& c) { return c.name == "migration_variance"; });
    double exchanged = 0, before = 1 / wells[0].anchor;      // integral of 1 / cells since the anchor
    for (int b = 0; b < rows; ++b) {
      double variance = (log_slope.row(b) * covariance * log_slope.row(b).transpose())(0);
      for (int r = 0; r < log_random.cols(); ++r) {
        const std::size_t component = 3 + static_cast<std::size_t>(problem.random_group()[r]);
        if (component < out.fitted.fit.components.size()) variance += out.fitted.fit.components[component].value * log_random(b, r) * log_random(b, r);
      }
      // demographic: births since the anchor are close to Poisson, 2 x detection noise at both ends
      const double fold = std::exp(course.log_fold[b]), counted = wells[0].anchor * fold;
      variance += std::abs(fold - 1) / counted + out.fitted.fit.components[2].value * (1 / counted + 1 / wells[0].anchor);
      if (b > 0) exchanged += 0.5 * (before + 1 / counted) * (predicted[0].times[b] - predicted[0].times[b - 1]);
      before = 1 / counted;
      if (migration != out.fitted.fit.components.end()) variance += migration->value * exchanged;
      sd[b] = std::sqrt(std::max(0.0, variance));
    }
  }
  out.times_h = predicted[0].times;
  int inside = 0, all = 0;
  for (int b = 0; b < sd.size(); ++b) {
    out.mean.push_back(std::exp(predicted[0].log_total[b]));
    out.lower.push_back(std::exp(predicted[0].log_total[b] - 1.96 * sd[b]));
    out.upper.push_back(std::exp(predicted[0].log_total[b] + 1.96 * sd[b]));
  }
  for (std::size_t w = 0; w < wells.size(); ++w) {
    out.wells.emplace_back();
    for (int b = 0; b < wells[w].log_total.size(); ++b) {
      out.wells.back().push_back(std::exp(wells[w].log_total[b]));
      if (b >= sd.size() || b == 0) continue;
      ++all;
      inside += std::abs(wells[w].log_total[b] - predicted[w].log_total[b]) <= 1.96 * sd[b] ? 1 : 0;
    }
  }
  out.band_coverage = all > 0 ? static_cast<double>(inside) / all : 0;

  // Baselines from measured courses alone.
  auto repeated = [&](const Course& course) { return std::vector<Course>(wells.size(), course); };
  const Course control = mean_course(measured.at(settings.control));
  out.scores.push_back(score_of("model", "model", predicted, wells));
  Course frozen = control;
  frozen.log_total.setZero();
  for (int b = 0; b < frozen.share.rows(); ++b) frozen.share.row(b) = wells[0].share.row(0);
  out.scores.push_back(score_of("no change in time", "baseline", repeated(frozen), wells));
  out.scores.push_back(score_of("same as " + settings.control, "baseline", repeated(control), wells));
  Course additive = control;
  const PredictionScore* best = nullptr;
  std::vector<PredictionScore> singles;
  for (const auto& single : settings.singles) {
    const Course course = mean_course(measured.at(single));
    singles.push_back(score_of("same as " + single, "baseline", repeated(course), wells));
    const int rows = static_cast<int>(std::min({additive.log_total.size(), course.log_total.size(), control.log_total.size()}));
    additive.log_total = (additive.log_total.head(rows) + course.log_total.head(rows) - control.log_total.head(rows)).eval();
    additive.share = (additive.share.topRows(rows) + course.share.topRows(rows) - control.share.topRows(rows)).eval();
  }
  for (const auto& single : singles) {
    if (best == nullptr || single.error < best->error) best = &single;
    out.scores.push_back(single);
  }
  if (best != nullptr) {
    PredictionScore chosen = *best;
    chosen.name = "best single (" + best->name.substr(8) + ", chosen on the truth)";
    out.scores.push_back(chosen);
    out.scores.push_back(score_of("additive in log totals", "baseline", repeated(additive), wells));
  }
  if (wells.size() > 1) {
    std::vector<Course> others;
    for (std::size_t w = 0; w < wells.size(); ++w) others.push_back(mean_course(wells, static_cast<int>(w)));
    out.scores.push_back(score_of("other wells of the same arm", "ceiling", others, wells));
  }

  // Smallest difference at the end that wells of this scatter could show.
  double squares = 0;
  int degrees = 0;
  for (const auto& [condition, courses] : measured) {
    if (courses.size() < 2) continue;
    const double mean = std::accumulate(courses.begin(), courses.end(), 0.0, [](double s, const Course& c) { return s + c.log_total[c.log_total.size() - 1]; }) / static_cast<double>(courses.size());
    for (const Course& c : courses) squares += std::pow(c.log_total[c.log_total.size() - 1] - mean, 2);
    degrees += static_cast<int>(courses.size()) - 1;
  }
  if (degrees > 0) {
    out.between_well_sd = std::sqrt(squares / degrees);
    const boost::math::students_t_distribution<double> t(degrees);
    const double n1 = static_cast<double>(wells.size()), n2 = static_cast<double>(measured.at(settings.control).size());
    out.minimal_difference = (boost::math::quantile(t, 0.975) + boost::math::quantile(t, 0.8)) * out.between_well_sd * std::sqrt(1 / n1 + 1 / n2);
  }
  return out;
}

}  // namespace hyped
