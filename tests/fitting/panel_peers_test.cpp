// Multi-state likelihoods and maxima beside R msm on the same tables.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "tests/fitting/panel_paths.hpp"
#include "tests/places.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

std::vector<double> msm(const std::string& table, const char* kind, const char* what, const std::vector<double>& values) {
  std::string command = fmt::format("Rscript --vanilla {}/tests/peers/panel_msm.R {} {} {}", hyped::tests::source_folder(), table, kind, what);
  for (const double value : values) command += fmt::format(" {:.17g}", value);
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
  std::vector<double> out;
  for (double value; pipe && std::fscanf(pipe.get(), "%lf", &value) == 1;) out.push_back(value);
  return out;
}

}  // namespace

TEST_CASE("panel likelihoods agree with R msm, plain and misread, at even and uneven times", "[peers][single5]") {
  const std::string table = (std::filesystem::temp_directory_path() / fmt::format("hyped-msm-{}.csv", getpid())).string();
  for (const bool misread : {false, true})
    for (const bool uneven : {false, true}) {
      PanelTruth truth;
      truth.misread = misread ? 0.06 : 0;
      truth.uneven = uneven;
      const PanelData data = simulated_panel(truth, 150, 31);
      write_panel(data, table);
      const PanelSpec spec = cycle_with_death(data, misread);
      const PanelModel model(spec, data);
      const PanelLikelihood likelihood(data, model);
      // Rates, then misreadings, then start probabilities (ours are odds).
      const std::vector<double> rates{0.11, 0.14, 0.23, 0.003, 0.006, 0.012}, readings{0.03, 0.02, 0.025, 0.04, 0.015, 0.035}, starts{0.3, 0.25};
      std::vector<double> theirs = rates, ours = rates;
      if (misread) {
        theirs.insert(theirs.end(), readings.begin(), readings.end());
        ours = theirs;
        theirs.insert(theirs.end(), starts.begin(), starts.end());
        for (const double p : starts) ours.push_back(p / (1 - starts[0] - starts[1]));
      }
      const auto peer = msm(table, misread ? "misread" : "plain", "value", theirs);
      if (peer.empty()) {
        WARN("skipped: R with msm is not installed (scripts/setup peers)");
        return;
      }
      PanelValue value;
      REQUIRE(likelihood.evaluate(Eigen::Map<const Eigen::VectorXd>(ours.data(), static_cast<Eigen::Index>(ours.size())), value, false).ok());
      INFO((misread ? "misread" : "plain") << (uneven ? ", uneven" : ", even"));
      CHECK(value.log_likelihood == Approx(peer[0]).margin(1e-6));      // of some -5,000: both sum in double
    }
  // The maximum too: theirs by BFGS stops a little earlier.
  PanelTruth truth;
  const PanelData data = simulated_panel(truth, 200, 32);
  write_panel(data, table);
  const PanelFit fit = fit_panel(data, cycle_with_death(data, false));
  const auto peer = msm(table, "plain", "fit", {0.1, 0.15, 0.2, 0.005, 0.005, 0.01});
  REQUIRE(peer.size() == 3);
  CHECK(fit.log_likelihood >= peer[2] - 1e-6);
  CHECK(fit.log_likelihood == Approx(peer[2]).margin(1e-2));
  std::filesystem::remove(table);
}
