// Regression, profile, Wald and quasi-likelihood F tests against DESeq2 and edgeR on the same counts.
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

#include "libhyped/expression/replicates/quasi_likelihood.hpp"
#include "libhyped/expression/replicates/replicate_test.hpp"
#include "tests/expression/simulated_counts.hpp"
#include "tests/places.hpp"

using namespace hyped;
using hyped::testing::simulated_bulk;

namespace {

std::vector<double> numbers_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
  std::vector<double> out;
  for (double value; pipe && std::fscanf(pipe.get(), "%lf", &value) == 1;) out.push_back(value);
  return out;
}

struct TextFile {
  std::filesystem::path path;
  TextFile(const std::string& name, const Eigen::MatrixXd& values) : path(std::filesystem::temp_directory_path() / (name + std::to_string(getpid()))) {
    std::ofstream stream(path);
    stream.precision(17);
    stream << values << '\n';
  }
  ~TextFile() { std::filesystem::remove(path); }
};

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

}  // namespace

TEST_CASE("pseudobulk tests agree with DESeq2 and edgeR", "[peers]") {
  constexpr int genes = 800;
  for (const bool paired : {false, true}) {
    const auto s = simulated_bulk({.genes = genes, .replicates = 4, .paired = paired, .changed = 0.3, .lowest_mean = 8, .job = 3});
    const PseudobulkDesign design = pseudobulk_design(s.bulk, 0);
    const ReplicateTest quasi = replicate_test(s.bulk, design, {.kind = ReplicateTestKind::quasi_likelihood, .least_counts = 0});
    const ReplicateTest wald = replicate_test(s.bulk, design, {.kind = ReplicateTestKind::wald, .least_counts = 0});
    Eigen::MatrixXd given(genes, 2);
    given << quasi.dispersions.trend, wald.dispersions.shrunken;
    const TextFile counts("hyped_nb_counts", s.bulk.counts), x("hyped_nb_design", design.design), dispersions("hyped_nb_dispersions", given);
    const auto r = numbers_of("Rscript " + hyped::tests::source_folder() + "/tests/peers/negative_binomial.R " + counts.path.string() + " " + x.path.string() + " " + dispersions.path.string());
    if (r.empty()) {
      WARN("skipped: R with DESeq2 and edgeR is not installed (Debian r-bioc-deseq2, r-bioc-edger)");
      return;
    }
    REQUIRE(r.size() == 8 + 2 + 9 * genes);
    // DESeq2's factors are not centred: the ratio to ours is one number
    for (int i = 0; i < 8; ++i) CHECK(quasi.size_factors[i] / r[static_cast<std::size_t>(i)] == Approx(quasi.size_factors[0] / r[0]).epsilon(1e-12));
    CHECK(quasi.prior_df == Approx(r[8]).epsilon(1e-3));
    double fold = 0, se = 0, p_wald = 0, f = 0, p_f = 0, profile = 0;
    int small = 0;
    std::vector<double> ratio_own, ratio_map, ratio_fit, off_ours, off_theirs;
    const Eigen::VectorXd exposure = Eigen::Map<const Eigen::VectorXd>(r.data(), 8).array().log();
    const NegativeBinomialGlm glm(design.design);
    NegativeBinomialFit work;
    for (int g = 0; g < genes; ++g) {
      const double* line = r.data() + 10 + 9 * g;
      const ReplicateEffect &w = wald.effects[static_cast<std::size_t>(2 * g + 1)], &q = quasi.effects[static_cast<std::size_t>(2 * g + 1)];
      if (!std::isfinite(w.log2)) continue;
      if (line[6] > 1e-5) ratio_own.push_back(std::log(quasi.dispersions.own[g] / line[6]));
      if (line[7] > 0) ratio_map.push_back(std::log(wald.dispersions.shrunken[g] / line[7])), ratio_fit.push_back(std::log(wald.dispersions.trend[g] / line[8]));
      if (line[7] > 0) off_ours.push_back(std::log(wald.dispersions.shrunken[g] / s.dispersion[g])), off_theirs.push_back(std::log(line[7] / s.dispersion[g]));
      f = std::max(f, std::abs(q.statistic - line[3]) / (1e-3 + line[3]));
      p_f = std::max(p_f, std::abs(q.test.log_p - std::log(line[4])) / std::max(1.0, std::abs(q.test.log_p)));
      profile = std::max(profile, std::abs(adjusted_profile(glm, s.bulk.counts.col(g), exposure, std::log(given(g, 0)), work, false) - line[5]));
      if (work.mean.minCoeff() < 0.6) {      // DESeq2 takes fitted means below 0.5 for 0.5
        ++small;
        continue;
      }
      const double our_se = w.log2 / w.statistic;
      fold = std::max(fold, std::abs(w.log2 - line[0]));
      se = std::max(se, std::abs(our_se / line[1] - 1));
      if (line[2] >= 0) p_wald = std::max(p_wald, std::abs(w.test.log_p - std::log(line[2])) / std::max(1.0, std::abs(w.test.log_p)));
    }
    WARN((paired ? "paired" : "nested") << ": log2 fold change " << fold << ", se " << se << ", log p of Wald " << p_wald << ", F " << f << ", log p of F " << p_f << ", profile " << profile << ", median log ratio of dispersions own "
                                       << median(ratio_own) << ", shrunken " << median(ratio_map) << ", trend " << median(ratio_fit) << "; median log of shrunken over true: ours " << median(off_ours) << ", DESeq2 " << median(off_theirs) << "; " << small << " genes with fitted means below 0.6");
    CHECK(fold < 2e-3);      // DESeq2 stops where the deviance changes by 1e-8 of itself, and has a ridge of 1e-6
    CHECK(se < 1e-3);
    CHECK(p_wald < 2e-3);
    CHECK(f < 1e-3);
    CHECK(p_f < 1e-3);
    CHECK(profile < 1e-4);
    // ways to estimate differ: profile refitted against alternation; our trend is the centre of the logarithms, DESeq2's the mean of the genes'
    // noisy own estimates, which is larger by half the variance of their logarithm or more
    CHECK(std::abs(median(ratio_own)) < 0.02);
    CHECK(std::abs(median(ratio_map)) < 0.35);
    CHECK(std::abs(median(off_ours)) < std::abs(median(off_theirs)) + 0.05);
    CHECK(small < genes / 10);
    CHECK(median(ratio_fit) < 0);
    CHECK(median(ratio_fit) > -0.35);
  }
}
