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

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Timed {
  double open = 0, normalise = 0, variable_genes = 0, components = 0;
  Pca pca;
  double total() const { return open + normalise + variable_genes + components; }
};

Timed prepare(const std::filesystem::path& file) {
  Timed out;
  SparseRows counts, logs;
  out.open = seconds_of([&] {
    AnnotatedData data = read_anndata(file).data;
    counts = sparse_rows_of(std::move(data.X), "X");
  });
  out.normalise = seconds_of([&] {
    logs = counts;
    log_normalise(logs, row_totals(counts), 1e4);
  });
  VariableGenes variable;
  out.variable_genes = seconds_of([&] { variable = variable_genes_seurat_v3(counts, {}); });
  out.components = seconds_of([&] {
    std::vector<int> chosen;
    for (std::size_t g = 0; g < variable.selected.size(); ++g)
      if (variable.selected[g]) chosen.push_back(static_cast<int>(g));
    out.pca = principal_components(columns_of(logs, chosen), {.components = components});
  });
  return out;
}

// What scanpy takes, and its variances; null where it is not there.
nlohmann::json scanpy(const std::filesystem::path& file) {
  const char* environment = std::getenv("HYPED_PEERS");
  if (!environment) return {};
  const std::string command = fmt::format("{}/bin/python {}/bench/expression_scanpy.py {} {} 2>/dev/null", environment, HYPED_SOURCE_DIR, file.string(), components);
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text, last;
  for (char line[65536]; pipe && std::fgets(line, sizeof line, pipe.get());) last = line;
  return last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
}

// Open + normalise + variable genes + components. False if it is worse than half of what was asked, or not the same.
bool preparation(const std::filesystem::path& file, bool packed) {
  const Timed ours = prepare(file);
  fmt::print("prepare   {}: open {:.2f} s, normalise {:.2f}, variable genes {:.2f}, {} components {:.2f} ({} products, residual {:.0e}): {:.2f} s; peak memory so far {:.0f} MB\n", packed ? "gzip 4" : "not packed", ours.open, ours.normalise,
             ours.variable_genes, components, ours.components, ours.pca.products, ours.pca.residual, ours.total(), peak_mb());
  const auto theirs = scanpy(file);
  if (!theirs.is_object()) {
    fmt::print("          scanpy is not there (virtual environment HYPED_PEERS)\n");
    return ours.pca.outcome.ok();
  }
  const auto& times = theirs["times"];
  const double ratio = theirs["total"].get<double>() / ours.total();
  fmt::print("          scanpy {}: open {:.2f} s, normalise {:.2f}, variable genes {:.2f}, components {:.2f}: {:.2f} s, {:.0f} MB: {:.1f} times ours (asked: 10)\n", theirs["scanpy"].get<std::string>(), times["open"].get<double>(),
             times["normalise"].get<double>(), times["variable_genes"].get<double>(), times["components"].get<double>(), theirs["total"].get<double>(), theirs["peak_mb"].get<double>(), ratio);
  double worst = 0;      // scanpy computes in floats here
  for (int c = 0; c < components; ++c) worst = std::max(worst, std::abs(ours.pca.variance[c] / theirs["variance"][static_cast<std::size_t>(c)].get<double>() - 1));
  fmt::print("          largest relative difference of a component's variance {:.1e}\n", worst);
  return worst < 1e-3 && ratio > 5;
}

}  // namespace

int main() {
  const hyped::testing::SimulatedCells cells = hyped::testing::simulated_cells({.cells = 20000, .genes = 28000, .groups = 12, .depth = 3000, .depth_spread = 0.4, .level_spread = 2.2, .changed = 0.05, .effect = 1});
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
      data.X = {compressed_of(cells.counts)};
      write_anndata(data, file, {.gzip = packed ? 4 : 0});
    }
    good = preparation(file, packed) && good;
    // Rank sums of three arms over all genes belong here, on the same file.
    std::filesystem::remove(file);
  }
  return good ? 0 : 1;
}
