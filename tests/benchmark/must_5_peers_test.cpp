// Presets against the harnesses themselves: live where HYPED_CELL_EVAL names their Python, and always against what they said once (tests/golden/cell_eval).
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "libhyped/score/dialects/dialects.hpp"
#include "tests/benchmark/split_pair.hpp"
#include "tests/expression/peer_exchange.hpp"
#include "tests/places.hpp"

using namespace hyped;
using hyped::testing::PeerFolder;
using hyped::testing::shared_file;
using hyped::testing::split_pair;

namespace {

struct Case {
  std::string golden, dialect, file, column, control;
  CellScale scale;
};
const Case cases[] = {
    {"norman_0.8.1", "cell-eval-0.8.1", "norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad", "condition", "control", CellScale::logs},
    {"norman_0.6.6", "cell-eval-0.6.6", "norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad", "condition", "control", CellScale::logs},
    {"papalexi_0.8.1", "cell-eval-0.8.1", "papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad", "target", "non-targeting", CellScale::counts},
    {"papalexi_0.6.6", "cell-eval-0.6.6", "papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad", "target", "non-targeting", CellScale::counts},
    {"papalexi_cell_eval2", "cell-eval2", "papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad", "target", "non-targeting", CellScale::counts},
};

struct Compared {
  int values = 0, undefined = 0, not_ours = 0;
  double worst = 0;
  std::string where;
};

// Lines of metric, condition, value; an empty or NaN value must be undefined here, and an undefined one must be empty, NaN or not there.
Compared compare(const DialectScores& scores, const std::vector<std::string>& conditions, std::istream& in, bool filled) {
  static const std::map<std::string, std::string> names = {{"de_nsig_counts_real", "de_nsig_real"}, {"de_nsig_counts_pred", "de_nsig_pred"}, {"nsig_counts_real", "de_nsig_real"}, {"nsig_counts_pred", "de_nsig_pred"}, {"overlap", "overlap_at_N"}, {"precision", "precision_at_N"}, {"nsig_spearman", "de_spearman_sig"},
                                                           {"sig_recall", "de_sig_genes_recall"}, {"direction_match", "de_direction_match"}, {"lfc_spearman", "de_spearman_lfc_sig"}, {"overlap_adjusted", "overlap_mcc"}, {"precision_adjusted", "sig_markedness"}, {"sig_recall_adjusted", "sig_informedness"}};
  // Of cell-eval2's full list, what this program does not compute: variants that no score uses.
  static const std::set<std::string> left_out = {"direction_coverage", "direction_fidelity", "direction_fidelity_raw", "direction_precision", "direction_reach", "direction_reach_unbounded", "direction_reach_unbounded_raw", "direction_sensitivity", "direction_sensitivity_universe", "direction_yield", "direction_yield_raw",
                                                 "lfc_spearman_neg", "lfc_spearman_pos", "model_direction_match", "expr_mse_unbiased", "expr_real_mass_ratio", "delta_mae", "delta_mse"};
  Compared out;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string id, condition, text;
    std::getline(fields, id, '\t'), std::getline(fields, condition, '\t'), std::getline(fields, text, '\t');
    if (id.starts_with("de_wilcoxon_")) id = id.substr(12);
    if (const auto top = id.find("_top"); top != id.npos) id.replace(top, 4, "_at_");
    if (names.count(id)) id = names.at(id);
    if (left_out.count(id)) continue;
    const auto metric = std::find_if(scores.metrics.begin(), scores.metrics.end(), [&](const DialectMetric& m) { return m.id == id; });
    if (metric == scores.metrics.end()) {
      ++out.not_ours;
      UNSCOPED_INFO("not ours: " << id);
      continue;
    }
    const auto at = std::find(conditions.begin(), conditions.end(), condition);
    if (!metric->over_all && at == conditions.end()) continue;
    const MetricValue& ours = metric->values[metric->over_all ? 0 : static_cast<std::size_t>(at - conditions.begin())];
    const double theirs = text.empty() ? std::nan("") : std::stod(text);
    if (std::isnan(theirs) || !ours.value) {
      ++out.undefined;
      const bool same = (std::isnan(theirs) && !ours.value) || (filled && !ours.value && metric->worst && theirs == *metric->worst);
      if (!same) {
        out.worst = INFINITY;
        out.where = id + " " + condition + ": ours " + (ours.value ? std::to_string(*ours.value) : ours.undefined_because) + ", theirs " + text;
      }
      continue;
    }
    ++out.values;
    // cell-eval2 ranks 64-bit quotients, whose rounding breaks ties between equal shares; q-values then move by a few parts in ten thousand and two
    // genes can change places in a curve. Equal shares are equal here. No other number of it is touched by that.
    const double allowed = filled && (id == "roc_auc" || id == "pr_auc") ? 100 : 1;
    const double difference = 1 / allowed * std::abs(*ours.value - theirs) / std::max(1.0, std::abs(theirs));
    if (difference > out.worst) out.worst = difference, out.where = id + " " + condition + ": ours " + std::to_string(*ours.value) + ", theirs " + text;
  }
  return out;
}

}  // namespace

TEST_CASE("must/benchmark/5", "[peers]") {
  for (const Case& c : cases) {
    const auto file = shared_file("data/scrna/" + c.file);
    if (file.empty()) return;
    INFO(c.golden);
    const ScoredPair pair = split_pair(file, c.column, c.control, c.scale);
    DialectOptions options;
    options.most_pair_work = 1e12;
    const DialectScores scores = score_dialect(pair, c.dialect, options);
    const bool filled = c.dialect == "cell-eval2";
    std::ifstream golden(hyped::tests::source_folder() + "/tests/golden/cell_eval/" + c.golden + ".tsv");
    REQUIRE(golden);
    const Compared kept = compare(scores, pair.conditions, golden, filled);
    INFO(kept.where);
    CHECK(kept.worst < 1e-6);
    CHECK(kept.values > 100);
    CHECK(kept.not_ours == 0);
    std::ostringstream said;
    said << c.golden << ": " << kept.values << " values, largest difference " << kept.worst << " (" << kept.where << "), " << kept.undefined << " undefined on both sides";
    WARN(said.str());
    const char* python = std::getenv("HYPED_CELL_EVAL");
    const PeerFolder folder;
    const std::string script = hyped::tests::source_folder() + "/tests/peers/score_halves.py";
    if (python == nullptr) {
      WARN("skipped: no cell-eval (HYPED_CELL_EVAL is the python of a virtual environment that has it); compared with what it said before");
      continue;
    }
    const std::string package = c.dialect == "cell-eval2" ? "cell-eval2" : "cell-eval", said_version = (folder.path() / "installed.txt").string();
    std::string version;
    if (std::system((std::string(python) + " -c 'import importlib.metadata; print(importlib.metadata.version(\"" + package + "\"))' > " + said_version + " 2> /dev/null").c_str()) == 0) std::getline(std::ifstream(said_version) >> std::ws, version);
    if (version.empty() || (package == "cell-eval" && c.dialect != "cell-eval-" + version)) {
      WARN("skipped live: HYPED_CELL_EVAL has " << package << " " << (version.empty() ? "not" : version) << ", this preset is " << c.dialect);
      continue;
    }
    if (std::system((std::string("NUMBA_NUM_THREADS=1 ") + python + " " + script + " " + folder.path().string() + " " + file.string() + " " + c.column + " " + c.control + " full > " + (folder.path() / "said.txt").string() + " 2>&1").c_str()) != 0) {
      FAIL_CHECK("the peer failed: " << folder.said());
      continue;
    }
    std::ifstream live(folder.path() / "scores.tsv");
    const Compared now = compare(scores, pair.conditions, live, filled);
    INFO(now.where);
    CHECK(now.worst < 1e-6);
    CHECK(now.values > 100);
    WARN(package << " " << version << ", live: " << now.values << " values, largest difference " << now.worst);
  }
}
