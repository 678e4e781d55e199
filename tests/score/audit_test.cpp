// Tricks do what they say, and an audit tells metrics that pay for them from metrics that do not.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "libhyped/random.hpp"
#include "libhyped/score/audit/audit.hpp"
#include "libhyped/score/audit/tricks.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"

using namespace hyped;

namespace {

constexpr int n = 20, genes = 60;

struct Scene {
  EffectComparison pair;
  AuditScene audit;
  Submission duplicate;
};

Scene scene() {
  Scene out;
  RandomStream random(8, 0, 0);
  out.pair.truth.resize(n, genes), out.pair.control = ProfileMatrix::Constant(n, genes, 2);
  out.duplicate.means.resize(n, genes), out.duplicate.control = Eigen::RowVectorXd::Constant(genes, 2);
  for (int g = 0; g < genes; ++g) out.pair.genes.push_back("g" + std::to_string(g));
  for (int i = 0; i < n; ++i) {
    out.pair.conditions.push_back({"g" + std::to_string(i), {"g" + std::to_string(i)}, "", 10});
    out.pair.own_genes.push_back({static_cast<std::size_t>(i)});
    for (int g = 0; g < genes; ++g) {
      const double change = 0.3 * random.normal() + (g == i ? -1.5 : 0);
      out.pair.truth(i, g) = 2 + change, out.duplicate.means(i, g) = 2 + change + 0.3 * random.normal();
    }
  }
  out.pair.predicted_control = out.pair.control;
  out.audit = {out.pair.own_genes, 3, 1};
  return out;
}

AuditedScores scores_of(const Scene& s, const Submission& submission, const std::vector<Metric>& metrics) {
  EffectComparison pair = s.pair;
  pair.predicted = submission.means, pair.predicted_control = submission.control.replicate(n, 1);
  AuditedScores out;
  for (const auto& m : metrics) out.push_back({"test", m.id, m.better, m.evaluate(pair)});
  return out;
}

}  // namespace

TEST_CASE("tricks on means change what they name and nothing else") {
  const Scene s = scene();
  std::set<std::string> seen;
  for (const auto& trick : mean_tricks()) {
    INFO(trick.id << " " << trick.setting);
    seen.insert(trick.id);
    const Submission after = trick.apply(s.duplicate, s.audit);
    const ProfileMatrix before_change = s.duplicate.change(), change = after.change();
    if (trick.id == "scale" && trick.setting == "x 3") CHECK((change - 3 * before_change).norm() < 1e-9);
    if (trick.id == "replicated_mean") CHECK((change.rowwise() - Eigen::RowVectorXd(before_change.colwise().mean())).norm() < 1e-9);
    if (trick.id == "shrink_to_mean") CHECK((change.colwise().mean() - before_change.colwise().mean()).norm() < 1e-9);
    if (trick.id == "control_twist") {
      CHECK(after.means == s.duplicate.means);
      CHECK(after.control != s.duplicate.control);
    } else if (trick.id != "log1p_twice") CHECK(after.control == s.duplicate.control);
    if (trick.id == "own_target") CHECK((after.means.array() != s.duplicate.means.array()).count() == n);
    if (trick.id == "other_targets") CHECK((after.means.array() != s.duplicate.means.array()).count() == n * (n - 1));
    if (trick.id == "label_shuffle")
      for (int i = 0; i < n; ++i) CHECK((after.means.row(i).array() != s.duplicate.means.row(i).array()).any());
  }
  CHECK(seen.size() == 8);
  for (const std::size_t size : {2, 3, 9}) {
    const auto from = derangement(size, 4);
    for (std::size_t i = 0; i < size; ++i) CHECK(from[i] != i);
    CHECK(std::set<std::size_t>(from.begin(), from.end()).size() == size);
  }
}

TEST_CASE("tricks on cells keep what they promise") {
  // two conditions and a control of 40 cells, 5 genes
  CellSubmission s;
  s.cells.columns = 5, s.cells.rows = 120;
  s.groups.names = {"a", "b", "control"};
  RandomStream random(8, 1, 0);
  for (int c = 0; c < 120; ++c) {
    s.groups.of_cell.push_back(c / 40);
    for (int g = 0; g < 5; ++g)
      if (random.uniform() < 0.7) s.cells.column.push_back(g), s.cells.value.push_back(static_cast<float>(0.5 + random.uniform() + (c < 40 && g == 0 ? 1 : 0)));
    s.cells.start.push_back(static_cast<std::int64_t>(s.cells.column.size()));
  }
  const auto mean = [](const CellSubmission& x, int group, int gene) {
    double sum = 0, count = 0;
    for (int c = 0; c < x.cells.rows; ++c) {
      if (x.groups.of_cell[static_cast<std::size_t>(c)] != group) continue;
      count += 1;
      for (std::size_t i = 0; i < x.cells.columns_of(c).size(); ++i)
        if (x.cells.columns_of(c)[i] == gene) sum += static_cast<double>(x.cells.values_of(c)[i]);
    }
    return sum / count;
  };
  for (const auto& trick : cell_tricks()) {
    INFO(trick.id << " " << trick.setting);
    const CellSubmission after = trick.apply(s, {{{0}, {1}}, 3, 1});
    CHECK(after.cells.rows == 120);
    for (const float v : after.cells.value) CHECK(v > 0);
    if (trick.id != "log1p_twice")
      for (int g = 0; g < 5; ++g) CHECK(mean(after, 2, g) == mean(s, 2, g));
    if (trick.id == "replicated_mean_cells") {
      for (int g = 0; g < 5; ++g) CHECK(mean(after, 0, g) == Approx(mean(s, 0, g)).epsilon(1e-6));
      CHECK(after.cells.values_of(0)[0] == after.cells.values_of(7)[0]);
    }
    if (trick.id == "variance" && trick.setting == "sd x 0.3")
      for (int g = 0; g < 5; ++g) CHECK(mean(after, 0, g) == Approx(mean(s, 0, g)).epsilon(1e-5));
    if (trick.id == "label_shuffle") CHECK(mean(after, 1, 0) == Approx(mean(s, 0, 0)));
    if (trick.id == "shifted_control") CHECK(mean(after, 0, 0) > mean(s, 2, 0) + 0.5);
  }
}

TEST_CASE("an audit finds the metrics that pay: scale for Manhattan discrimination, shrinking for errors, spikes for a row rule") {
  const Scene s = scene();
  const std::vector<Metric> metrics = {bulk_metric("pds_cosine"), bulk_metric("mse_delta"), bulk_metric("pearson_delta", OwnGenes::left_out)};
  Submission mean_only = s.duplicate;
  mean_only.means = Eigen::RowVectorXd(s.duplicate.means.colwise().mean()).replicate(n, 1);
  // a metric that counts only how large changes are predicted: pays for scale, is blind to labels
  Metric size;
  size.id = "size";
  size.evaluate = [](const EffectComparison& pair) {
    std::vector<MetricValue> out;
    for (Eigen::Index i = 0; i < pair.predicted.rows(); ++i) out.push_back({std::tanh((pair.predicted.row(i) - pair.control.row(i)).norm()), ""});
    return out;
  };
  std::vector<Metric> all = metrics;
  all.push_back(size);
  std::vector<AuditedSubmission> submissions;
  for (const auto& [name, base] : {std::pair{std::string("duplicate"), s.duplicate}, {std::string("mean only"), mean_only}}) {
    submissions.push_back({name, "", "", false, scores_of(s, base, all)});
    for (const auto& trick : mean_tricks()) submissions.push_back({name, trick.id, trick.setting, false, scores_of(s, trick.apply(base, s.audit), all)});
  }
  const Audit audit = audit_of(submissions, {0.95, 0.01, "duplicate", "mean only", 1});
  REQUIRE(audit.verdicts.size() == 4);
  const auto gained = [&](std::size_t metric, const std::string& trick) {
    for (const auto& words : audit.verdicts[metric].gained_by)
      if (words.starts_with(trick)) return true;
    return false;
  };
  CHECK(audit.verdicts[0].certified);
  CHECK(audit.verdicts[0].sees_labels);
  CHECK(!gained(0, "scale"));
  CHECK(!audit.verdicts[1].certified);
  CHECK(gained(1, "own_target"));        // the target of every condition is known to fall
  CHECK(!gained(2, "scale"));
  CHECK(!gained(2, "own_target"));       // left out
  CHECK(audit.verdicts[2].sees_labels);
  CHECK(gained(3, "scale x 3"));
  CHECK(!audit.verdicts[3].sees_labels);
  for (const auto& g : audit.gains)
    if (g.gain && g.in_spans) CHECK(g.gain->estimate == Approx(((g.metric == "mse_delta" ? -1 : 1) * (*g.after - *g.before))).margin(1e-12));
}
