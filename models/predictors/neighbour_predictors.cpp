// Predictors from the learned perturbations whose targets behave most like the wanted one's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "models/predictors/effect_components.hpp"
#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {
namespace {

enum class Place { gene_pca, expression };

// Mean place of a condition's targets; empty if none is measured.
Eigen::RowVectorXd place_of(const Eigen::MatrixXd& places, const std::vector<int>& targets) {
  if (targets.empty()) return {};
  Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(places.cols());
  for (const int g : targets) out += places.row(g);
  return out / static_cast<double>(targets.size());
}

// Expression of every gene over learned profiles, centred, with length 1 (0: constant): their distance grows with falling correlation.
Eigen::MatrixXd expression_places(const TrainingSet& training) {
  Eigen::MatrixXd out = training.profiles().mean.transpose();
  for (Eigen::Index g = 0; g < out.rows(); ++g) {
    out.row(g).array() -= out.row(g).mean();
    const double norm = out.row(g).norm();
    if (norm > 0) out.row(g) /= norm;
  }
  return out;
}

std::unique_ptr<Predictor> nearest(std::string name, int k, Place place) {
  const std::string space = place == Place::gene_pca ? "gene-PCA of learned effects" : "expression of the target over learned profiles (correlation)";
  return predictor_of({std::move(name), fmt::format("control + mean effect of the {} learned perturbation{} nearest in {}", k, k > 1 ? "s" : "", space), PredictorRole::baseline,
                       [k, place](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         const auto places = std::make_shared<Eigen::MatrixXd>(place == Place::gene_pca ? effect_components(training, training.perturbed(), 10).gene_scores : expression_places(training));
                         return [&training, places, k](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           const Eigen::RowVectorXd control = training.control(wanted.context), mine = place_of(*places, training.target_columns(wanted));
                           if (mine.size() == 0) {
                             add_to_note(note, "no measured target gene is declared: perturbed mean");
                             return control + training.mean_effect(wanted.context, note);
                           }
                           std::vector<int> rows = training.perturbed_in(wanted.context);
                           if (rows.empty()) rows = training.perturbed();
                           std::vector<std::pair<double, int>> order;
                           for (const int row : rows)
                             if (const auto other = place_of(*places, training.target_columns(training.condition(row))); other.size() > 0) order.emplace_back((other - mine).squaredNorm(), row);
                           if (order.empty()) {
                             add_to_note(note, "no learned perturbation has a measured target gene: perturbed mean");
                             return control + training.mean_effect(wanted.context, note);
                           }
                           std::sort(order.begin(), order.end());
                           if (order.size() < static_cast<std::size_t>(k)) add_to_note(note, fmt::format("only {} learned perturbations", order.size()));
                           const std::size_t used = std::min(order.size(), static_cast<std::size_t>(k));
                           Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(training.genes());
                           for (std::size_t i = 0; i < used; ++i) out += training.effect(order[i].second);
                           if (used == 1) add_to_note(note, "nearest is " + training.condition(order[0].second).name);
                           return control + out / static_cast<double>(used);
                         };
                       }});
}

}  // namespace

Predictors neighbour_predictors() {
  Predictors out;
  out.push_back(nearest("nearest perturbation", 1, Place::gene_pca));
  for (const int k : {3, 5, 10}) out.push_back(nearest(fmt::format("{} nearest perturbations", k), k, Place::gene_pca));
  out.push_back(nearest("nearest by expression", 1, Place::expression));
  return out;
}

}  // namespace hyped
