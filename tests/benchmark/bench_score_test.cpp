// hyped bench score on files: every form of prediction, and every bad input of the contract.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "experiments/benchmark/score/score_pair.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/benchmark/score_files.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

std::string means_csv(const ScoredPair& pair, bool by_condition, const std::function<double(double)>& of = [](double x) { return x; }) {
  const ProfileMatrix means = group_means(logs_of(*pair.predicted, 1e4), pair.predicted->groups);
  std::string out = by_condition ? "condition" : "gene";
  char number[40];
  const auto rows = by_condition ? pair.predicted->groups.names : pair.genes, columns = by_condition ? pair.genes : pair.predicted->groups.names;
  for (const auto& c : columns) out += "," + c;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out += "\n" + rows[r];
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double value = by_condition ? means(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c)) : means(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(r));
      std::snprintf(number, sizeof number, ",%.17g", of(value));
      out += number;
    }
  }
  return out + "\n";
}

}  // namespace

TEST_CASE("bench score: cells, means and tables of means give the same numbers") {
  const ScoreFiles files;
  ScoreSettings settings = files.settings();
  settings.presets = {"strict", "gears"};
  const double l2 = files.mean_of(settings, "strict", "l2"), pearson = files.mean_of(settings, "strict", "pearson_delta");
  CHECK(pearson > 0.9);
  CHECK(files.mean_of(settings, "strict", "l2", "no_change") > 2 * l2);
  CHECK(files.mean_of(settings, "strict", "overlap_at_N", "of") == 4);
  for (const bool by_condition : {true, false}) {
    settings.prediction = files.text("means.csv", means_csv(files.pair, by_condition));
    CHECK(files.mean_of(settings, "strict", "l2") == Approx(l2).epsilon(1e-6));
    CHECK(files.mean_of(settings, "gears", "pearson_delta") == Approx(pearson).epsilon(0.02));
  }
  // one row a condition in an .h5ad
  const ProfileMatrix means = group_means(logs_of(*files.pair.predicted, 1e4), files.pair.predicted->groups);
  AnnotatedData of_means = annotated({SparseRows{}, CellGroups{files.pair.predicted->groups.names, {0, 1, 2, 3, 4}}, CellScale::logs}, files.pair.genes);
  of_means.X.value = Array{{means.rows(), means.cols()}, std::vector<double>(means.data(), means.data() + means.size())};
  settings.prediction = files.folder.path / "means.h5ad";
  write_anndata(of_means, settings.prediction);
  CHECK(files.mean_of(settings, "strict", "l2") == Approx(l2).epsilon(1e-6));
}

TEST_CASE("bench score: every preset, and names that are the same") {
  const ScoreFiles files;
  RunDirectory run(files.folder.path / "all", {"test"}, 1);
  run_score(run, files.settings());
  run.finish();
  const DelimitedTable same = DelimitedTable::read(files.folder.path / "all/tables/same_name.tsv"), scores = DelimitedTable::read(files.folder.path / "all/tables/scores.tsv");
  std::map<std::string, int> presets;
  for (std::size_t r = 0; r < scores.rows(); ++r) {
    ++presets[scores.text(r, scores.column("preset"))];
    CHECK(scores.text(r, scores.column("value")).empty() != scores.text(r, scores.column("why_undefined")).empty());      // a value or a reason, never both or none
  }
  CHECK(presets.size() == dialects().size());
  int of_discrimination = 0;
  for (std::size_t r = 0; r < same.rows(); ++r) {
    const bool first = r == 0 || same.text(r, 0) != same.text(r - 1, 0);
    CHECK(same.text(r, same.column("differs")).empty() == first);
    of_discrimination += same.text(r, 0) == "discrimination (PDS)" ? 1 : 0;
  }
  CHECK(of_discrimination > 10);
}

TEST_CASE("bench score: genes in another order, missing genes") {
  const ScoreFiles files;
  ScoreSettings settings = files.settings();
  settings.presets = {"strict"};
  const double l2 = files.mean_of(settings, "strict", "l2");
  std::vector<int> turned;
  for (int g = static_cast<int>(files.pair.genes.size()); g-- > 0;) turned.push_back(g);
  ScoredCells other = *files.pair.predicted;
  other.cells = columns_of(other.cells, turned);
  settings.prediction = files.folder.path / "turned.h5ad";
  write_anndata(annotated(other, {files.pair.genes.rbegin(), files.pair.genes.rend()}), settings.prediction);
  CHECK(files.mean_of(settings, "strict", "l2") == Approx(l2).epsilon(1e-9));
  turned.resize(50);
  other.cells = columns_of(files.pair.predicted->cells, turned);
  std::vector<std::string> names(files.pair.genes.rbegin(), files.pair.genes.rbegin() + 50);
  settings.prediction = files.folder.path / "fewer.h5ad";
  write_anndata(annotated(other, names), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("10 of the truth's 60 genes are not in the prediction") && Catch::Matchers::Contains("--intersection"));
  settings.intersection = true;
  settings.targets = {"none"};      // some targets are no longer there
  RunDirectory run(files.folder.path / "intersection", {"test"}, 1);
  run_score(run, settings);
  bool said = false;
  for (const auto& [name, value] : run.summary().settings) said = said || (name == "genes" && value.find("the 50 that both have") != std::string::npos);
  CHECK(said);
  for (auto& name : names) name = "ENSG" + name;
  write_anndata(annotated(other, names), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("has no gene of the truth"));
  names.assign(50, "g0");
  write_anndata(annotated(other, names), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("more than once"));
}

TEST_CASE("bench score: scales that do not fit are refused") {
  const ScoreFiles files;
  ScoreSettings settings = files.settings();
  settings.presets = {"strict"};
  const double l2 = files.mean_of(settings, "strict", "l2");
  ScoredCells logs = *files.pair.predicted;
  logs.cells = logs_of(logs, 1e4);
  settings.prediction = files.folder.path / "logs.h5ad";
  write_anndata(annotated(logs, files.pair.genes), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("holds logarithms, and the truth counts") && Catch::Matchers::Contains("--normalise"));
  settings.normalise = 1e4;
  CHECK(files.mean_of(settings, "strict", "l2") == Approx(l2).epsilon(1e-6));
  // logarithms taken twice, another total, no logarithms at all
  ScoredCells twice = logs;
  for (float& v : twice.cells.value) v = std::log1p(v);
  write_anndata(annotated(twice, files.pair.genes), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("logarithms taken twice"));
  ScoreSettings both = settings;
  both.truth = files.folder.path / "truth_logs.h5ad";
  ScoredCells truth = files.pair.truth;
  truth.cells = logs_of(truth, 1e4);
  write_anndata(annotated(truth, files.pair.genes), both.truth);
  ScoredCells million = *files.pair.predicted;
  million.cells = logs_of(million, 1e6);
  write_anndata(annotated(million, files.pair.genes), settings.prediction);
  CHECK_THAT(files.refusal(both), Catch::Matchers::Contains("per 1e+06"));
  ScoredCells linear = *files.pair.predicted;
  for (float& v : linear.cells.value) v *= 33.7F;
  write_anndata(annotated(linear, files.pair.genes), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("neither counts nor logarithms"));
  settings.prediction = files.text("scaled.csv", means_csv(files.pair, true, [](double x) { return 0.01 * x; }));
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("another "));
  settings.prediction = files.text("levels.csv", means_csv(files.pair, true, [](double x) { return std::expm1(x); }));
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("looks like counts"));
  // means per a million beside the truth's counts: the total is named, and may be said
  ScoreSettings beside = settings;
  beside.normalise = 0;
  const ProfileMatrix per_million = group_means(logs_of(*files.pair.predicted, 1e6), files.pair.predicted->groups);
  std::string lines = "condition";
  for (const auto& gene : files.pair.genes) lines += "," + gene;
  for (std::size_t i = 0; i < files.pair.conditions.size(); ++i) {
    lines += "\n" + files.pair.conditions[i];
    for (Eigen::Index g = 0; g < per_million.cols(); ++g) lines += "," + std::to_string(per_million(static_cast<Eigen::Index>(i), g));
  }
  beside.prediction = files.text("million.csv", lines + "\n");
  CHECK_THAT(files.refusal(beside), Catch::Matchers::Contains("counts per 1000000") && Catch::Matchers::Contains("--normalise 1000000"));
  // some of the conditions are judged against the same ones
  std::string few = lines.substr(0, lines.find('\n'));
  const ProfileMatrix measured = group_means(logs_of(files.pair.truth, 1e4), files.pair.truth.groups);
  for (std::size_t i = 0; i < 2; ++i) {
    few += "\n" + files.pair.conditions[i];
    for (Eigen::Index g = 0; g < measured.cols(); ++g) few += "," + std::to_string(measured(static_cast<Eigen::Index>(i), g));
  }
  beside.prediction = files.text("few.csv", few + "\n");
  CHECK(files.mean_of(beside, "strict", "l2") < 1e-3);
}

TEST_CASE("bench score: missing, extra and unknown conditions") {
  const ScoreFiles files;
  ScoreSettings settings = files.settings();
  settings.presets = {"strict"};
  ScoredCells part = *files.pair.predicted;
  part.groups.names[1] = "extra";
  settings.prediction = files.folder.path / "part.h5ad";
  write_anndata(annotated(part, files.pair.genes), settings.prediction);
  RunDirectory run(files.folder.path / "part", {"test"}, 1);
  run_score(run, settings);
  std::string warnings;
  for (const auto& w : run.summary().warnings) warnings += w;
  CHECK_THAT(warnings, Catch::Matchers::Contains("has not g1") && Catch::Matchers::Contains("also has extra"));
  CHECK(files.mean_of(settings, "strict", "pds_cosine", "defined") == 3);
  for (auto& name : part.groups.names) name = "x" + name;
  write_anndata(annotated(part, files.pair.genes), settings.prediction);
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("predicts none of the 4 conditions"));
  settings = files.settings();
  settings.control = "contrl";
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("no cell is labelled contrl") && Catch::Matchers::Contains("control"));
  settings = files.settings();
  settings.by = "arms";
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("no column 'arms'"));
  settings = files.settings();
  settings.presets = {"cell-eval"};
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("cell-eval-0.8.1"));
}

TEST_CASE("bench score: labels that are no gene, and values that are no number") {
  ScoreFiles files;
  for (ScoredCells* side : {&files.pair.truth, &*files.pair.predicted}) side->groups.names = {"siA", "mmB", "siA+mmB", "g3", "control"};
  write_anndata(annotated(files.pair.truth, files.pair.genes), files.truth);
  write_anndata(annotated(*files.pair.predicted, files.pair.genes), files.prediction);
  ScoreSettings settings = files.settings();
  settings.presets = {"strict"};
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("3 of 4 labels are no gene") && Catch::Matchers::Contains("--targets"));
  settings.targets = {"siA=g40,mmB=g41"};
  {
    RunDirectory run(files.folder.path / "mapped", {"test"}, 1);
    const ScoredPair pair = read_scored_pair(run, settings);
    CHECK(pair.own_genes[3] == std::vector<std::size_t>{40, 41});      // siA+mmB: both
    CHECK(pair.own_genes[0] == std::vector<std::size_t>{3});
  }
  settings.targets = {"nonsense"};
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("LABEL=GENE"));
  settings.targets = {"none"};
  for (const auto& [bad, words] : {std::pair{std::nanf(""), "not finite"}, {-1.0F, "negative"}, {static_cast<float>(INFINITY), "not finite"}}) {
    ScoredCells broken = *files.pair.predicted;
    broken.cells.value[7] = bad;
    write_anndata(annotated(broken, files.pair.genes), files.prediction);
    CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains(words) && Catch::Matchers::Contains("gene g") && Catch::Matchers::Contains("cell 1 "));
  }
  settings.prediction = files.text("bad.csv", "condition,g0,g1\nsiA,1,nan\n");
  CHECK_THAT(files.refusal(settings), Catch::Matchers::Contains("bad.csv:2"));
}

TEST_CASE("bench score: a prediction that is the same for every condition") {
  const ScoreFiles files;
  ScoreSettings settings = files.settings();
  settings.presets = {"strict", "cell-eval-0.8.1"};
  std::string csv = "condition";
  const ProfileMatrix means = group_means(logs_of(files.pair.truth, 1e4), files.pair.truth.groups);
  for (const auto& g : files.pair.genes) csv += "," + g;
  for (const auto& name : files.pair.truth.groups.names) {
    csv += "\n" + name;
    char number[40];
    for (Eigen::Index g = 0; g < means.cols(); ++g) std::snprintf(number, sizeof number, ",%.17g", means(files.pair.control_group(), g)), csv += number;
  }
  settings.prediction = files.text("same.csv", csv + "\n");
  CHECK(files.mean_of(settings, "strict", "pds_cosine") == Approx(0.5));
  CHECK(files.mean_of(settings, "strict", "pearson_delta", "defined") == 0);
  CHECK(files.mean_of(settings, "strict", "l2") == Approx(files.mean_of(settings, "strict", "l2", "no_change")));
}

TEST_CASE("a .vcc archive of the Virtual Cell Challenge is scored as the prediction in it, damaged ones are refused") {
  ScoreFiles files;
  if (std::system("command -v zstd > /dev/null && command -v tar > /dev/null") != 0) {
    WARN("skipped: zstd or tar is not installed");
    return;
  }
  ScoredCells renamed = *files.pair.predicted;
  renamed.groups.names.back() = "non-targeting";
  write_anndata(annotated(renamed, files.pair.genes, "target_gene"), files.folder.path / "pred.h5ad");
  const std::string in = "cd '" + files.folder.path.string() + "' && ";
  REQUIRE(std::system((in + "zstd -q -k pred.h5ad && printf vcc-prep > watermark.txt && tar -cf one.prep.vcc watermark.txt pred.h5ad.zst && tar -cf none.vcc watermark.txt && head -c 3000 pred.h5ad.zst > short && mv short pred.h5ad.zst && tar -cf short.vcc pred.h5ad.zst").c_str()) == 0);
  ScoreSettings settings = files.settings();
  settings.presets = {"strict", "cell-eval2"};
  const double known = files.mean_of(settings, "strict", "pearson_delta"), jaccard = files.mean_of(settings, "cell-eval2", "sig_jaccard");
  settings.prediction = files.folder.path / "one.prep.vcc";
  CHECK(files.mean_of(settings, "strict", "pearson_delta") == known);
  CHECK(files.mean_of(settings, "cell-eval2", "sig_jaccard") == jaccard);
  settings.prediction = files.folder.path / "none.vcc";
  CHECK_THAT(files.refusal(settings), Catch::Contains("none.vcc") && Catch::Contains("holds no pred.h5ad.zst"));
  settings.prediction = files.folder.path / "short.vcc";
  CHECK_THAT(files.refusal(settings), Catch::Contains("short.vcc") && Catch::Contains("damaged"));
  settings.prediction = files.text("text.vcc", "no archive");
  CHECK_THAT(files.refusal(settings), Catch::Contains("is no tar archive"));
}

TEST_CASE("a number that is none in a table of means is named with file, line, condition and gene, and scores stand between floor and ceiling with a figure") {
  ScoreFiles files;
  const auto& genes = files.pair.genes;
  const auto table = [&](const std::string& bad) {
    std::string text = "condition";
    for (const auto& gene : genes) text += "," + gene;
    for (std::size_t k = 0; k < files.pair.conditions.size(); ++k) {
      text += "\n" + files.pair.conditions[k];
      for (std::size_t g = 0; g < genes.size(); ++g) text += k == 1 && g == 2 ? "," + bad : ",0.5";
    }
    return text + "\n";
  };
  ScoreSettings settings = files.settings();
  for (const std::string bad : {"NaN", "inf", "", "many"}) {
    settings.prediction = files.text("means.csv", table(bad));
    CHECK_THAT(files.refusal(settings), Catch::Contains("means.csv:3") && Catch::Contains("gene '" + genes[2] + "'") && Catch::Contains("condition '" + files.pair.conditions[1] + "'"));
  }
  settings = files.settings();
  files.mean_of(settings, "strict", "pearson_delta");
  const DelimitedTable calibrated = DelimitedTable::read(files.folder.path / "run/tables/calibrated.tsv");
  CHECK(calibrated.rows() == 13);
  CHECK(std::filesystem::exists(files.folder.path / "run/figures/scores.svg"));
  const DelimitedTable means = DelimitedTable::read(files.folder.path / "run/tables/means.tsv");
  for (std::size_t r = 0; r < calibrated.rows(); ++r)
    for (std::size_t k = 0; k < means.rows(); ++k)
      if (means.text(k, means.column("preset")) == "strict" && means.text(k, means.column("metric")) == calibrated.text(r, calibrated.column("metric")) && calibrated.text(r, 0) != "pds_cosine" && calibrated.text(r, 0) != "pds_l2")
        CHECK(calibrated.number(r, calibrated.column("score")) == Approx(means.number(k, means.column("mean"))).epsilon(1e-9));
}
