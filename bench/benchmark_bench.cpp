// The benchmark's heavy parts against SciPy, scikit-learn and pdex in one run, and the challenges' metrics from files by streaming: must/benchmark/6.
// `benchmark_bench full` takes 183,000 cells in each file (some 3 GB in /tmp, made once); without it a twentieth, and what that means for the whole.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/benchmark_cells.hpp"
#include "bench/timing.hpp"
#include "libhyped/distance/two_samples.hpp"
#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/streamed/streamed_vcc.hpp"

using namespace hyped;
using namespace hyped::bench;
namespace fs = std::filesystem;

namespace {

constexpr int whole_cells = 183000, genes = 18000, conditions = 150;
constexpr double ranks_target_s = 2, energy_target_s = 0.5, permutation_target_s = 0.05, stream_target_s = 300, stream_target_mb = 8192;

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

StreamedCells streamed(const BackedMatrix& matrix, const fs::path& file) {
  const AnnotatedData tables = read_anndata(file, {.without = {"X"}}).data;
  Labels labels = labels_of(*tables.obs.find("condition"));
  // the control comes last
  CellGroups groups;
  std::vector<std::int32_t> place(labels.levels.size());
  std::int32_t next = 0;
  for (std::size_t k = 0; k < labels.levels.size(); ++k) place[k] = labels.levels[k] == "control" ? static_cast<std::int32_t>(labels.levels.size()) - 1 : next++;
  groups.names.resize(labels.levels.size());
  for (std::size_t k = 0; k < labels.levels.size(); ++k) groups.names[static_cast<std::size_t>(place[k])] = labels.levels[k];
  for (const auto code : labels.codes) groups.of_cell.push_back(place[static_cast<std::size_t>(code)]);
  return {[&matrix](const auto& see) { matrix.each_block([&](RowBlock block) { see(block.first_row, block.rows); }, 128ULL << 20); }, names_of(tables.var, file.string()), groups, file.string()};
}

// The scorer as a process of its own, so that its memory is its own. Prints one line of JSON.
int score(const fs::path& truth, const fs::path& predicted) {
  const std::clock_t began = std::clock();
  nlohmann::json said;
  const double seconds = seconds_of([&] {
    const BackedMatrix a(truth), b(predicted);
    const StreamedCells real = streamed(a, truth), other = streamed(b, predicted);
    std::vector<std::vector<std::size_t>> own(real.groups.names.size() - 1);
    for (std::size_t p = 0; p < own.size(); ++p) own[p] = {p};      // condition k perturbs gene k in the generated files
    const StreamedVcc found = streamed_vcc(real, other, own);
    for (const auto& s : found.scores) said["scores"][s.dialect + " " + s.id] = s.values[0].value ? *s.values[0].value : std::nan("");
    said["readings"] = found.readings, said["stored"] = found.stored_truth + found.stored_predicted;
  });
  said["seconds"] = seconds, said["processor"] = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, said["peak_mb"] = peak_mb();
  std::printf("%s\n", said.dump().c_str());
  return 0;
}

nlohmann::json last_line(const std::string& command) {
  std::string last;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
  char line[1 << 16];
  while (pipe && std::fgets(line, sizeof line, pipe.get())) last = line;
  return last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
}

bool judge(const char* what, double seconds, double target) {
  const bool good = seconds < 2 * target;      // below half of the target's speed it fails
  fmt::print("  {:<58} {:>9.3f} s, asked for {:g} s{}\n", what, seconds, target, seconds <= target ? "" : good ? ": missed, within a factor of two" : ": FAILED");
  return good;
}

void write_matrix(const fs::path& file, const Eigen::MatrixXd& values) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * static_cast<Eigen::Index>(sizeof(double))));
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4 && std::string(arguments[1]) == "score") return score(arguments[2], arguments[3]);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const bool whole = count > 1 && std::string(arguments[1]) == "full";
  bool good = true;
  const fs::path folder = fs::temp_directory_path() / fmt::format("hyped-benchmark-{}", getpid());
  fs::create_directories(folder);
  fmt::print("{} threads; times are processor seconds unless said otherwise: other work on the machine does not count\n\n", threads());

  // Rank sums
  const SparseRows by_gene = expressed_genes(20000, 20000, 0.12, 1);
  CellGroups groups{{"control", "a", "b", "c"}, {}};
  for (int c = 0; c < by_gene.columns; ++c) groups.of_cell.push_back(c < 9000 ? 0 : 1 + (c - 9000) / 3667);
  std::vector<RankSum> ranks;
  double ranks_wall = 1e300;
  const double ranks_cpu = cost_of([&] { ranks_wall = std::min(ranks_wall, seconds_of([&] { ranks = rank_test(by_gene, groups, 0); })); }, 3);
  fmt::print("Mann-Whitney, 3 x {} genes, {} cells, {:.1f} million stored\n", by_gene.rows, by_gene.columns, 1e-6 * static_cast<double>(by_gene.stored()));
  // two cores: half of the processor seconds, or the wall clock where that is better
  good = judge("hyped, all genes and conditions, on 2 cores", std::min(ranks_wall, ranks_cpu / 2), ranks_target_s) && good;
  fmt::print("  {:<58} {:>9.3f} s, wall clock {:.3f} s\n", "hyped, processor seconds", ranks_cpu, ranks_wall);

  // Energy distance
  const Eigen::MatrixXd x = normal_cloud(11000, 50, 0, 2), y = normal_cloud(9000, 50, 0.02, 3);
  TwoSamples energy;
  EnergyParts parts;
  const double energy_cpu = cost_of([&] { parts = pair_means(x, y, {}, EnergyPairs::with_self); }, 3);
  fmt::print("\nEnergy distance, 11,000 x 9,000 cells x 50 components, Euclid, double throughout\n");
  good = judge("hyped", energy_cpu, energy_target_s) && good;
  const double many = cost_of([&] { permutation_test(x, y, {}, {.permutations = 511}); }, 1) / 512;
  good = judge("hyped, one permutation (of 511 at once)", many, permutation_target_s) && good;

  // Peers on the same numbers
  write_matrix(folder / "x.bin", x), write_matrix(folder / "y.bin", y);
  constexpr int shown = 200;
  {
    Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(by_gene.columns, shown);
    for (int g = 0; g < shown; ++g)
      for (std::size_t i = 0; i < by_gene.columns_of(g).size(); ++i) dense(by_gene.columns_of(g)[i], g) = static_cast<double>(by_gene.values_of(g)[i]);
    write_matrix(folder / "genes.bin", dense);
  }
  const char* environment = std::getenv("HYPED_PEERS");
  const nlohmann::json peers = last_line(fmt::format("{} {}/bench/benchmark_peers.py {} {} {}", environment ? std::string(environment) + "/bin/python" : "python3", HYPED_SOURCE_DIR, folder.string(), by_gene.columns, shown));
  int compared = 0;
  fmt::print("\npeers on the same numbers\n");
  const auto peer = [&](const char* key, const char* words, double ours) {
    if (!peers.is_object() || !peers.contains(key)) {
      fmt::print("  {:<58} SKIPPED: not installed (HYPED_PEERS names a virtual environment)\n", words);
      return;
    }
    ++compared;
    const double theirs = peers[key]["seconds"].get<double>();
    fmt::print("  {:<58} {:>9.3f} s: hyped is {:.1f} times faster\n", words, theirs, theirs / ours);
  };
  peer("scipy_ranks", "SciPy mannwhitneyu, all genes (from 200)", ranks_cpu);
  peer("pdex_ranks", "numba-mwu (pdex) kernel, all genes (from 200)", ranks_cpu);
  peer("sklearn_energy", "scikit-learn euclidean_distances", energy_cpu);
  peer("scipy_energy", "SciPy cdist", energy_cpu);
  if (peers.is_object() && peers.contains("scipy_energy")) {
    const double apart = std::abs(parts.distance() / peers["scipy_energy"]["value"].get<double>() - 1);
    fmt::print("  {:<58} {:>9.1e}\n", "energy distance differs from SciPy's by", apart);
    good = good && apart < 1e-9;
  }
  if (peers.is_object() && peers.contains("scipy_ranks")) {
    const auto p = peers["scipy_ranks"]["p"].get<std::vector<double>>();      // 3 conditions x shown genes; NaN where all values are equal, given as 1
    double worst = 0;
    for (int k = 0; k < 3; ++k)
      for (int g = 0; g < shown; ++g) worst = std::max(worst, std::abs(p[static_cast<std::size_t>(k * shown + g)] - ranks[static_cast<std::size_t>(g * 4 + k + 1)].test.p) / (1e-300 + p[static_cast<std::size_t>(k * shown + g)]));
    fmt::print("  {:<58} {:>9.1e}\n", "p-values differ from SciPy's by at most", worst);
    good = good && worst < 1e-9;
  }

  // Streaming
  const int cells = whole ? whole_cells : whole_cells / 20;
  fmt::print("\nmetrics of both challenges by streaming: two files of {} cells x {} genes, 10 % dense, gzip, {} conditions\n", cells, genes, conditions);
  const fs::path base = whole ? fs::temp_directory_path() / "hyped-benchmark-cells" : folder;
  fs::create_directories(base);
  // two cores: the wall clock, or half of the processor seconds where other work stretches the clock
  const auto seconds_in = [](const nlohmann::json& said) { return std::min(said["seconds"].get<double>(), 0.5 * said["processor"].get<double>()); };
  const auto streamed_score = [&](const std::string& size, int of) {
    for (const auto& [name, seed] : {std::pair{"truth", 11}, std::pair{"predicted", 12}})
      if (const fs::path file = base / (name + size + ".h5ad"); !fs::exists(file)) fmt::print("  made {:<53} {:>9.1f} s (wall clock)\n", file.filename().string(), seconds_of([&] { write_cells(file, of, genes, conditions, 0.1, static_cast<std::uint64_t>(seed)); }));
    const nlohmann::json found = last_line(fmt::format("{} score {} {}", arguments[0], (base / ("truth" + size + ".h5ad")).string(), (base / ("predicted" + size + ".h5ad")).string()));
    if (found.is_object())
      fmt::print("  {} cells: {:.1f} million stored, {} readings of each file, wall clock {:.1f} s, processor {:.1f} s, peak memory {:.0f} MB\n", of, 1e-6 * found["stored"].get<double>(), found["readings"].get<int>(), found["seconds"].get<double>(), found["processor"].get<double>(), found["peak_mb"].get<double>());
    return found;
  };
  const nlohmann::json found = streamed_score("", cells), less = whole ? found : streamed_score("-third", cells / 3);
  if (!found.is_object() || !less.is_object()) {
    fmt::print("  the scorer failed\n");
    good = false;
  } else {
    for (const auto& [id, value] : found["scores"].items()) fmt::print("    {:<48} {} (first condition, or all)\n", id, value.dump());
    // a part that does not depend on the cells (tables of conditions x genes) and one in proportion to them, from the two sizes
    double seconds = seconds_in(found);
    if (!whole) {
      const double slope = (seconds_in(found) - seconds_in(less)) / (cells - cells / 3);
      fmt::print("  {:.1f} s whatever the cells, {:.2f} s for every 1000 cells\n", seconds - slope * cells, 1000 * slope);
      seconds += slope * (whole_cells - cells);
    }
    good = judge(whole ? "the whole" : "the whole, extrapolated from the two sizes", seconds, stream_target_s) && good;
    const double memory = found["peak_mb"].get<double>();
    fmt::print("  {:<58} {:>9.0f} MB, asked for {:g} MB{}\n", whole ? "peak memory" : "peak memory of this part", memory, stream_target_mb, memory < stream_target_mb ? "" : ": FAILED");
    good = good && memory < stream_target_mb;
    if (!whole) fmt::print("  Memory of the whole is bounded by its tiles of 400 MB, not extrapolated; `benchmark_bench full` measures it.\n");
  }
  fs::remove_all(folder);
  fmt::print("\n{} of 4 peers were compared\n", compared);
  return good ? 0 : 1;
}
