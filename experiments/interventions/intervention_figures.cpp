// Edges on a circle, scores against each other, predicted levels beside measured ones.
#include "experiments/interventions/intervention_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "experiments/cells/cell_figures.hpp"

namespace hyped {
namespace {

struct Pair {
  Eigen::Index from = 0, to = 0;
};

std::vector<Pair> pairs_of(Eigen::Index genes) {
  std::vector<Pair> out;
  for (Eigen::Index from = 0; from < genes; ++from)
    for (Eigen::Index to = 0; to < genes; ++to)
      if (from != to) out.push_back({from, to});
  return out;
}

// Recall and precision after every pair, best first; pairs of equal score come together.
PointPanel precision_by_recall(const std::vector<Pair>& pairs, const Eigen::MatrixXd& posterior, const Eigen::MatrixXd& z, const GoldStandard& gold) {
  std::vector<double> x, y;
  PointPanel panel{"Precision by recall", "recall, share of the true edges found", "precision, share of the pairs named that is right", {}, {}, {"posterior", "z-score"}, {"#0072B2", "#D55E00"}, {}, 0.3, {}, {}};
  double all = 0;
  for (const Pair& p : pairs) all += gold.present(p.from, p.to);
  for (int method = 0; method < 2; ++method) {
    const auto score = [&](const Pair& p) { return method == 0 ? posterior(p.from, p.to) : z(p.from, p.to); };
    std::vector<Pair> order = pairs;
    std::stable_sort(order.begin(), order.end(), [&](const Pair& a, const Pair& b) { return score(a) > score(b); });
    double found = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      found += gold.present(order[i].from, order[i].to);
      if (i + 1 < order.size() && score(order[i]) == score(order[i + 1])) continue;
      x.push_back(found / all);
      y.push_back(found / static_cast<double>(i + 1));
      panel.of.push_back(method);
    }
  }
  panel.x = Eigen::Map<Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
  panel.y = Eigen::Map<Eigen::VectorXd>(y.data(), static_cast<Eigen::Index>(y.size()));
  return panel;
}

}  // namespace

void draw_knockout_edges(RunDirectory& run, const std::vector<std::string>& genes, const EdgePosterior& posterior, const Eigen::MatrixXd& z, const std::optional<GoldStandard>& gold) {
  const auto n = static_cast<Eigen::Index>(genes.size());
  const std::vector<Pair> pairs = pairs_of(n);
  Table nodes({{"node", "", ""}, {"x", "", ""}, {"y", "", ""}}), lines({{"from", "", ""}, {"to", "", ""}, {"from_x", "", ""}, {"from_y", "", ""}, {"to_x", "", ""}, {"to_y", "", ""}, {"weight", "1", "effect"}, {"width", "", ""}, {"verdict", "", ""}});
  const auto angle = [&](Eigen::Index g) { return 2 * std::numbers::pi * static_cast<double>(g) / static_cast<double>(n); };
  for (Eigen::Index g = 0; g < n; ++g) nodes.add_row({genes[static_cast<std::size_t>(g)], std::cos(angle(g)), std::sin(angle(g))});
  double largest = 0;
  for (const Pair& p : pairs)
    if (posterior.probability(p.from, p.to) >= 0.5) largest = std::max(largest, std::abs(posterior.effect(p.from, p.to)));
  for (const Pair& p : pairs) {
    const double probability = posterior.probability(p.from, p.to);
    if (probability < 0.5 || !(largest > 0)) continue;
    const double fx = std::cos(angle(p.from)), fy = std::sin(angle(p.from)), tx = std::cos(angle(p.to)), ty = std::sin(angle(p.to));
    const double length = std::hypot(tx - fx, ty - fy), gap = std::min(0.05, 0.3 * length) / length;
    lines.add_row({genes[static_cast<std::size_t>(p.from)], genes[static_cast<std::size_t>(p.to)], fx + gap * (tx - fx), fy + gap * (ty - fy), tx - gap * (tx - fx), ty - gap * (ty - fy), posterior.effect(p.from, p.to), 0.6 + 2.4 * std::abs(posterior.effect(p.from, p.to)) / largest, std::string(probability > 0.9 ? "determined" : "likely")});
  }
  if (lines.rows().empty()) run.add_note("No edge has a posterior probability of a half or more, so no network is drawn.");
  else report::add_figure(run, {"network", "Edges with a posterior probability of a half or more; width by the size of the effect.", "edges", {{"edges", lines}, {"nodes", nodes}}, {{"legend", "blue: activates   orange: represses   dashed: probability 0.5 to 0.9"}}, "answer"});
  PointPanel scores{"All pairs of genes", "z-score of the knock-out", "posterior probability of an edge", Eigen::VectorXd(static_cast<Eigen::Index>(pairs.size())), Eigen::VectorXd(static_cast<Eigen::Index>(pairs.size())), {}, {}, {}, 0.4, {}, {}};
  scores.categories = gold ? std::vector<std::string>{"no edge", "true edge"} : std::vector<std::string>{"pairs"};
  scores.colours = gold ? std::vector<std::string>{"#999999", "#D55E00"} : std::vector<std::string>{"#0072B2"};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Pair& p = pairs[i];
    scores.x[static_cast<Eigen::Index>(i)] = z(p.from, p.to);
    scores.y[static_cast<Eigen::Index>(i)] = posterior.probability(p.from, p.to);
    scores.of.push_back(gold && gold->present(p.from, p.to) ? 1 : 0);
  }
  std::vector<PointPanel> panels{scores};
  if (gold) panels.push_back(precision_by_recall(pairs, posterior.probability, z, *gold));
  report::add_figure(run, point_figure("scores", gold ? "What the network's posterior says of every pair against the z-score of the knock-out, and both against the true edges." : "What the network's posterior says of every pair against the z-score of the knock-out.", panels, "answer"));
}

void draw_dual_arm(RunDirectory& run, const std::vector<std::string>& genes, const SingleArms& arms, const DualArmPrediction& prediction, const Eigen::VectorXd& measured) {
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "relative", ""}, {"lower", "relative", "95 %"}, {"upper", "relative", ""}, {"truth", "relative", "measured mean"}});
  const std::string panel = "level with both doses, relative";
  for (std::size_t g = 0; g < genes.size(); ++g) {
    const auto i = static_cast<Eigen::Index>(g);
    const bool dosed = static_cast<int>(g) == arms.doses.silenced || static_cast<int>(g) == arms.doses.delivered;
    rows.add_row({panel, genes[g] + (dosed ? " (dosed)" : ""), prediction.mean[i], prediction.lower[i], prediction.upper[i], measured.size() > 0 ? Cell(measured[i]) : Cell{}});
  }
  report::add_figure(run, {"dual_arm", measured.size() > 0 ? "Levels predicted for the arm with both doses, relative to a gene's greatest level, with 95 % intervals; crosses: measured means." : "Levels predicted for the arm with both doses, relative to a gene's greatest level, with 95 % intervals.", "intervals", {{"rows", rows}}, {{"interval_label", "blue: predicted, 95 %"}, {"truth_label", "measured"}}, "answer"});
  if (measured.size() == 0) return;
  PointPanel against{"Genes without a dose", "predicted level, relative", "measured level, relative", {}, {}, {"network", "no change", "additive", "overlap corrected", "same as mm"}, {"#0072B2", "#999999", "#D55E00", "#E69F00", "#009E73"}, {}, 0.5, {}, {}};
  std::vector<double> x, y;
  const auto add = [&](const Eigen::VectorXd& predicted, std::int32_t method) {
    for (Eigen::Index g = 0; g < measured.size(); ++g) {
      if (g == arms.doses.silenced || g == arms.doses.delivered) continue;
      x.push_back(predicted[g]);
      y.push_back(measured[g]);
      against.of.push_back(method);
    }
  };
  for (std::size_t b = 0; b < 4; ++b) add(baseline_prediction(dual_arm_baselines[b], arms), static_cast<std::int32_t>(b) + 1);
  add(prediction.mean, 0);
  against.x = Eigen::Map<Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
  against.y = Eigen::Map<Eigen::VectorXd>(y.data(), static_cast<Eigen::Index>(y.size()));
  against.line_x = against.line_y = Eigen::Vector2d(std::min(against.x.minCoeff(), against.y.minCoeff()), std::max(against.x.maxCoeff(), against.y.maxCoeff()));
  report::add_figure(run, point_figure("predictions", "Measured means of the arm with both doses against what the network and the simple rules predict. Line: equal.", {against}, "answer"));
}

}  // namespace hyped
