// The sequencing half of a twin: exact numbers, what delivery does to which genes, moments of counts, threads.
#include "experiments/twin/cells/cells_twin.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "experiments/scenario.hpp"
#include "experiments/twin/cells/cells_truth.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/hashtags/demultiplex.hpp"
#include "libhyped/parallel.hpp"
#include "models/delivery/active_input.hpp"

using namespace hyped;

namespace {

// The shipped scenario with fewer cells and genes.
Scenario small_twin(double cells = 0.12) {
  Scenario scenario = read_scenario(shipped_scenario("hyped_twin"));
  CellsTwinSettings& s = *scenario.cells;
  s.genes = 320;
  s.network_genes = 120;
  for (auto& library : s.libraries) {
    for (auto& sample : library.samples) sample.cells = static_cast<int>(sample.cells * cells);
    library.missing = std::min(library.missing, 5);
  }
  return scenario;
}

int column_of(const CellsTwin& twin, const std::string& name) {
  for (std::size_t g = 0; g < twin.network.genes.size(); ++g)
    if (twin.network.genes[g].name == name) return static_cast<int>(g);
  FAIL("no gene " + name);
  return -1;
}

float count_at(const SparseRows& counts, int row, int column) {
  const auto columns = counts.columns_of(row);
  const auto found = std::lower_bound(columns.begin(), columns.end(), column);
  return found != columns.end() && *found == column ? counts.values_of(row)[static_cast<std::size_t>(found - columns.begin())] : 0.0F;
}

// Mean level of a gene of the network over the cells of an arm.
double level(const CellsTwin& twin, const std::string& arm, const std::string& gene) {
  const int state = twin.network.genes[static_cast<std::size_t>(column_of(twin, gene))].state;
  double sum = 0, n = 0;
  for (std::size_t m = 0; m < twin.cells.size(); ++m)
    if (twin.cells[m].arm == arm) sum += twin.levels(static_cast<Eigen::Index>(m), state), n += 1;
  return sum / n;
}

// Counts per million of a gene over droplets with one cell of the arm.
double per_million(const CellsTwin& twin, const std::string& arm, const std::string& gene) {
  const int column = column_of(twin, gene);
  const auto first = first_cells(twin);
  double counts = 0, depth = 0;
  for (int i = 0; i < twin.droplets(); ++i) {
    if (first[static_cast<std::size_t>(i) + 1] - first[static_cast<std::size_t>(i)] > 1 || twin.cells[first[static_cast<std::size_t>(i)]].arm != arm) continue;
    counts += count_at(twin.counts, i, column);
    for (const float v : twin.counts.values_of(i)) depth += v;
  }
  return 1e6 * counts / depth;
}

}  // namespace

TEST_CASE("labels of the twin are as many as the published file has, and missing ones too") {
  const Scenario scenario = read_scenario(shipped_scenario("hyped_twin"));
  const std::map<std::string, int> published{{"PRRX1_MYOD", 4174}, {"PRRX1", 3955}, {"MYOD", 2765}, {"G1", 5845}, {"G2M", 1528}, {"S", 1502}, {"Hybrid", 1}, {"Control", 88}};
  int all = 0;
  for (std::size_t l = 0; l < 2; ++l) {
    const LibrarySettings& settings = scenario.cells->libraries[l];
    const HashedLibrary library = make_droplets(*scenario.cells, settings, 5, static_cast<int>(l));
    std::map<std::string, int> seen;
    for (const auto& vote : argmax_calls(library.counts(settings))) ++seen[vote.tag < 0 ? settings.dataset : settings.samples[static_cast<std::size_t>(vote.tag)].label];
    for (const auto& [label, count] : seen) CHECK(count == published.at(label));
    CHECK(seen.size() == 4);
    all += static_cast<int>(library.droplets.size());
    CHECK(library.droplets.size() == (l == 0 ? 10895 : 8963));
    for (std::size_t i = 1; i < library.droplets.size(); ++i) REQUIRE(library.droplets[i - 1].barcode < library.droplets[i].barcode);
    // doublets at the rate of the library: 4 per thousand and thousand cells, within four standard errors
    double two = 0;
    for (const Droplet& d : library.droplets) two += d.samples.size() > 1 ? 1 : 0;
    const double n = static_cast<double>(library.droplets.size()), rate = 0.004 * n / 1000;
    CHECK(library.doublet_rate == Approx(rate));
    CHECK(std::abs(two / n - rate) < 4 * std::sqrt(rate * (1 - rate) / n));
    // and their share is found again from the hashtags alone
    const Demultiplexed fit = demultiplex(library.counts(settings));
    REQUIRE(fit.outcome.ok());
    INFO(fit.doublets_lower << " " << fit.doublets_upper << " " << two / n);
    CHECK(fit.doublets_lower - 0.002 < two / n);
    CHECK(fit.doublets_upper + 0.002 > two / n);
  }
  CHECK(all == 19858);
}

TEST_CASE("a label that cannot be reached is said") {
  Scenario scenario = small_twin();
  scenario.cells->libraries[0].missing = 3000;
  CHECK_THROWS_WITH(make_droplets(*scenario.cells, scenario.cells->libraries[0], 1, 0), Catch::Matchers::Contains("missing") && Catch::Matchers::Contains("raise unstained"));
}

TEST_CASE("the twin's network rests where it says, and is stable") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const CellsTwinSettings settings = *read_scenario(shipped_scenario("hyped_twin")).cells;
    const TwinNetwork network = make_twin_network(settings, seed);
    CHECK(network.genes.size() == 2000);
    CHECK(network.model->state_count() == 300);
    CHECK(network.slowest < -0.01);
    std::vector<double> dx(300);
    network.model->rates(0, network.rest, network.model->default_parameters(), dx);
    for (std::size_t i = 0; i < dx.size(); ++i) CHECK(std::abs(dx[i]) < 1e-12);
    double umis = 0;
    for (const auto& gene : network.genes) umis += gene.name == "MYOD1" ? 0 : gene.umis;
    CHECK(umis == Approx(12529));
    CHECK(std::is_sorted(network.genes.begin(), network.genes.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  }
}

TEST_CASE("delivery in the cells is that of the imaging half") {
  const Scenario scenario = small_twin();
  const auto courses = delivery_courses(scenario);
  REQUIRE(courses.size() == 2);
  for (const DeliveryCourse& course : courses) {
    const auto d = std::find_if(scenario.deliveries.begin(), scenario.deliveries.end(), [&](const auto& one) { return one.input == course.input; });
    const InputCourse active = models::active_input({models::delivery_kind(d->kind), d->dose, d->from_h, d->until_h, 72, d->parameters});
    // silencing is divided by its greatest value there
    const double peak = course.kind == "sirna" ? course.activity(1, 30) / active(30) : 1.0;
    for (const double t : {1.0, 12.0, 24.5, 30.0, 40.0, 48.0}) CHECK(course.activity(1, t) == Approx(peak * active(t)).epsilon(1e-5).margin(1e-8));
    CHECK(course.activity(0, 40) == 0);
    if (course.kind == "modified_mrna") {
      CHECK(course.transcript(48) == Approx(1).epsilon(1e-3));      // 24 h after the dose
      CHECK(course.answer(24) == 0);
      CHECK(course.answer(40) > 0.5);
    }
  }
}

TEST_CASE("knock-down, induction and the interferon answer show in their genes and arms", "[standard]") {
  const CellsTwin twin = simulate_cells_twin(small_twin(), 4);
  REQUIRE(twin.outcome.ok());
  const auto fold = [&](const char* arm, const char* gene) { return level(twin, arm, gene) / level(twin, "control", gene); };
  CHECK(fold("siPRRX1", "PRRX1") > 0.15);      // data/parameters.tsv r_PRRX1_48: 0.15 to 0.35, with a tenth of cells not reached
  CHECK(fold("siPRRX1", "PRRX1") < 0.40);
  CHECK(fold("mmMYOD1", "PRRX1") > 0.45);      // m_MP: 0.5 to 0.8
  CHECK(fold("mmMYOD1", "PRRX1") < 0.85);
  CHECK(fold("dual", "PRRX1") < fold("siPRRX1", "PRRX1"));
  CHECK(fold("siPRRX1", "COL1A1") < 0.6);
  CHECK(fold("mmMYOD1", "COL1A1") < 0.5);
  CHECK(fold("mmMYOD1", "CDKN1A") > 1.5);
  CHECK(fold("siPRRX1", "CDKN1A") == Approx(1).margin(0.15));
  for (const char* arm : {"mmMYOD1", "dual"}) CHECK(fold(arm, "IFIT2") > 5);
  CHECK(fold("siPRRX1", "IFIT2") == Approx(1).margin(0.25));
  // the counts see the delivered transcript; the control library does not
  CHECK(per_million(twin, "control", "MYOD1") < 5);
  CHECK(per_million(twin, "mmMYOD1", "MYOD1") > 1000);
  CHECK(per_million(twin, "siPRRX1", "MYOD1") > per_million(twin, "control", "MYOD1"));      // ambient
  CHECK(per_million(twin, "siPRRX1", "MYOD1") < 0.15 * per_million(twin, "mmMYOD1", "MYOD1"));
  CHECK(per_million(twin, "mmMYOD1", "ESR1") > 100);
  // cells that took up nothing answer to their neighbours' interferon, and keep PRRX1
  const int ifit2 = twin.network.genes[static_cast<std::size_t>(column_of(twin, "IFIT2"))].state;
  double without = 0, with = 0, n_without = 0, n_with = 0;
  for (std::size_t m = 0; m < twin.cells.size(); ++m)
    if (twin.cells[m].arm == "mmMYOD1") (twin.cells[m].doses[1] > 0 ? with : without) += twin.levels(static_cast<Eigen::Index>(m), ifit2), (twin.cells[m].doses[1] > 0 ? n_with : n_without) += 1;
  CHECK(n_without / (n_with + n_without) == Approx(0.12).margin(0.07));
  CHECK(without / n_without > 1.5 * level(twin, "control", "IFIT2"));
  CHECK(without / n_without < with / n_with);
  // phases: sorted controls, and genes of the phase
  const auto first = first_cells(twin);
  double right = 0, sorted = 0, s_in = 0, s_out = 0, n_in = 0, n_out = 0;
  const int mcm5 = twin.network.genes[static_cast<std::size_t>(column_of(twin, "MCM5"))].state;
  const Scenario scenario = small_twin();
  for (std::size_t m = 0; m < twin.cells.size(); ++m) {
    const auto& sample = scenario.cells->libraries[static_cast<std::size_t>(twin.cells[m].library)].samples[static_cast<std::size_t>(twin.cells[m].sample)];
    if (twin.cells[m].arm != "control") continue;
    sorted += 1;
    right += sample.phase == to_string(twin.cells[m].phase) ? 1 : 0;
    (twin.cells[m].phase == TruePhase::s ? s_in : s_out) += twin.levels(static_cast<Eigen::Index>(m), mcm5);
    (twin.cells[m].phase == TruePhase::s ? n_in : n_out) += 1;
  }
  CHECK(std::abs(right / sorted - 0.97) < 4 * std::sqrt(0.97 * 0.03 / sorted));
  CHECK(s_in / n_in > 1.2 * s_out / n_out);
}

TEST_CASE("counts have the moments of their making") {
  Scenario scenario = small_twin(0.4);
  CellsTwinSettings& s = *scenario.cells;
  s.network_genes = 2;
  s.regulators = 0;
  s.step_h = 4;
  s.ambient = 0;
  s.doublets_per_1000 = 0;
  s.batch_sd = s.mitochondrial_batch_sd = 0;
  s.libraries.resize(1);
  s.libraries[0].umi_log_sd = 0;
  s.dispersion = 0.2;
  const CellsTwin twin = simulate_cells_twin(scenario, 8);
  REQUIRE(twin.outcome.ok());
  const int n = twin.droplets();
  double depth = 0, depth2 = 0;
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (const float v : twin.counts.values_of(i)) sum += v;
    depth += sum / n, depth2 += sum * sum / n;
  }
  const double umis = s.libraries[0].umis;
  CHECK(std::abs(depth - umis) < 4 * std::sqrt(umis / n));                              // Poisson about the median depth
  CHECK(depth2 - depth * depth == Approx(umis).epsilon(4 * std::sqrt(2.0 / n)));
  // a gene outside the network: mean = its share, variance = mean + dispersion mean^2; the fluctuation of the other genes' sum adds little
  int checked = 0;
  double all = 0;
  for (const auto& gene : twin.network.genes) all += gene.name == "MYOD1" ? 0 : gene.umis;
  for (const char* name : {"ACTB", "MT-CO1", "GEN00011", "GEN00012", "GEN00013"}) {
    const int column = column_of(twin, name);
    double mean = 0, square = 0, fourth = 0;
    for (int i = 0; i < n; ++i) mean += count_at(twin.counts, i, column) / n;
    for (int i = 0; i < n; ++i) {
      const double d = count_at(twin.counts, i, column) - mean;
      square += d * d / n, fourth += d * d * d * d / n;
    }
    const double share = umis * twin.network.genes[static_cast<std::size_t>(column)].umis / all, variance = share + 0.2 * share * share;
    if (share < 1) continue;
    ++checked;
    INFO(name << " " << share << " " << mean << " " << square << " " << variance);
    CHECK(std::abs(mean - share) < 4 * std::sqrt(square / n) + 0.02 * share);
    CHECK(std::abs(square - variance) < 4 * std::sqrt((fourth - square * square) / n) + 0.06 * variance);
  }
  CHECK(checked >= 4);
}

TEST_CASE("ambient RNA is found again in cells that cannot have made it") {
  Scenario scenario = small_twin(0.3);
  scenario.cells->ambient = 0.1;
  scenario.cells->network_genes = 40;
  const CellsTwin twin = simulate_cells_twin(scenario, 6);
  const int myod1 = column_of(twin, "MYOD1");
  const auto first = first_cells(twin);
  const int state = twin.network.genes[static_cast<std::size_t>(myod1)].state;
  double seen = 0, expected = 0, squares = 0, ambient = 0, umis = 0;
  for (int i = 0; i < twin.droplets(); ++i) {
    const auto m = first[static_cast<std::size_t>(i)];
    if (first[static_cast<std::size_t>(i) + 1] - m > 1 || twin.cells[m].arm != "siPRRX1") continue;
    const double here = twin.cells[m].umis * twin.ambient_share[static_cast<std::size_t>(i)] / (1 - twin.ambient_share[static_cast<std::size_t>(i)]);
    // MYOD1 without a mRNA: its silent gene, a hundredth of a UMI
    expected += here * twin.soup(0, myod1) + twin.levels(static_cast<Eigen::Index>(m), state) * twin.network.genes[static_cast<std::size_t>(myod1)].umis;
    seen += count_at(twin.counts, i, myod1);
    ambient += here, umis += here + twin.cells[m].umis;
    squares += 1;
  }
  CHECK(squares > 500);
  CHECK(std::abs(seen - expected) < 4.5 * std::sqrt(expected) + 0.02 * expected);
  CHECK(ambient / umis == Approx(0.1).margin(0.012));      // log-normal depths: the share of sums is a little below
}

TEST_CASE("a sequencing twin is the same bytes for any number of threads, and another one for another seed") {
  Scenario scenario = small_twin(0.02);
  const int before = thread_setting();
  set_threads(1);
  const CellsTwin one = simulate_cells_twin(scenario, 3);
  set_threads(2);
  const CellsTwin two = simulate_cells_twin(scenario, 3);
  set_threads(before);
  CHECK(one.counts.start == two.counts.start);
  CHECK(one.counts.column == two.counts.column);
  CHECK(one.counts.value == two.counts.value);
  CHECK(one.levels == two.levels);
  CHECK(one.soup == two.soup);
  const CellsTwin other = simulate_cells_twin(scenario, 4);
  CHECK(other.counts.value != one.counts.value);
}
