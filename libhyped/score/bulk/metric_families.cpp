// Errors and correlations of whole profiles: absolute, as changes from control, as differences from the perturbed mean.
#include "libhyped/score/bulk/metric_families.hpp"

#include <cmath>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/score/bulk/discrimination.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

using Score = std::function<MetricValue(const EffectComparison&, const ConditionView&)>;

struct Measure {
  const char* id;
  const char* words;      // of truth t and prediction p
  Better better;
  double perfect;
  std::optional<double> worst;
  std::function<MetricValue(Values, Values)> of;
};

const std::vector<Measure>& measures() {
  static const std::vector<Measure> all = {
      {"mse", "mean over genes of (p - t)^2", Better::lower, 0, {}, [](Values t, Values p) { return defined(mean_squared_error(t, p)); }},
      {"mae", "mean over genes of |p - t|", Better::lower, 0, {}, [](Values t, Values p) { return defined(mean_absolute_error(t, p)); }},
      {"rmse", "root of the mean over genes of (p - t)^2", Better::lower, 0, {}, [](Values t, Values p) { return defined(std::sqrt(mean_squared_error(t, p))); }},
      {"l2", "||p - t||", Better::lower, 0, {}, [](Values t, Values p) { return defined(euclidean_distance(t, p)); }},
      {"pearson", "Pearson correlation over genes of p and t", Better::higher, 1, -1, pearson},
      {"spearman", "Spearman correlation over genes of p and t", Better::higher, 1, -1, spearman},
      {"r2", "1 - ||p - t||^2 / ||t - mean t||^2", Better::higher, 1, {}, r_squared},
      {"cosine", "p.t / (||p|| ||t||)", Better::higher, 1, -1, cosine},
  };
  return all;
}

Metric metric_of(const Measure& m, const std::string& suffix, const std::string& formula, OwnGenes own, Score score) {
  return {m.id + suffix, formula + (own == OwnGenes::left_out ? "; own genes left out" : ""), m.better, m.perfect, m.worst, per_condition(own, std::move(score))};
}

}  // namespace

ConditionView::ConditionView(const EffectComparison& pair, std::size_t condition, OwnGenes own) : condition_(condition) {
  std::vector<char> out(pair.genes.size(), 0);
  if (own == OwnGenes::left_out && condition < pair.own_genes.size())
    for (const std::size_t g : pair.own_genes[condition]) out[g] = 1;
  for (std::size_t g = 0; g < out.size(); ++g)
    if (!out[g]) columns_.push_back(g);
}

std::vector<double> ConditionView::of(const ProfileMatrix& profiles) const {
  std::vector<double> row;
  row.reserve(columns_.size());
  for (const std::size_t g : columns_) row.push_back(profiles(static_cast<Eigen::Index>(condition_), static_cast<Eigen::Index>(g)));
  return row;
}

std::vector<double> ConditionView::change_of(const ProfileMatrix& profiles, const ProfileMatrix& reference) const { return change(of(profiles), of(reference)); }

std::function<std::vector<MetricValue>(const EffectComparison&)> per_condition(OwnGenes own, Score score) {
  return [own, score = std::move(score)](const EffectComparison& pair) {
    std::vector<MetricValue> out;
    for (std::size_t i = 0; i < pair.conditions.size(); ++i) {
      const ConditionView view(pair, i, own);
      out.push_back(view.empty() ? undefined("no gene is left") : score(pair, view));
    }
    return out;
  };
}

ProfileMatrix perturbed_mean_of(const EffectComparison& pair) {
  if (pair.perturbed_mean.size() > 0) return pair.perturbed_mean;
  std::map<std::string, std::pair<Eigen::RowVectorXd, double>> sums;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) {
    auto& [sum, count] = sums.try_emplace(pair.conditions[i].context, Eigen::RowVectorXd::Zero(pair.truth.cols()), 0.0).first->second;
    sum += pair.truth.row(static_cast<Eigen::Index>(i)), count += 1;
  }
  ProfileMatrix out(pair.truth.rows(), pair.truth.cols());
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) {
    const auto& [sum, count] = sums.at(pair.conditions[i].context);
    out.row(static_cast<Eigen::Index>(i)) = sum / count;
  }
  return out;
}

std::vector<Metric> absolute_metrics(OwnGenes own) {
  std::vector<Metric> out;
  for (const Measure& m : measures())
    out.push_back(metric_of(m, "", std::string(m.words) + ", mean expression", own, [of = m.of](const EffectComparison& pair, const ConditionView& view) { return of(view.of(pair.truth), view.of(pair.predicted)); }));
  out.push_back({"mse_debiased", "mean over genes of (p - t)^2 - se(t)^2: the noise of the truth taken off, may be negative", Better::lower, 0, {},
                 per_condition(own, [](const EffectComparison& pair, const ConditionView& view) {
                   if (pair.truth_error.size() == 0) return undefined("the truth has no standard errors");
                   double error = 0;
                   for (const double e : view.of(pair.truth_error)) error += e;
                   return std::isfinite(error) ? defined(mean_squared_error(view.of(pair.truth), view.of(pair.predicted)) - error / static_cast<double>(view.columns().size())) : undefined("fewer than two cells: no standard error");
                 })});
  return out;
}

std::vector<Metric> change_metrics(OwnGenes own) {
  std::vector<Metric> out;
  for (const bool own_control : {false, true})
    for (const Measure& m : measures()) {
      const std::string words = std::string(m.words) + (own_control ? ", t = truth - measured control, p = prediction - the control it brought (cell-eval)" : ", changes from the measured control");
      out.push_back(metric_of(m, own_control ? "_delta_own_control" : "_delta", words, own, [of = m.of, own_control](const EffectComparison& pair, const ConditionView& view) {
        return of(view.change_of(pair.truth, pair.control), view.change_of(pair.predicted, own_control ? pair.predicted_control : pair.control));
      }));
    }
  return out;
}

std::vector<Metric> perturbed_mean_metrics(OwnGenes own) {
  std::vector<Metric> out;
  for (const Measure& m : measures()) {
    const std::string id = m.id;
    if (id != "pearson" && id != "spearman" && id != "r2" && id != "cosine") continue;      // errors do not change with the reference
    Metric metric = metric_of(m, "_perturbed_mean", std::string(m.words) + ", differences from the perturbed mean (Systema)", own, {});
    metric.evaluate = [of = m.of, own](const EffectComparison& pair) {
      const ProfileMatrix reference = perturbed_mean_of(pair);
      return per_condition(own, [&](const EffectComparison& c, const ConditionView& view) { return of(view.change_of(c.truth, reference), view.change_of(c.predicted, reference)); })(pair);
    };
    out.push_back(std::move(metric));
  }
  return out;
}

std::vector<Metric> discrimination_metrics() {
  using Form = DiscriminationForm;
  const auto metric = [](std::string id, std::string formula, Better better, double perfect, double worst, Form form) {
    return Metric{std::move(id), std::move(formula), better, perfect, worst, [form](const EffectComparison& pair) { return discrimination_of(pair, form); }};
  };
  std::vector<Metric> out;
  for (const auto& [name, distance] : {std::pair{"l1", ProfileDistance::l1}, {"l2", ProfileDistance::l2}, {"cosine", ProfileDistance::cosine}}) {
    out.push_back(metric(std::string("pds_") + name, std::string("1 - k / (N - 1), k = truths nearer to the prediction than its own (") + name + " distance of changes), ties half; own genes of all conditions left out (cell-eval2's rule)", Better::higher, 1, 0,
                         {distance, DiscriminationRule::mid_rank, Form::LeftOut::all_own_genes, false, false}));
    out.push_back(metric(std::string("discrimination_score_") + name, std::string("1 - rank / N of the own truth (") + name + " distance of changes), ties by name; a gene called as the condition left out (cell-eval 0.8)", Better::higher, 1, 0,
                         {distance, DiscriminationRule::argsort, Form::LeftOut::own_gene_by_label, true, false}));
  }
  out.push_back(metric("nir", "share of other truths strictly farther from the prediction than its own, Euclidean (Shift)", Better::higher, 1, 0, {ProfileDistance::l2, DiscriminationRule::strictly_nearer, Form::LeftOut::none, false, false}));
  out.push_back(metric("centroid_accuracy", "share of other centroids strictly farther from the prediction than its own, Euclidean (Systema)", Better::higher, 1, 0, {ProfileDistance::l2, DiscriminationRule::strictly_nearer, Form::LeftOut::none, false, false}));
  out.push_back(metric("rank_l2", "share of predictions nearer to the truth than its own, Euclidean, ties half (PerturBench, RMSE rank)", Better::lower, 0, 1, {ProfileDistance::l2, DiscriminationRule::mid_rank, Form::LeftOut::none, false, true}));
  out.push_back(metric("rank_cosine", "share of predictions nearer to the truth than its own, cosine of changes, ties half (PerturBench)", Better::lower, 0, 1, {ProfileDistance::cosine, DiscriminationRule::mid_rank, Form::LeftOut::none, false, true}));
  return out;
}

}  // namespace hyped
