// Gradients of gene networks of 100 to 5,000 genes against PyTorch and NumPy doing the same arithmetic in one run: must/gene/6.
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

#include "bench/timing.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/batch_ode.hpp"
#include "libhyped/simulate/batch_steady.hpp"
#include "models/gene_network/batch_network.hpp"

using namespace hyped;
using namespace hyped::bench;
using namespace hyped::models;

namespace {

constexpr int columns = 32;      // arms x phases x cells of one evaluation
constexpr double step_h = 0.25;

BatchNetworkDefinition network(int genes, double density) {
  BatchNetworkDefinition d;
  RandomStream random(5, static_cast<std::uint32_t>(genes), density < 1 ? 1 : 0);
  const double size = 1.5 / std::sqrt(std::max(1.0, density * genes));
  if (density >= 1) d.all_edges.resize(genes, genes);
  for (int g = 0; g < genes; ++g) {
    d.genes.push_back("g" + std::to_string(g));
    d.capacity.push_back(0.3 + 0.5 * random.uniform());
    d.bias.push_back(0.6 * random.uniform() - 0.3);
    d.decay.push_back(0.2 + 0.3 * random.uniform());
    if (density >= 1) {
      for (int from = 0; from < genes; ++from) d.all_edges(g, from) = size * (2 * random.uniform() - 1);
    } else {
      for (int from = 0; from < genes; ++from)
        if (random.uniform() < density) d.edges.push_back({g, from, size * (2 * random.uniform() - 1), false});
    }
  }
  return d;
}

Eigen::MatrixXd start_of(int genes, int count) {
  RandomStream random(6, static_cast<std::uint32_t>(genes), 0);
  Eigen::MatrixXd x(genes, count);
  for (double& entry : x.reshaped()) entry = random.uniform();
  return x;
}

// Steps of one length: every step ends at a sample and every error is accepted, so that a peer can do the same ones.
BatchExperiment dish_of(int genes, int count, int steps) {
  BatchExperiment e;
  e.initial = start_of(genes, count);
  e.constant_inputs.resize(0, count);
  for (int n = 1; n <= steps; ++n) e.sample_times_h.push_back(step_h * n);
  return e;
}
const BatchOptions accepts_all{.relative_tolerance = 1e9, .absolute_tolerance = 1e9, .first_step_h = 10};

SampleLoss last_squares(int steps) {
  return [steps](int sample, const Eigen::MatrixXd& x, BatchMatrix bar, std::span<double>) {
    if (sample + 1 < steps) return 0.0;
    bar = 2 * x;
    return x.squaredNorm();
  };
}

void write(const std::filesystem::path& file, const double* data, std::size_t size) {
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size * sizeof(double)));
}

std::string python() {
  const char* environment = std::getenv("HYPED_PEERS");
  return environment ? std::string(environment) + "/bin/python" : "python3";
}

// What the peers say about the same problem; null where there is none.
nlohmann::json peers_of(const BatchNetwork& model, const std::vector<double>& p, int steps, const std::filesystem::path& folder) {
  const int genes = model.state_count();
  std::vector<double> rows;
  if (!model.edges().dense())
    model.edges().for_each([&](int, int to, int from, double) {
      rows.push_back(to);
      rows.push_back(from);
    });
  write(folder / "parameters", p.data(), p.size());
  write(folder / "pattern", rows.data(), rows.size());
  const Eigen::MatrixXd x = start_of(genes, columns);
  write(folder / "start", x.data(), static_cast<std::size_t>(x.size()));
  const nlohmann::json job = {{"genes", genes}, {"columns", columns}, {"steps", steps}, {"step", step_h}, {"dense", model.edges().dense()}, {"folder", folder.string()}};
  std::ofstream(folder / "job.json") << job;
  std::string last;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(fmt::format("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 {} {}/bench/gene_peers.py {} 2>/dev/null", python(), HYPED_SOURCE_DIR, (folder / "job.json").string()).c_str(), "r"), pclose);
  for (char line[65536]; pipe && std::fgets(line, sizeof line, pipe.get());) last = line;
  const auto said = last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
  return said.is_object() ? said : nlohmann::json();
}

double gemm_rate(int m, int k, int n) {      // multiply-adds count as two
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(m, k), b = Eigen::MatrixXd::Random(k, n);
  Eigen::MatrixXd c(m, n);
  return 2.0 * m * k * n / cost_of([&] { c.noalias() = a * b; }, 5);
}

// Cost of one gradient; false where it is below half of what is asked.
bool gradient(int genes, double density, int steps, double peak, const std::filesystem::path& folder) {
  const BatchNetwork model(network(genes, density));
  const std::vector<double> p = model.default_parameters();
  const BatchExperiment dish = dish_of(genes, columns, steps);
  const double batch_seconds = genes >= 2000 ? 0.0 : 0.05;
  const int batches = genes >= 5000 ? 1 : genes >= 2000 ? 3 : 5;
  BatchGradient found;
  const double forward = cost_of([&] { simulate_batch(model, dish, p, accepts_all); }, batches, batch_seconds);
  const double backward = cost_of([&] { found = batch_gradient(model, dish, p, last_squares(steps), accepts_all); }, batches, batch_seconds);
  const double edges = static_cast<double>(model.edges().entries()), product = 2 * edges * columns;
  const double forward_flops = product * (6.0 * steps + 1), gradient_flops = forward_flops + product * 18.0 * steps;      // again, and two products for each stage backwards
  fmt::print("{:>5} genes {:<6} {:>9.0f} edges, {} steps: forward {:>9.3f} ms, gradient {:>9.3f} ms, {:.2f} times; {:.1f} GFlop/s forward, {:.1f} gradient = {:.0f} % of the machine's product\n", genes, density >= 1 ? "dense" : "sparse", edges, steps,
             1e3 * forward, 1e3 * backward, backward / forward, 1e-9 * forward_flops / forward, 1e-9 * gradient_flops / backward, 100 * gradient_flops / backward / peak);
  bool good = found.outcome.ok() && found.trajectory.steps == steps && found.trajectory.rejected == 0 && backward / forward < 12;
  const nlohmann::json said = peers_of(model, p, steps, folder);
  if (said.is_null()) {
    fmt::print("{:>20} no peer: neither PyTorch nor NumPy is there (HYPED_PEERS names a virtual environment)\n", "");
    return good;
  }
  double best_forward = 1e300, best_gradient = 1e300;
  for (const auto& [name, one] : said.items()) {
    double off = std::abs(one["loss"].get<double>() / found.loss - 1);
    const auto theirs = one["gradient"].get<std::vector<double>>();      // every stride-th
    const std::size_t stride = one["stride"].get<std::size_t>();
    double worst = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i) worst = std::max(worst, std::abs(theirs[i] - found.parameters[static_cast<Eigen::Index>(i * stride)]));
    off = std::max(off, worst / found.parameters.cwiseAbs().maxCoeff());
    fmt::print("{:>20} {:<22} forward {:>9.3f} ms ({:.2f} times ours), gradient {:>9.3f} ms ({:.2f} times ours); values and gradients differ by {:.0e}\n", "", name, 1e3 * one["forward"].get<double>(), one["forward"].get<double>() / forward, 1e3 * one["gradient_seconds"].get<double>(),
               one["gradient_seconds"].get<double>() / backward, off);
    good = good && off < 1e-8;
    best_forward = std::min(best_forward, one["forward"].get<double>());
    best_gradient = std::min(best_gradient, one["gradient_seconds"].get<double>());
  }
  return good && best_gradient / backward > 0.5 && best_forward / forward > 0.5;
}

// Peak memory of a process that takes one gradient over so many steps, in MB.
double memory_of(const std::string& self, int steps) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(fmt::format("{} memory {}", self, steps).c_str(), "r"), pclose);
  double out = 0;
  if (!pipe || std::fscanf(pipe.get(), "%lf", &out) != 1) return -1;
  return out;
}

int memory(int steps) {
  const BatchNetwork model(network(1000, 0.01));
  BatchExperiment dish = dish_of(1000, 64, 1);
  dish.sample_times_h = {0.01 * steps};
  const double first = 0.01;      // about so many steps: the tolerance lets none be longer
  std::vector<double> breaks;
  for (int n = 1; n < steps; ++n) breaks.push_back(first * n);
  dish.breaks_h = breaks;
  const BatchGradient found = batch_gradient(model, dish, model.default_parameters(), last_squares(1), accepts_all);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%f %ld %ld\n", static_cast<double>(usage.ru_maxrss) / 1024, found.trajectory.steps, found.repeated_steps);
  return found.outcome.ok() ? 0 : 1;
}

// A fit's inner loop: steady states of 62 conditions of CellBox's size from the last ones, and their gradient.
void steady() {
  const BatchNetwork model([] {
    BatchNetworkDefinition d = network(100, 1);
    d.all_edges *= 0.6;
    return d;
  }());
  std::vector<double> p = model.default_parameters();
  Eigen::MatrixXd states(100, 62);
  const Eigen::MatrixXd none(0, 62), bar = Eigen::MatrixXd::Ones(100, 62);
  const auto cold = steady_batch(model, p, start_of(100, 62), none, {.eigenvalues = false});
  for (int b = 0; b < 62; ++b) states.col(b) = cold[static_cast<std::size_t>(b)].state;
  RandomStream random(7, 1, 1);
  std::vector<double> moved = p;
  for (double& value : moved) value += 1e-3 * (random.uniform() - 0.5);      // as after an iteration
  const BatchSteadyOptions warm{.must_be_reached = false, .eigenvalues = false};
  int newton = 0;
  const double solve = cost_of([&] {
    newton = 0;
    for (const auto& one : steady_batch(model, moved, states, none, warm)) newton += one.newton_steps;
  });
  const double backward = cost_of([&] { steady_gradient(model, p, states, none, bar); });
  fmt::print("steady    100 genes, 62 conditions, warm start: {:.2f} ms ({:.1f} linear solves a condition), gradient {:.2f} ms\n", 1e3 * solve, newton / 62.0, 1e3 * backward);
}

}  // namespace

int main(int count, char** arguments) {
  set_threads(1);
  if (count == 3 && std::string(arguments[1]) == "memory") return memory(std::atoi(arguments[2]));
  const double peak = std::max(gemm_rate(512, 512, 512), gemm_rate(1024, 1024, 1024));
  fmt::print("machine   one thread, a product of 512 or 1024 square: {:.1f} GFlop/s; with {} columns: {:.1f} (500 rows), {:.1f} (2000 rows)\n", 1e-9 * peak, columns, 1e-9 * gemm_rate(500, 500, columns), 1e-9 * gemm_rate(2000, 2000, columns));
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("hyped-gene-{}", getpid());
  std::filesystem::create_directories(folder);
  bool good = true;
  struct Size {
    int genes, steps;
  };
  const int largest = count == 2 ? std::atoi(arguments[1]) : 5000;      // of genes: a part of the sizes, for a busy machine
  for (const Size size : {Size{100, 40}, {500, 40}, {2000, 12}, {5000, 5}})
    for (const double density : {1.0, 0.01}) {
      if (size.genes > largest) continue;
      good = gradient(size.genes, density, density < 1 ? std::max(20, size.steps) : size.steps, peak, folder) && good;
      std::fflush(stdout);
    }
  std::filesystem::remove_all(folder);
  steady();
  const double few = memory_of(arguments[0], 200), many = memory_of(arguments[0], 2000);
  fmt::print("memory    1000 genes, 64 columns: {:.1f} MB with 200 steps, {:.1f} MB with 2000 ({:.2f} times; all states of 2000 steps would be {:.0f} MB)\n", few, many, many / few, 2000 * 1000 * 64 * 8e-6);
  return good && few > 0 && many / few < 1.25 ? 0 : 1;
}
