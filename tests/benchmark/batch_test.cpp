// A library effect that controls do not share: what it does to combinations, and what is free of it.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/benchmark/run/bench_run.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"

using namespace hyped;

namespace {

constexpr int genes = 60;

// Cells without noise to speak of: control mu, A mu + b + a, B mu + b + t, A+B mu + b + a + t + e.
BenchmarkCells library_example(const Eigen::VectorXd& a, const Eigen::VectorXd& t, const Eigen::VectorXd& e, const Eigen::VectorXd& batch) {
  std::vector<std::string> names, labels, cells;
  SparseRows rows;
  rows.columns = genes;
  for (int g = 0; g < genes; ++g) names.push_back(g == 0 ? "A" : g == 1 ? "B" : "g" + std::to_string(g));
  const std::vector<std::pair<std::string, Eigen::VectorXd>> arms{{"control", Eigen::VectorXd::Zero(genes)}, {"A", batch + a}, {"B", batch + t}, {"A+B", batch + a + t + e}};
  for (const auto& [arm, shift] : arms)
    for (int i = 0; i < 12; ++i) {
      RandomStream random(3, static_cast<std::uint32_t>(rows.rows), 1);
      for (int g = 0; g < genes; ++g) {
        rows.column.push_back(g);
        rows.value.push_back(static_cast<float>(5 + shift[g] + 1e-4 * random.normal()));
      }
      rows.start.push_back(static_cast<std::int64_t>(rows.column.size()));
      ++rows.rows;
      labels.push_back(arm), cells.push_back(arm + std::to_string(i));
    }
  BenchmarkReading reading;
  std::vector<std::string> notes;
  BenchmarkCells out = benchmark_cells_of(names, rows, labels, {}, cells, "control", reading, "example", notes);
  out.unit = "mean log1p";
  return out;
}

Eigen::VectorXd sparse(std::uint64_t seed, double share, double size) {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(genes);
  RandomStream random(seed, 0, 0);
  for (int g = 0; g < genes; ++g)
    if (random.uniform() < share) out[g] = size * random.normal();
  return out;
}

std::size_t model(const Benchmark& bench, const std::string& name) {
  for (std::size_t m = 0; m < bench.models.size(); ++m)
    if (bench.models[m].name == name) return m;
  FAIL("no model " + name);
  return 0;
}

}  // namespace

TEST_CASE("interaction and library cannot be told apart, contrasts within the library can") {
  const Eigen::VectorXd a = sparse(1, 0.2, 0.5), t = sparse(2, 0.2, 0.5), e = Eigen::VectorXd::Zero(genes);
  Eigen::VectorXd batch(genes);
  RandomStream random(9, 0, 0);
  for (int g = 0; g < genes; ++g) batch[g] = 0.4 * random.normal();
  Benchmark bench;
  bench.cells = library_example(a, t, e, batch);
  bench.split = make_split(bench.cells, SplitKind::dual, 1, 0);
  bench.predictors = standard_predictors(std::vector<std::string>{"no change", "perturbed mean", "additive", "overlap-corrected additive", "B only"});
  bench.metrics = {bulk_metric("l2_delta"), bulk_metric("pearson_delta")};
  prepare_models(bench, true);
  // the additive prediction holds the batch twice: its error is the batch
  const auto l2 = [&](const std::string& name) { return bench.metrics[0].evaluate(bench.models[model(bench, name)].pair)[0].value.value(); };
  CHECK(l2("additive") == Approx(batch.norm()).epsilon(1e-3));
  CHECK(l2("overlap-corrected additive") < 0.75 * l2("additive"));
  // a sparse split gets the batch back where at most one of a, t, e is there
  const auto row = [&](int l) -> Eigen::RowVectorXd { return bench.means.row(l) - bench.means.row(bench.cells.index_of("control", "")); };
  const Eigen::RowVectorXd found = sparse_batch(row(bench.cells.index_of("A", "")), row(bench.cells.index_of("B", "")), row(bench.cells.index_of("A+B", "")));
  int checked = 0;
  for (int g = 0; g < genes; ++g) {
    if (a[g] != 0 && t[g] != 0 && a[g] * t[g] > 0) continue;
    CHECK(found[g] == Approx(batch[g]).margin(3e-4));
    ++checked;
  }
  CHECK(checked > 40);
  // contrasts: truth is a and t without the batch; A+B is predicted, the others are measured
  const ContrastSet contrasts = contrast_models(bench);
  REQUIRE(contrasts.models.size() == bench.models.size());
  const EffectComparison& pair = contrasts.models[model(bench, "additive")].pair;
  REQUIRE(pair.conditions.size() == 2);
  CHECK(pair.conditions[0].name == "A+B - A");
  CHECK((Eigen::RowVectorXd(pair.truth.row(0) - pair.control.row(0)) - t.transpose()).cwiseAbs().maxCoeff() < 2e-4);
  CHECK((Eigen::RowVectorXd(pair.truth.row(1) - pair.control.row(1)) - a.transpose()).cwiseAbs().maxCoeff() < 2e-4);
  // but a prediction from the control of the other library still holds it
  CHECK((Eigen::RowVectorXd(pair.predicted.row(0) - pair.control.row(0)) - (t + batch).transpose()).cwiseAbs().maxCoeff() < 2e-4);
  // another batch leaves the truth of contrasts as it is
  Benchmark other;
  other.cells = library_example(a, t, e, 3 * batch);
  other.split = bench.split;
  other.predictors = standard_predictors(std::vector<std::string>{"perturbed mean"});
  other.metrics = bench.metrics;
  prepare_models(other, true);
  const EffectComparison again = contrast_models(other).models[0].pair;
  CHECK(((again.truth - again.control) - (pair.truth - pair.control)).cwiseAbs().maxCoeff() < 3e-4);
}

TEST_CASE("training never holds what is tested, and draws of cells make predictions again") {
  Benchmark bench;
  bench.cells = library_example(sparse(1, 0.5, 1), sparse(2, 0.5, 1), sparse(3, 0.2, 1), Eigen::VectorXd::Zero(genes));
  bench.split = make_split(bench.cells, SplitKind::condition, 1, 0);
  bench.predictors = standard_predictors();
  bench.metrics = {bulk_metric("l2_delta")};
  prepare_models(bench, false);
  REQUIRE(bench.models.size() == bench.predictors.size());
  // the truth changed, everything else as it was: no prediction of that condition moves
  for (std::size_t i = 0; i < bench.tested.condition.size(); ++i) {
    ProfileMatrix means = bench.means;
    means.row(bench.groups.truth[static_cast<std::size_t>(bench.tested.condition[i])]).array() += 100;
    for (const auto& one : bench.models) {
      INFO(one.name);
      CHECK(one.again(means).row(static_cast<Eigen::Index>(i)) == one.pair.predicted.row(static_cast<Eigen::Index>(i)));
    }
  }
  // prediction and truth stand on disjoint control cells
  const auto control = static_cast<std::size_t>(bench.cells.index_of("control", ""));
  CHECK(bench.groups.learned[control] != bench.groups.truth[control]);
  CHECK(bench.groups.groups.sizes()[static_cast<std::size_t>(bench.groups.truth[control])] == 6);
  // no change is exactly that against the truth's half, and as predicted the learning half
  CHECK((bench.models[0].pair.predicted - bench.truth.control).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(bench.absolute[0].predicted.row(0) == bench.means.row(bench.groups.learned[control]));
  CHECK((bench.absolute[0].predicted - bench.truth.control).cwiseAbs().maxCoeff() > 1e-6);
}
