// Predictors from means over learned perturbations: what a model must beat before it is worth its name.
#include <cmath>

#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {
namespace {

// Effects of the context's perturbed conditions, weighted by cells where asked; the control as one more condition with effect 0 where asked.
Eigen::RowVectorXd weighted_mean(const TrainingSet& training, const ResponseCondition& wanted, bool by_cells, bool with_control, std::string& note) {
  std::vector<int> rows = training.perturbed_in(wanted.context);
  if (rows.empty()) return training.mean_effect(wanted.context, note);
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(training.genes());
  double weights = with_control ? 1 : 0;
  for (const int row : rows) {
    const double weight = by_cells ? static_cast<double>(training.condition(row).cells) : 1.0;
    sum += weight * training.effect(row);
    weights += weight;
  }
  if (weights > 0) return sum / weights;
  add_to_note(note, "numbers of cells are not known: equal weights");
  return training.mean_effect(wanted.context, note);
}

// Mean over other contexts of the same perturbation's effect; else of all effects there.
Eigen::RowVectorXd shifted_from_contexts(const TrainingSet& training, const ResponseCondition& wanted, std::string& note) {
  std::vector<int> rows = training.measured_elsewhere(wanted.perturbations, wanted.context);
  if (rows.empty()) {
    add_to_note(note, "not learned in another context: mean effect of learned perturbations instead");
    return training.mean_effect(wanted.context, note);
  }
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(training.genes());
  for (const int row : rows) sum += training.effect(row);
  return sum / static_cast<double>(rows.size());
}

// The mean effect, with the wanted condition's targets moved as learned perturbations moved their own.
Eigen::RowVectorXd target_informed(const TrainingSet& training, const ResponseCondition& wanted, std::string& note) {
  Eigen::RowVectorXd out = training.mean_effect(wanted.context, note);
  const std::vector<int> mine = training.target_columns(wanted);
  if (mine.empty()) {
    add_to_note(note, "no measured target gene is declared: perturbed mean");
    return out;
  }
  double sum = 0;
  int seen = 0;
  for (const int row : training.perturbed_in(wanted.context)) {
    const Eigen::RowVectorXd control = training.control(training.condition(row).context), effect = training.effect(row);
    for (const int g : training.target_columns(training.condition(row)))
      if (control[g] > 0) sum += effect[g] / control[g], ++seen;
  }
  const Eigen::RowVectorXd control = training.control(wanted.context);
  for (const int g : mine) {
    // the part itself may have been learned alone: then its own target is known
    bool known = false;
    for (const auto& part : wanted.perturbations)
      if (const auto rows = training.measured_here({part}, wanted.context); !rows.empty())
        for (const int own : training.target_columns(training.condition(rows[0])))
          if (own == g) out[g] = training.effect(rows[0])[g], known = true;
    if (known) continue;
    if (seen > 0) out[g] = control[g] * sum / seen;
    else add_to_note(note, "no learned perturbation has a target that the control expresses: target left as it is");
  }
  return out;
}

// alpha_g times the mean effect, alpha_g = max(0, 1 - (variance / n) / mean^2) over learned effects of the gene.
Eigen::RowVectorXd shrunken(const TrainingSet& training, const ResponseCondition& wanted, std::string& note) {
  std::vector<int> rows = training.perturbed_in(wanted.context);
  if (rows.empty()) rows = training.perturbed();
  const Eigen::RowVectorXd mean = training.mean_effect(wanted.context, note);
  if (rows.size() < 2) {
    add_to_note(note, "fewer than two learned perturbations: not shrunken");
    return mean;
  }
  Eigen::RowVectorXd squares = Eigen::RowVectorXd::Zero(training.genes());
  for (const int row : rows) squares += (training.effect(row) - mean).array().square().matrix();
  const double n = static_cast<double>(rows.size());
  Eigen::RowVectorXd out = mean;
  for (Eigen::Index g = 0; g < out.size(); ++g) {
    const double error = squares[g] / (n - 1) / n;
    out[g] = mean[g] == 0 ? 0 : mean[g] * std::max(0.0, 1 - error / (mean[g] * mean[g]));
  }
  return out;
}

}  // namespace

Predictors mean_predictors() {
  Predictors out;
  const auto add = [&](std::string name, std::string formula, EffectRule rule) { out.push_back(predictor_of_effect(std::move(name), std::move(formula), PredictorRole::baseline, std::move(rule))); };
  add("no change", "control of the context", [](const TrainingSet& t, const ResponseCondition&, std::string&) -> Eigen::RowVectorXd { return Eigen::RowVectorXd::Zero(t.genes()); });
  add("perturbed mean", "mean of learned perturbed profiles, equal weights, control left out (Ahlmann-Eltze et al. 2025)",
      [](const TrainingSet& t, const ResponseCondition& w, std::string& note) { return weighted_mean(t, w, false, false, note); });
  add("perturbed mean, by cells", "mean over learned perturbed cells (Systema's non-control mean)", [](const TrainingSet& t, const ResponseCondition& w, std::string& note) { return weighted_mean(t, w, true, false, note); });
  add("perturbed mean, with control", "mean of learned profiles, the control one of them (cell-eval's baseline)", [](const TrainingSet& t, const ResponseCondition& w, std::string& note) { return weighted_mean(t, w, false, true, note); });
  add("context-shifted mean", "control + mean effect of the same perturbation in other contexts", shifted_from_contexts);
  add("target-informed mean", "perturbed mean, target genes changed in the ratio learned perturbations changed theirs (Wong et al. 2025)", target_informed);
  add("shrunken mean", "control + alpha_g mean effect, alpha_g = max(0, 1 - var_g/(n mean_g^2)): positive-part James-Stein by gene", shrunken);
  return out;
}

}  // namespace hyped
