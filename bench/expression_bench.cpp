// Expression against scanpy in one run on the same file: must/expression/6.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/timing.hpp"
#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/expression/embedding/principal_components.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/expression/preparation/variable_genes.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/expression/simulated_cells.hpp"

using namespace hyped;
using namespace hyped::bench;

namespace {

constexpr int components = 50;
constexpr int shown_genes = 140;      // every 140th gene's scores are compared
constexpr double asked = 10;          // times faster; half of it fails

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Steps {
  nlohmann::json times = nlohmann::json::object();
  double total = 0;
  template <class Body>
  void step(const char* name, const Body& body) {
    const double seconds = seconds_of(body);
    times[name] = seconds;
    total += seconds;
  }
};

// Everything from the file to the last p value. Prints one line of JSON.
int everything(const std::filesystem::path& file) {
  const std::clock_t began = std::clock();
  Steps steps;
  SparseRows values;
  CellGroups arms;
  steps.step("open", [&] {
    AnnotatedData data = read_anndata(file).data;
    const Labels labels = labels_of(*data.obs.find("arm"));
    arms = {labels.levels, labels.codes};
    values = sparse_rows_of(std::move(data.X), "X");
  });
  VariableGenes variable;
  steps.step("variable_genes", [&] { variable = variable_genes_seurat_v3(values, {}); });
  steps.step("normalise", [&] { log_normalise(values, row_totals(values), 1e4); });
  Pca pca;
  steps.step("components", [&] {
    std::vector<int> chosen;
    for (std::size_t g = 0; g < variable.selected.size(); ++g)
      if (variable.selected[g]) chosen.push_back(static_cast<int>(g));
    pca = principal_components(columns_of(values, chosen), {.components = components});
  });
  const int reference = arms.index_of("control", "arm");
  std::vector<RankSum> ranks;
  steps.step("rank_sums", [&] { ranks = rank_test_of_cells(values, arms, reference); });
  nlohmann::json scores = nlohmann::json::object();
  for (int arm = 0; arm < arms.count(); ++arm)
    for (int g = 0; g < values.columns && arm != reference; g += shown_genes) {
      const RankSum& r = ranks[static_cast<std::size_t>(g) * static_cast<std::size_t>(arms.count()) + static_cast<std::size_t>(arm)];
      // scanpy's score has no continuity correction
      scores[arms.names[static_cast<std::size_t>(arm)]].push_back(r.variance > 0 ? (r.u() - 0.5 * static_cast<double>(r.group) * static_cast<double>(r.other)) / std::sqrt(r.variance) : 0.0);
    }
  const nlohmann::json said = {{"times", steps.times}, {"total", steps.total}, {"processor", static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC}, {"variance", std::vector<double>(pca.variance.begin(), pca.variance.end())}, {"scores", scores}, {"peak_mb", peak_mb()}};
  std::printf("%s\n", said.dump().c_str());
  return pca.outcome.ok() ? 0 : 1;
}

// The last line a command prints, read as JSON; seconds of the whole process, its start and end with it.
nlohmann::json run(const std::string& command, double& seconds) {
  std::string last;
  seconds = seconds_of([&] {
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
    char line[1 << 17];
    while (pipe && std::fgets(line, sizeof line, pipe.get())) last = line;
  });
  return last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
}

void say(const std::string& who, const nlohmann::json& one) {
  const auto& times = one["times"];
  const auto of = [&](const char* step) { return times[step].get<double>(); };
  fmt::print("  {:<14} open {:.2f} s, variable genes {:.2f}, normalise {:.2f}, {} components {:.2f}, Wilcoxon {:.2f}: {:.2f} s ({:.2f} s of processors); peak memory {:.0f} MB\n", who, of("open"), of("variable_genes"), of("normalise"), components, of("components"), of("rank_sums"),
             one["total"].get<double>(), one["processor"].get<double>(), one["peak_mb"].get<double>());
}

double worst_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = a.size() == b.size() ? 0 : 1e300;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::abs(a[i] / b[i] - 1));
  return worst;
}

// Each side in processes of its own on one file. False if results differ, ours is not asked / 2 times faster, or takes more than twice the non-zeros.
bool compare(const std::string& self, const std::filesystem::path& file, bool packed, double stored_mb) {
  double ours_process = 0, theirs_process = 0;
  fmt::print("file {}\n", packed ? "packed (gzip 4)" : "not packed");
  run(self + " everything " + file.string(), ours_process);      // the file is then in memory for both
  const auto ours = run(self + " everything " + file.string(), ours_process);
  if (!ours.is_object()) return false;
  say("hyped", ours);
  const double memory = ours["peak_mb"].get<double>() / stored_mb;
  fmt::print("  {:<14} {:.2f} times the {:.0f} MB of the non-zeros\n", "", memory, stored_mb);
  const char* environment = std::getenv("HYPED_PEERS");
  const std::string command = fmt::format("{}/bin/python {}/bench/expression_scanpy.py {} {} {}", environment ? environment : "python3", HYPED_SOURCE_DIR, file.string(), components, shown_genes);
  if (!environment || std::system(fmt::format("{}/bin/python -c 'import scanpy, skmisc' 2>/dev/null", environment).c_str()) != 0) {
    fmt::print("  scanpy is not there (virtual environment HYPED_PEERS)\n\n");
    return memory < 2;
  }
  const auto theirs = run(command, theirs_process);
  if (!theirs.is_object()) {
    fmt::print("  scanpy failed\n");
    return false;
  }
  say("scanpy " + theirs["scanpy"].get<std::string>(), theirs);
  fmt::print("  {:<14} mannwhitneyu gene by gene: {:.0f} s of a processor for all genes and arms, from {} tests\n", "SciPy " + theirs["scipy"].get<std::string>(), theirs["gene_by_gene"].get<double>(), theirs["gene_by_gene_tests"].get<int>());
  const double variances = worst_ratio(ours["variance"].get<std::vector<double>>(), theirs["variance"].get<std::vector<double>>());      // scanpy computes in floats here
  double scores = 0;
  for (const auto& [arm, list] : ours["scores"].items()) {
    const auto a = list.get<std::vector<double>>(), b = theirs["scores"][arm].get<std::vector<double>>();
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) scores = std::max(scores, std::abs(a[i] - b[i]) / (1 + std::abs(a[i])));
  }
  const double steps = theirs["total"].get<double>() / ours["total"].get<double>(), processors = theirs["processor"].get<double>() / ours["processor"].get<double>();
  fmt::print("  steps {:.1f} times faster ({:.1f} times of processors), whole processes {:.1f} s and {:.1f} s: {:.1f} times; variances differ by {:.1e} at most, scores by {:.1e}\n\n", steps, processors, ours_process, theirs_process, theirs_process / ours_process, variances, scores);
  return variances < 1e-3 && scores < 1e-4 && memory < 2 && std::max(steps, processors) > asked / 2;      // other work on the machine stretches the first
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3 && std::string(arguments[1]) == "everything") return everything(arguments[2]);      // one run, for the process that compares
  const hyped::testing::SimulatedCells cells = hyped::testing::simulated_cells({.cells = 20000, .genes = 28000, .groups = 12, .depth = 2500, .depth_spread = 0.4, .level_spread = 2.2, .changed = 0.05, .effect = 1});
  fmt::print("file      {} cells x {} genes, {:.1f} million counts stored ({:.1f} %), {} threads\n", cells.counts.rows, cells.counts.columns, 1e-6 * static_cast<double>(cells.counts.stored()),
             100.0 * static_cast<double>(cells.counts.stored()) / cells.counts.rows / cells.counts.columns, threads());
  bool good = true;
  for (const bool packed : {false, true}) {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("hyped-expression-{}.h5ad", getpid());
    {
      AnnotatedData data;
      Strings names;
      for (int c = 0; c < cells.counts.rows; ++c) names.push_back("cell" + std::to_string(c));
      data.obs.index = names;
      data.var.index = cells.genes;
      Labels arms{{"control", "dual", "mmMYOD1", "siPRRX1"}, {}};
      for (const int group : cells.group) arms.codes.push_back(group % 4);      // groups of cells differ, so arms do
      data.obs.put("arm", categorical_of(arms));
      data.X = {compressed_of(cells.counts)};
      write_anndata(data, file, {.gzip = packed ? 4 : 0});
    }
    good = compare(arguments[0], file, packed, 8.0 / (1 << 20) * static_cast<double>(cells.counts.stored())) && good;
    std::filesystem::remove(file);
  }
  return good ? 0 : 1;
}
