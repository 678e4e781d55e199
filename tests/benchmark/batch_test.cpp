// A library effect that controls do not share: what it does to combinations, and what is free of it.
#include <catch2/catch.hpp>
#include <cmath>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <unistd.h>

#include "experiments/benchmark/run/bench_run.hpp"
#include "experiments/scenario.hpp"
#include "experiments/twin/cells/cells_truth.hpp"
#include "experiments/twin/cells/cells_twin.hpp"
#include "libhyped/ingest/delimited.hpp"
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

TEST_CASE("the twin's own library effect: found where genes answer nothing, and its band holds what is true", "[standard]") {
  Scenario scenario = read_scenario(shipped_scenario("hyped_twin"));
  CellsTwinSettings& settings = *scenario.cells;
  settings.genes = 800, settings.network_genes = 120;
  for (auto& library : settings.libraries) {
    for (auto& sample : library.samples) sample.cells = static_cast<int>(sample.cells * 0.15);
    library.missing = std::min(library.missing, 5);
  }
  const CellsTwin twin = simulate_cells_twin(scenario, 12);
  REQUIRE(twin.outcome.ok());
  // one cell a droplet, ln(1 + counts per 10,000)
  const std::map<std::string, std::string> called{{"control", "control"}, {"siPRRX1", "A"}, {"mmMYOD1", "B"}, {"dual", "A+B"}};
  const auto first = first_cells(twin);
  SparseRows logs;
  logs.columns = twin.counts.columns;
  std::vector<std::string> labels, cells, names;
  for (const auto& gene : twin.network.genes) names.push_back(gene.name);
  std::map<std::string, std::set<int>> libraries;
  for (int i = 0; i < twin.droplets(); ++i) {
    const auto at = first[static_cast<std::size_t>(i)];
    if (first[static_cast<std::size_t>(i) + 1] - at != 1 || !called.count(twin.cells[at].arm)) continue;
    double total = 0;
    for (const float v : twin.counts.values_of(i)) total += static_cast<double>(v);
    for (std::size_t k = 0; k < twin.counts.values_of(i).size(); ++k) {
      logs.column.push_back(twin.counts.columns_of(i)[k]);
      logs.value.push_back(static_cast<float>(std::log1p(1e4 * static_cast<double>(twin.counts.values_of(i)[k]) / total)));
    }
    logs.start.push_back(static_cast<std::int64_t>(logs.column.size()));
    ++logs.rows;
    labels.push_back(called.at(twin.cells[at].arm)), cells.push_back("c" + std::to_string(i));
    libraries[labels.back()].insert(twin.library[static_cast<std::size_t>(i)]);
  }
  REQUIRE(libraries.size() == 4);
  REQUIRE(libraries.at("control").size() == 1);
  REQUIRE(libraries.at("A") == libraries.at("A+B"));
  const auto control_library = static_cast<std::size_t>(*libraries.at("control").begin()), other = static_cast<std::size_t>(*libraries.at("A").begin());
  REQUIRE(control_library != other);
  BenchmarkReading reading;
  reading.targets = {"none"};
  std::vector<std::string> notes;
  Benchmark bench;
  bench.cells = benchmark_cells_of(names, logs, labels, {}, cells, "control", reading, "twin", notes);
  bench.cells.unit = "mean log1p";
  bench.split = make_split(bench.cells, SplitKind::dual, 1, 0);
  bench.predictors = standard_predictors(std::vector<std::string>{"no change", "perturbed mean", "additive"});
  bench.metrics = {bulk_metric("l2_delta")};
  prepare_models(bench, true);
  const auto mean = [&](const char* name) -> Eigen::RowVectorXd { return bench.means.row(bench.groups.truth[static_cast<std::size_t>(bench.cells.index_of(name, ""))]); };
  const Eigen::RowVectorXd control = mean("control"), batch = sparse_batch(mean("A") - control, mean("B") - control, mean("A+B") - control);
  // genes that answer to nothing and are counted well in the control: the mean logarithm moves as the logarithm of the factor, but for one constant of normalisation
  std::vector<double> truth, found;
  std::vector<std::size_t> quiet;
  for (std::size_t g = 0; g < bench.cells.genes.size(); ++g) {
    const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), bench.cells.genes[g]) - names.begin());
    const TwinGene& gene = twin.network.genes[at];
    if (gene.state >= 0 || gene.programme == "mitochondrial" || control[static_cast<Eigen::Index>(g)] < 1.5) continue;
    quiet.push_back(g);
    truth.push_back(gene.batch[other] - gene.batch[control_library]), found.push_back(batch[static_cast<Eigen::Index>(g)]);
  }
  REQUIRE(quiet.size() > 40);
  double mt = 0, mf = 0, tt = 0, ff = 0, tf = 0;
  const double n = static_cast<double>(quiet.size());
  for (std::size_t i = 0; i < quiet.size(); ++i) mt += truth[i] / n, mf += found[i] / n;
  for (std::size_t i = 0; i < quiet.size(); ++i) tt += (truth[i] - mt) * (truth[i] - mt), ff += (found[i] - mf) * (found[i] - mf), tf += (truth[i] - mt) * (found[i] - mf);
  WARN(quiet.size() << " quiet genes: correlation of the found batch with the true one " << tf / std::sqrt(tt * ff) << ", slope " << tf / tt);
  CHECK(tf / std::sqrt(tt * ff) > 0.95);
  CHECK(tf / tt == Approx(0.9).margin(0.15));      // counts of some units: ln(1 + x) moves a little less than ln x
  // half of the quiet genes are declared; the others' interaction is 0 and has to lie in the band in 95 %
  const auto folder = std::filesystem::temp_directory_path() / ("hyped_twin_batch_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::set<std::string> declared, held;
  {
    std::ofstream list(folder / "quiet.txt");
    for (std::size_t i = 0; i < quiet.size(); ++i) {
      (i % 2 == 0 ? declared : held).insert(bench.cells.genes[quiet[i]]);
      if (i % 2 == 0) list << bench.cells.genes[quiet[i]] << "\n";
    }
  }
  RunDirectory run(folder / "run", {"test"}, 1);
  report_batch(run, bench, folder / "quiet.txt");
  run.finish();
  const DelimitedTable table = DelimitedTable::read(folder / "run/tables/batch.tsv"), band = DelimitedTable::read(folder / "run/tables/interaction_band.tsv");
  REQUIRE(table.rows() == 1);
  double of_declared = 0, inside = 0, seen = 0;
  for (std::size_t i = 0; i < quiet.size(); ++i)
    if (declared.count(bench.cells.genes[quiet[i]])) of_declared += (mean("A") + mean("B") + mean("A+B") - 3 * control)[static_cast<Eigen::Index>(quiet[i])] / 3 / static_cast<double>(declared.size());
  CHECK(table.number(0, table.column("declared_batch")) == Approx(of_declared).epsilon(1e-6));
  CHECK(table.number(0, table.column("sparse_batch")) == Approx(batch.norm()).epsilon(1e-6));
  for (std::size_t r = 0; r < band.rows(); ++r)
    if (held.count(band.text(r, band.column("gene")))) ++seen, inside += band.number(r, band.column("lower")) <= 0 && band.number(r, band.column("upper")) >= 0;
  WARN("band of the declared genes holds the true interaction of " << inside << " of " << seen << " other quiet genes");
  REQUIRE(seen == held.size());
  CHECK(inside / seen > 0.95 - 3 * std::sqrt(0.95 * 0.05 / seen));
  std::filesystem::remove_all(folder);
}
