// Data-guided control of 12,000 genes by 656 factors, all triples of the best 100, against SciPy's nnls on a part of the same sets in one run.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "bench/timing.hpp"
#include "experiments/control/factors/factor_search.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;
using namespace hyped::bench;
using namespace hyped::control;

namespace {

constexpr int genes = 12000, factors = 656, times = 15, sample = 60;      // sample: triples that SciPy does as well
constexpr double allowed_seconds = 60;

FactorInputs inputs_of() {
  FactorInputs out;
  std::vector<Eigen::Triplet<double>> entries;
  for (int m = 0; m < factors; ++m) {
    RandomStream random(1, static_cast<std::uint32_t>(m), 0);
    const int targets = 5 + static_cast<int>(120 * random.exponential() * random.uniform());
    std::vector<bool> taken(genes, false);
    for (int t = 0; t < targets; ++t) {
      const auto g = static_cast<std::size_t>(random.uniform() * genes);
      if (!taken[g]) entries.emplace_back(static_cast<int>(g), m, random.uniform() < 0.86 ? 1.0 : -1.0);
      taken[g] = true;
    }
    out.names.push_back(fmt::format("F{}", m));
  }
  out.effect.resize(genes, factors);
  out.effect.setFromTriplets(entries.begin(), entries.end());
  return out;
}

GuidedData data_of() {
  GuidedData out;
  RandomStream random(2, 0, 0);
  Eigen::VectorXd level(genes);
  for (double& v : level) v = 5 + 2 * random.normal();
  for (int t = 0; t <= times; ++t) {
    Eigen::MatrixXd state(genes, 3);
    for (double& v : state.reshaped()) v = 0.2 * random.normal();
    state.colwise() += level;
    if (t < times) out.path.push_back(state);
    else out.target = {state};
    for (double& v : level) v += 0.2 * random.normal();
  }
  return out;
}

// C_j and r in full, as one would do it without Gram matrices, and the triples to solve.
void write_part(const std::filesystem::path& folder, const GuidedData& data, const FactorInputs& inputs, const std::vector<FactorSet>& sets) {
  std::ofstream list(folder / "sets");
  for (const auto& one : sets) list << one.start << ' ' << one.factors[0] << ' ' << one.factors[1] << ' ' << one.factors[2] << '\n';
  const auto write = [&](const char* name, const Eigen::MatrixXd& m) { std::ofstream(folder / name, std::ios::binary).write(reinterpret_cast<const char*>(m.data()), static_cast<std::streamsize>(static_cast<std::size_t>(m.size()) * sizeof(double))); };
  Eigen::MatrixXd path(genes, static_cast<Eigen::Index>(data.path.size()));
  for (std::size_t t = 0; t < data.path.size(); ++t) path.col(static_cast<Eigen::Index>(t)) = data.path[t].rowwise().mean();
  write("path", path);
  write("target", data.target[0].rowwise().mean());
  write("inputs", Eigen::MatrixXd(inputs.effect));
}

}  // namespace

int main() {
  set_threads(1);
  const FactorInputs inputs = inputs_of();
  const GuidedData data = data_of();
  SetSearch found;
  std::vector<FactorScore> singles;
  double distance = 0, prepared = 0;
  const auto began = std::chrono::steady_clock::now();
  const double seconds = processor_seconds_of([&] {
    const auto nuisance = no_projection(genes);
    const InputGram gram = input_gram(inputs, nuisance);
    const EffectModel model(gram, guided_problem(data, nuisance));
    distance = model.distance();
    singles = score_factors(model);
    prepared = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    found = search_sets(model, singles, {100, sample});
  });
  fmt::print("ours      {} genes, {} factors, {} start steps: {} pairs and triples of the best {}, each at every start: {:.2f} s of processor time on one thread (allowed: {:g} s)\n", genes, factors, times - 1, found.tried, found.pool, seconds, allowed_seconds);
  if (found.triples.size() < static_cast<std::size_t>(sample)) {
    fmt::print("only {} triples have three positive inputs: the problem is not one\n", found.triples.size());
    return 1;
  }
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("hyped-factors-{}", getpid());
  std::filesystem::create_directories(folder);
  write_part(folder, data, inputs, found.triples);
  const char* peers = std::getenv("HYPED_PEERS");
  std::string command = fmt::format("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 {} {}/bench/factors_scipy.py {} {} {} 2>/dev/null", peers ? std::string(peers) + "/bin/python" : "python3", HYPED_SOURCE_DIR, folder.string(), genes, factors);
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  double preparing = 0, each = 0, worst = 0;
  bool good = seconds < allowed_seconds;
  bool peer = pipe && std::fscanf(pipe.get(), "%lf %lf", &preparing, &each) == 2;
  for (std::size_t s = 0; peer && s < found.triples.size(); ++s) {
    double left = 0;
    peer = std::fscanf(pipe.get(), "%lf", &left) == 1;
    worst = std::max(worst, std::abs(left - (distance - found.triples[s].score)) / distance);
  }
  pipe.reset();
  std::filesystem::remove_all(folder);
  if (!peer) {
    fmt::print("no peer: SciPy is not there (python3-scipy, or HYPED_PEERS names a virtual environment)\n");
    return good ? 77 : 1;
  }
  const double whole = preparing + each * static_cast<double>(found.tried);
  fmt::print("SciPy     all effects as matrices {:.1f} s, one nnls of three columns {:.3g} ms: {:.3g} s for as many sets, {:.3g} times ours; distances left differ by {:.1e} of d0\n", preparing, 1e3 * each, whole, whole / seconds, worst);
  return good && worst < 1e-10 && whole / seconds > 100 ? 0 : 1;
}
