// Linear models of all learned conditions together.
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "models/predictors/effect_components.hpp"
#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {

EffectComponents effect_components(const TrainingSet& training, const std::vector<int>& rows, int most) {
  EffectComponents out;
  const auto n = static_cast<Eigen::Index>(rows.size());
  out.effects.resize(n, training.genes());
  for (Eigen::Index i = 0; i < n; ++i) out.effects.row(i) = training.effect(rows[static_cast<std::size_t>(i)]);
  if (n == 0) {
    out.gene_scores = Eigen::MatrixXd::Zero(training.genes(), 0);
    return out;
  }
  const Eigen::MatrixXd centred = out.effects.colwise() - out.effects.rowwise().mean();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(centred * centred.transpose());
  const double largest = solver.eigenvalues()[n - 1];
  Eigen::Index kept = 0;
  while (kept < std::min<Eigen::Index>(most, n) && solver.eigenvalues()[n - 1 - kept] > 1e-12 * largest) ++kept;
  Eigen::MatrixXd directions = solver.eigenvectors().rightCols(kept).rowwise().reverse();
  out.gene_scores = centred.transpose() * directions;
  return out;
}

namespace {

// Rows to learn from: the context's own where there are two or more, else all.
std::vector<int> rows_for(const TrainingSet& training, const std::string& context, std::string& note) {
  std::vector<int> own = training.perturbed_in(context);
  if (own.size() >= 2 || own.size() == training.perturbed().size()) return own;
  add_to_note(note, "learned from all contexts");
  return training.perturbed();
}

// Learned once for each context.
template <class Learned>
class ByContext {
 public:
  template <class Learn>
  const Learned& get(const std::string& context, const Learn& learn) {
    auto found = learned_.find(context);
    if (found == learned_.end()) found = learned_.emplace(context, learn()).first;
    return found->second;
  }

 private:
  std::map<std::string, Learned> learned_;
};

struct Bilinear {
  Eigen::MatrixXd genes, weights;      // [G x K], [K x K]
  Eigen::RowVectorXd centre;           // [G]
  std::string note;
  int used = 0;
};

Eigen::RowVectorXd targets_in(const Eigen::MatrixXd& genes, const std::vector<int>& targets) {
  Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(genes.cols());
  for (const int g : targets) out += genes.row(g);
  return out;
}

Bilinear fit_bilinear(const TrainingSet& training, const std::string& context, double lambda) {
  Bilinear out;
  const std::vector<int> rows = rows_for(training, context, out.note);
  const EffectComponents parts = effect_components(training, rows, 10);
  out.genes = parts.gene_scores;
  std::vector<int> kept;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!training.target_columns(training.condition(rows[i])).empty()) kept.push_back(static_cast<int>(i));
  out.used = static_cast<int>(kept.size());
  const Eigen::Index k = out.genes.cols();
  if (kept.empty() || k == 0) {
    out.centre = training.mean_effect(context, out.note);
    return out;
  }
  const Eigen::MatrixXd y = parts.effects(kept, Eigen::all);      // [n x G]
  out.centre = y.colwise().mean();
  Eigen::MatrixXd p(static_cast<Eigen::Index>(kept.size()), k);
  for (std::size_t i = 0; i < kept.size(); ++i) p.row(static_cast<Eigen::Index>(i)) = targets_in(out.genes, training.target_columns(training.condition(rows[static_cast<std::size_t>(kept[i])])));
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(k, k) * lambda;
  const Eigen::MatrixXd left = (out.genes.transpose() * out.genes + identity).ldlt().solve(out.genes.transpose() * (y.rowwise() - out.centre).transpose());      // [K x n]
  out.weights = (p.transpose() * p + identity).ldlt().solve((left * p).transpose()).transpose();
  return out;
}

std::unique_ptr<Predictor> ridge_bilinear() {
  return predictor_of({"ridge bilinear", "control + c + G W p: G gene-PCA(10) of learned effects, p its rows of the targets, lambda 0.1; c alone where no target is measured (Ahlmann-Eltze et al. 2025)",
                       PredictorRole::model, [](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         const auto learned = std::make_shared<ByContext<Bilinear>>();
                         return [&training, learned](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           const Bilinear& fit = learned->get(wanted.context, [&] { return fit_bilinear(training, wanted.context, 0.1); });
                           if (!fit.note.empty()) add_to_note(note, fit.note);
                           const auto targets = training.target_columns(wanted);
                           const Eigen::RowVectorXd control = training.control(wanted.context);
                           if (targets.empty() || fit.weights.size() == 0) {
                             add_to_note(note, "no measured target gene here or among learned perturbations: mean effect");
                             return control + fit.centre;
                           }
                           return control + fit.centre + (fit.genes * (fit.weights * targets_in(fit.genes, targets).transpose())).transpose();
                         };
                       }});
}

// One column for each part, and one for each combination that was learned.
struct OneHot {
  std::map<std::string, Eigen::Index> column;
  Eigen::RowVectorXd row(const ResponseCondition& condition) const {
    Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(static_cast<Eigen::Index>(column.size()));
    for (const auto& name : names(condition))
      if (const auto at = column.find(name); at != column.end()) out[at->second] = 1;
    return out;
  }
  static std::vector<std::string> names(const ResponseCondition& condition) {
    std::vector<std::string> out = condition.perturbations;
    std::string all;
    for (const auto& part : condition.perturbations) all += part + '\n';
    if (condition.perturbations.size() > 1) out.push_back(all);
    return out;
  }
};

Eigen::MatrixXd design_of(const TrainingSet& training, const std::vector<int>& rows, OneHot& hot, bool with_combinations) {
  for (const int row : rows)
    for (const auto& name : OneHot::names(training.condition(row)))
      if (with_combinations || name.back() != '\n') hot.column.emplace(name, static_cast<Eigen::Index>(hot.column.size()));
  Eigen::MatrixXd out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(hot.column.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = hot.row(training.condition(rows[i]));
  return out;
}

struct OneHotFit {
  OneHot hot;
  Eigen::MatrixXd weights;      // [P x G]
  std::string note;
};

// Ridge with the penalty of each gene by leave-one-out in closed form (residual / (1 - leverage)); flat: the smallest.
OneHotFit fit_ridge_by_gene(const TrainingSet& training) {
  OneHotFit out;
  const std::vector<int>& rows = training.perturbed();
  const Eigen::MatrixXd z = design_of(training, rows, out.hot, true), y = effect_components(training, rows, 0).effects;
  const Eigen::Index p = z.cols(), genes = y.cols();
  out.weights = Eigen::MatrixXd::Zero(p, genes);
  if (rows.empty()) return out;
  Eigen::RowVectorXd best = Eigen::RowVectorXd::Constant(genes, std::numeric_limits<double>::infinity()), first = best;
  bool flat = true;
  for (int step = -3; step <= 3; ++step) {
    const Eigen::MatrixXd inverse = (z.transpose() * z + std::pow(10.0, step) * Eigen::MatrixXd::Identity(p, p)).ldlt().solve(z.transpose());      // [P x n]
    const Eigen::MatrixXd weights = inverse * y, hat = z * inverse;
    const Eigen::VectorXd room = (1 - hat.diagonal().array()).matrix();
    const Eigen::RowVectorXd error = ((y - z * weights).array().colwise() / room.array()).square().colwise().sum();
    for (Eigen::Index g = 0; g < genes; ++g) {
      if (error[g] < best[g] * (1 - 1e-9)) {
        flat = flat && !std::isfinite(best[g]);
        best[g] = error[g];
        out.weights.col(g) = weights.col(g);
      }
    }
  }
  if (flat) out.note = "leaving one learned condition out tells no penalty from another: the smallest, 0.001";
  return out;
}

// Effects of parts by least squares on all learned conditions, then kept to the K leading directions of the learned effects.
OneHotFit fit_latent_additive(const TrainingSet& training, int most) {
  OneHotFit out;
  const std::vector<int>& rows = training.perturbed();
  const Eigen::MatrixXd z = design_of(training, rows, out.hot, false), y = effect_components(training, rows, 0).effects;
  if (rows.empty()) return out;
  const Eigen::MatrixXd weights = z.completeOrthogonalDecomposition().solve(y);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(y * y.transpose());
  const Eigen::Index n = y.rows(), k = std::min<Eigen::Index>(most, n);
  Eigen::MatrixXd directions(y.cols(), 0);      // [G x K] orthonormal
  for (Eigen::Index i = 0; i < k; ++i) {
    const double value = solver.eigenvalues()[n - 1 - i];
    if (!(value > 1e-12 * solver.eigenvalues()[n - 1])) break;
    directions.conservativeResize(y.cols(), i + 1);
    directions.col(i) = y.transpose() * solver.eigenvectors().col(n - 1 - i) / std::sqrt(value);
  }
  out.weights = (weights * directions) * directions.transpose();
  return out;
}

std::unique_ptr<Predictor> one_hot_model(std::string name, std::string formula, std::function<OneHotFit(const TrainingSet&)> fit) {
  return predictor_of({std::move(name), std::move(formula), PredictorRole::model, [fit = std::move(fit)](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         const auto learned = std::make_shared<OneHotFit>(fit(training));
                         return [&training, learned](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           if (!learned->note.empty()) add_to_note(note, learned->note);
                           const Eigen::RowVectorXd row = learned->hot.row(wanted);
                           for (const auto& part : wanted.perturbations)
                             if (!learned->hot.column.contains(part)) add_to_note(note, part + " was never learned: no effect of it");
                           Eigen::RowVectorXd effect = Eigen::RowVectorXd::Zero(training.genes());
                           if (row.size() > 0) effect = row * learned->weights;
                           return training.control(wanted.context) + effect;
                         };
                       }});
}

}  // namespace

Predictors linear_predictors() {
  Predictors out;
  out.push_back(ridge_bilinear());
  out.push_back(one_hot_model("ridge by gene", "control + z b_g: z one-hot of parts and learned combinations, penalty of each gene by leave-one-out", fit_ridge_by_gene));
  out.push_back(one_hot_model("latent additive", "control + V V' (sum of w_part), w by least squares, V the 10 leading directions of learned effects (PerturBench's, made linear)",
                              [](const TrainingSet& training) { return fit_latent_additive(training, 10); }));
  return out;
}

}  // namespace hyped
