// The gene network as a predictor: which genes it takes, that the tested arm does not reach it, and that other means move it as a refit would.
#include "experiments/benchmark/hyped/network_predictor.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/benchmark/run/bench_run.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

constexpr int genes = 30, each = 60;
const std::vector<std::string> arms{"control", "a", "b", "ab"};
const char* scenario_text = R"(title = "t"
question = "q"
[data]
kind = "cells"
by = "arm"
reference = "control"
time_h = 48
genes = ["A", "B", "g2"]
[[delivery]]
arm = "a"
kind = "sirna"
gene = "A"
from_h = 0
[[delivery]]
arm = "b"
kind = "modified_mrna"
gene = "B"
from_h = 24
[[delivery]]
arm = "ab"
kind = "sirna"
gene = "A"
from_h = 0
[[delivery]]
arm = "ab"
kind = "modified_mrna"
gene = "B"
from_h = 24
[network]
transfer = "identity"
capacity_free = false
decay_per_h = 0.1
[design]
kind = "none"
[fit]
highest_penalty = 0.1
lowest_penalty = 1e-3
penalties = 4
iterations = 1000
least_gain = 1e-6
folds = 3
)";

// Counts: a lowers genes 0, 2 and 4 to 7, b raises 1, 2 and 8 to 11; ab does both, times `of_both`; gene 6 of arm a times `of_six`.
void write_cells(const std::filesystem::path& file, double of_both, double of_six) {
  SparseRows rows;
  rows.columns = genes;
  Strings labels, names, gene_names{"A", "B"};
  for (int g = 2; g < genes; ++g) gene_names.push_back("g" + std::to_string(g));
  for (std::size_t arm = 0; arm < arms.size(); ++arm)
    for (int i = 0; i < each; ++i) {
      RandomStream random(5, static_cast<std::uint32_t>(rows.rows), 0);
      for (int g = 0; g < genes; ++g) {
        double mean = 20 + g;
        if (arm % 2 == 1 && (g == 0 || g == 2 || (g >= 4 && g < 8))) mean *= 0.6;
        if (arm >= 2 && (g == 1 || g == 2 || (g >= 8 && g < 12))) mean *= 1.7;
        if (arm == 3) mean *= g % 3 == 0 ? of_both : 1;
        if (arm == 1 && g == 6) mean *= of_six;
        rows.column.push_back(g), rows.value.push_back(static_cast<float>(std::max(0.0, std::round(mean + std::sqrt(mean) * random.normal()))));
      }
      rows.start.push_back(static_cast<std::int64_t>(rows.column.size()));
      ++rows.rows;
      labels.push_back(arms[arm]), names.push_back(arms[arm] + std::to_string(i));
    }
  AnnotatedData out;
  out.obs.index = names, out.obs.index_name = "_index";
  out.obs.put("arm", DataColumn(labels));
  out.var.index = gene_names, out.var.index_name = "_index";
  out.X.value = compressed_of(rows);
  write_anndata(out, file);
}

struct Made {
  testing::CommandFolder folder;
  std::unique_ptr<RunDirectory> run;
  Benchmark bench;
  Made(double of_both, double of_six, int most) {
    folder.write("net.toml", scenario_text);
    write_cells(folder.path() / "cells.h5ad", of_both, of_six);
    run = std::make_unique<RunDirectory>(folder.path() / "run", std::vector<std::string>{"test"}, 1);
    BenchmarkReading reading;
    reading.arms.column = "arm", reading.arms.reference = "control";
    reading.targets = {"a=A", "b=B"};
    reading.parts = {"ab=a+b"};
    bench.cells = read_benchmark_cells(*run, folder.path() / "cells.h5ad", reading);
    bench.split = make_split(bench.cells, SplitKind::dual, 1, 0);
    bench.predictors = standard_predictors(std::vector<std::string>{"no change", "perturbed mean", "additive"});
    bench.predictors.push_back(network_predictor(*run, (folder.path() / "net.toml").string(), bench.cells, bench.split, most));
    bench.metrics = {bulk_metric("l2_delta")};
    prepare_models(bench, false);
  }
};

}  // namespace

TEST_CASE("the gene network predicts the genes that answer in the learned arms, without the tested arm, and moves with the means", "[standard]") {
  Made made(1, 1, 9), other(1.5, 1, 9), shifted(1, 1.1, 9);
  const Benchmark& bench = made.bench;
  REQUIRE(bench.models.back().name == "gene network");
  REQUIRE(bench.truth.conditions.size() == 1);
  CHECK_THAT(bench.notes.back()[0], Contains("a network of 9 genes (3 of the scenario)") && Contains("learned from 2 arms") && Contains("21 genes are additive"));
  // genes 12 and up answer to nothing and stay additive; of the nine, some are not
  const Eigen::RowVectorXd network = bench.models.back().pair.predicted.row(0), additive = bench.models[2].pair.predicted.row(0);
  CHECK((network - additive).tail(genes - 12).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((network - additive).head(12).cwiseAbs().maxCoeff() > 1e-4);
  // near the truth, which is additive on logarithms but for the totals
  const auto l2 = bench.metrics[0].evaluate(bench.models.back().pair)[0].value.value(), none = bench.metrics[0].evaluate(bench.models[0].pair)[0].value.value();
  CHECK(l2 < 0.5 * none);
  // another tested arm: the same prediction
  CHECK(other.bench.models.back().pair.predicted.row(0) == bench.models.back().pair.predicted.row(0));
  // as predicted from the measured means; from others by slope: a change of gene 6 in arm a of 10 %, against a fit to such cells
  CHECK((bench.models.back().again(bench.means) - bench.models.back().pair.predicted).cwiseAbs().maxCoeff() < 1e-12);
  const Eigen::RowVectorXd refitted = shifted.bench.models.back().pair.predicted.row(0), moved = bench.models.back().again(shifted.bench.means).row(0);
  const double apart = (refitted - network).norm();
  CHECK(apart > 0.01);
  // the slope is of one standard error each way, this is some three, and the fit to these cells chooses penalty and genes again: it has to explain three quarters of the square
  CHECK((moved - refitted).norm() < 0.5 * apart);
  // so cells drawn again give it an interval, about as wide as that of the additive rule
  const auto joint = score_jointly(bench.models, bench.metrics, cells_behind(bench.cells, bench.tested, bench.groups), {1, 60});
  const double width = std::sqrt(joint[0].cell_covariance(3, 3)), of_additive = std::sqrt(joint[0].cell_covariance(2, 2));
  WARN("network moved by slope: " << (moved - refitted).norm() / apart << " of the change apart from a refit; standard error over cells " << width << ", additive " << of_additive << "; l2 " << l2 << ", no change " << none);
  CHECK(width > 0.3 * of_additive);
  CHECK(width < 3 * of_additive);
}
