// Dirichlet-multinomial fits against closed forms, and the test of isoform shares by simulation.
#include "libhyped/expression/composition/isoform_proportions.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/dirichlet_multinomial.hpp"
#include "libhyped/observe/noise.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

struct IsoformData {
  SparseRows transcripts;
  std::vector<int> gene_of;
  CellGroups arms{{"control", "treated"}, {}};
};

struct IsoformDesign {
  int genes = 300, cells = 300;      // per arm
  double counts = 0.5, precision = 3;      // counts of a gene per cell; infinite precision: cells alike
  std::vector<double> share{0.6, 0.3, 0.1}, other{0.6, 0.3, 0.1};
};

IsoformData simulated(const IsoformDesign& d, std::uint32_t job) {
  IsoformData out;
  const auto isoforms = static_cast<int>(d.share.size());
  for (int c = 0; c < 2 * d.cells; ++c) out.arms.of_cell.push_back(c < d.cells ? 0 : 1);
  out.transcripts.rows = d.genes * isoforms;
  out.transcripts.columns = 2 * d.cells;
  for (int g = 0; g < d.genes; ++g) {
    RandomStream random(41, job, static_cast<std::uint32_t>(g));
    std::vector<std::vector<int>> counts(static_cast<std::size_t>(isoforms), std::vector<int>(static_cast<std::size_t>(2 * d.cells), 0));
    for (int c = 0; c < 2 * d.cells; ++c) {
      std::vector<double> weight;
      double all = 0;
      for (const double s : c < d.cells ? d.share : d.other) weight.push_back(std::isfinite(d.precision) ? random.gamma(d.precision * s) : s), all += weight.back();
      const auto n = random.poisson(d.counts * random.gamma(1.0));
      for (std::int64_t i = 0; i < n; ++i) {
        double u = random.uniform() * all;
        int j = 0;
        while (j + 1 < isoforms && (u -= weight[static_cast<std::size_t>(j)]) >= 0) ++j;
        ++counts[static_cast<std::size_t>(j)][static_cast<std::size_t>(c)];
      }
    }
    for (int j = 0; j < isoforms; ++j) {
      out.gene_of.push_back(g);
      for (int c = 0; c < 2 * d.cells; ++c)
        if (const int n = counts[static_cast<std::size_t>(j)][static_cast<std::size_t>(c)]; n > 0) out.transcripts.column.push_back(c), out.transcripts.value.push_back(static_cast<float>(n));
      out.transcripts.start.push_back(static_cast<std::int64_t>(out.transcripts.column.size()));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the Dirichlet-multinomial: multinomial limit, agreement with the noise model, and no better neighbour") {
  UnitCounts single;      // one count each: shares are the proportions, precision says nothing
  single.counts = Eigen::MatrixXd::Identity(3, 3);
  single.times.resize(3);
  single.times << 6, 3, 1;
  single.group = {0, 0, 0};
  const DirichletMultinomialFit flat = fit_dirichlet_multinomial(single, 1, true);
  CHECK(flat.share(0, 0) == 0.6);
  CHECK(std::isinf(flat.precision));
  CHECK(flat.log_likelihood == Approx(6 * std::log(0.6) + 3 * std::log(0.3) + std::log(0.1)));
  UnitCounts units;
  units.counts.resize(6, 3);
  units.counts << 9, 1, 0, 2, 7, 1, 5, 5, 0, 0, 9, 1, 8, 1, 1, 30, 2, 1;
  units.times = Eigen::VectorXd::Ones(6);
  units.group = {0, 1, 0, 1, 0, 1};
  const DirichletMultinomialFit fit = fit_dirichlet_multinomial(units, 2, true);
  REQUIRE(fit.outcome.ok());
  CHECK(fit.log_likelihood == Approx(dirichlet_multinomial_log_likelihood(units, fit.share, fit.precision)).epsilon(1e-12));
  CHECK(fit.share(0, 2) > 0);
  CHECK(fit.share.rowwise().sum()[0] == Approx(1).epsilon(1e-12));
  for (int j = 0; j < 3; ++j)
    for (const double step : {-0.01, 0.01}) {
      Eigen::MatrixXd near = fit.share;
      near(0, j) += step, near(0, (j + 1) % 3) -= step;
      CHECK(dirichlet_multinomial_log_likelihood(units, near, fit.precision) < fit.log_likelihood);
    }
  for (const double factor : {0.9, 1.1}) CHECK(dirichlet_multinomial_log_likelihood(units, fit.share, fit.precision * factor) < fit.log_likelihood);
  // the noise model's density with weights p / dispersion, less the multinomial coefficients
  double by_noise = 0, coefficients = 0;
  for (int u = 0; u < 6; ++u) {
    double observed[3], expected[3];
    for (int j = 0; j < 3; ++j) observed[j] = units.counts(u, j), expected[j] = fit.share(units.group[static_cast<std::size_t>(u)], j), coefficients -= std::lgamma(observed[j] + 1);
    by_noise += log_density(DirichletMultinomial{1 / fit.precision}, observed, expected).value;
    coefficients += std::lgamma(units.counts.row(u).sum() + 1);
  }
  CHECK(fit.log_likelihood + coefficients == Approx(by_noise).epsilon(1e-9));
}

TEST_CASE("equal isoforms are rejected as often as said: many counts, few counts, cells that vary", "[standard]") {
  struct Case {
    const char* name;
    IsoformDesign design;
  };
  const double same = std::numeric_limits<double>::infinity();
  const Case cases[] = {{"cells vary", {.genes = 1200, .cells = 300, .counts = 1.5, .precision = 3}},
                        {"cells alike", {.genes = 1200, .cells = 300, .counts = 0.6, .precision = same}},
                        {"few counts", {.genes = 1200, .cells = 200, .counts = 0.15, .precision = 3, .share = {0.7, 0.2, 0.1}, .other = {0.7, 0.2, 0.1}}}};
  for (const auto& [name, design] : cases) {
    const IsoformData data = simulated(design, static_cast<std::uint32_t>(design.counts * 100));
    const auto found = isoform_tests(data.transcripts, data.gene_of, data.arms, 0, nullptr, {});
    double tested = 0, rejected = 0, rejected_1 = 0, covered = 0, shares = 0, simulated_scale = 0;
    for (const IsoformTest& t : found) {
      if (t.status != IsoformStatus::tested) continue;
      ++tested;
      rejected += t.test.p < 0.05 ? 1 : 0;
      rejected_1 += t.test.p < 0.01 ? 1 : 0;
      simulated_scale += t.scale != 1 ? 1 : 0;
      for (const IsoformShare& s : t.arm_shares)
        if (s.transcript >= 0) ++shares, covered += s.lower <= design.share[static_cast<std::size_t>(s.transcript % 3)] && design.share[static_cast<std::size_t>(s.transcript % 3)] <= s.upper ? 1 : 0;
    }
    INFO(name);
    WARN(name << ": " << tested << " tested, rejected at 5 % " << rejected / tested << ", at 1 % " << rejected_1 / tested << ", scale simulated in " << simulated_scale << ", shares covered " << covered / shares);
    CHECK(tested > 300);
    // standard error 0.63 % at 1,200 tests
    CHECK(std::abs(rejected / tested - 0.05) < 0.02);
    CHECK(rejected_1 / tested < 0.022);
    CHECK(covered / shares > 0.93);
  }
}

TEST_CASE("a switch of isoforms is found, results do not depend on threads, odd input is refused") {
  const IsoformData data = simulated({.genes = 30, .cells = 200, .counts = 1, .precision = 3, .other = {0.3, 0.6, 0.1}}, 9);
  set_threads(1);
  const auto one = isoform_tests(data.transcripts, data.gene_of, data.arms, 0, nullptr, {});
  set_threads(3);
  const auto three = isoform_tests(data.transcripts, data.gene_of, data.arms, 0, nullptr, {});
  set_threads(0);
  int found = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    found += one[i].status == IsoformStatus::tested && one[i].test.p < 1e-3 ? 1 : 0;
    CHECK(one[i].test.log_p == three[i].test.log_p);
  }
  CHECK(found >= 28);
  IsoformData broken = data;
  broken.transcripts.value[3] = 0.5F;
  CHECK_THROWS_AS(isoform_tests(broken.transcripts, broken.gene_of, broken.arms, 0, nullptr, {}), InputError);
}

TEST_CASE("samples as units: a difference between cultures is none between arms", "[standard]") {
  // 4 + 4 cultures whose shares scatter (precision 40), many counts each: with cells as units nearly every gene would be significant
  int tested = 0, by_samples = 0, by_cells = 0;
  constexpr int genes = 150, cells = 40;
  IsoformData data;
  CellGroups replicates;
  for (int s = 0; s < 8; ++s) {
    replicates.names.push_back("c" + std::to_string(s));
    for (int c = 0; c < cells; ++c) data.arms.of_cell.push_back(s / 4), replicates.of_cell.push_back(s);
  }
  data.transcripts.rows = 2 * genes;
  data.transcripts.columns = 8 * cells;
  for (int g = 0; g < genes; ++g) {
    RandomStream random(77, 0, static_cast<std::uint32_t>(g));
    std::vector<std::int64_t> first, total;
    for (int s = 0; s < 8; ++s) {
      const double a = random.gamma(40 * 0.4), b = random.gamma(40 * 0.6), p = a / (a + b);
      for (int c = 0; c < cells; ++c) total.push_back(random.poisson(4)), first.push_back(random.binomial(total.back(), p));
    }
    for (int j = 0; j < 2; ++j) {
      data.gene_of.push_back(g);
      for (std::size_t c = 0; c < total.size(); ++c)
        if (const auto n = j == 0 ? first[c] : total[c] - first[c]; n > 0) data.transcripts.column.push_back(static_cast<std::int32_t>(c)), data.transcripts.value.push_back(static_cast<float>(n));
      data.transcripts.start.push_back(static_cast<std::int64_t>(data.transcripts.column.size()));
    }
  }
  const auto samples = isoform_tests(data.transcripts, data.gene_of, data.arms, 0, &replicates, {}), alone = isoform_tests(data.transcripts, data.gene_of, data.arms, 0, nullptr, {});
  for (std::size_t i = 0; i < samples.size(); ++i) {
    tested += samples[i].status == IsoformStatus::tested ? 1 : 0;
    by_samples += samples[i].test.p < 0.05 ? 1 : 0;
    by_cells += alone[i].test.p < 0.05 ? 1 : 0;
  }
  WARN("rejected at 5 % of " << tested << ": samples as units " << by_samples << ", cells as units " << by_cells);
  CHECK(tested == genes);
  CHECK(by_samples < 0.12 * genes);      // 5 % of 150 and three standard errors
  CHECK(by_cells > 0.3 * genes);
}
