// Doses as events on a model, and single cells by Milstein's scheme.
#include "models/gene_network/transient_doses.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped::models {

HillInputs inputs_of(const TransientDoses& doses) {
  HillInputs inputs;
  if (doses.silenced >= 0) inputs.silenced = {doses.silenced};
  if (doses.delivered >= 0) inputs.delivered = {doses.delivered};
  return inputs;
}

std::vector<double> parameters_with(const HillModules& model, const TransientDoses& doses) {
  std::vector<double> p = model.default_parameters();
  if (doses.silenced >= 0) p[static_cast<std::size_t>(model.strength_parameter(0))] = doses.strength;
  if (doses.delivered >= 0) p[static_cast<std::size_t>(model.delivered_decay_parameter(0))] = std::log(2.0) / doses.delivered_half_life_h;
  return p;
}

Experiment arm_of(const HillModules& model, const TransientDoses& doses, bool silenced, bool delivered, std::vector<double> start, std::vector<double> sample_times_h) {
  Experiment arm;
  arm.id = silenced ? (delivered ? "simm" : "si") : delivered ? "mm" : "ctrl";
  arm.initial = std::move(start);
  arm.sample_times_h = std::move(sample_times_h);
  if (silenced) {
    HYPED_REQUIRE(doses.silenced >= 0);
    arm.initial[static_cast<std::size_t>(model.sirna_state(0))] = 1;
    const auto clearance = static_cast<std::size_t>(model.strength_parameter(0) + 1);
    arm.schedule.push_back({doses.wash_h, std::string(model.parameters()[clearance].name), Action::set, std::log(2.0) / doses.sirna_half_life_h});
  }
  if (delivered) {
    HYPED_REQUIRE(doses.delivered >= 0);
    arm.schedule.push_back({doses.delivery_h, std::string(model.states()[static_cast<std::size_t>(model.delivered_state(0))].name), Action::add, doses.dose});
  }
  std::stable_sort(arm.schedule.begin(), arm.schedule.end(), [](const Perturbation& a, const Perturbation& b) { return a.time_h < b.time_h; });
  return arm;
}

Eigen::MatrixXd simulate_hill_cells(const HillNetwork& network, const TransientDoses& doses, bool silenced, bool delivered, const std::vector<double>& mrna, const std::vector<double>& protein,
                                    std::uint64_t seed, const HillCellOptions& options) {
  network.check();
  const auto genes = network.genes.size();
  HYPED_REQUIRE(mrna.size() == genes && protein.size() == genes && options.step_h > 0 && options.end_h > 0 && options.burn_in_h >= 0);
  const auto a = static_cast<std::size_t>(doses.silenced), b = static_cast<std::size_t>(doses.delivered);
  const auto sirna = [&](double t) { return !silenced || t < 0 ? 0.0 : t < doses.wash_h ? 1.0 : std::exp2(-(t - doses.wash_h) / doses.sirna_half_life_h); };
  const auto pool = [&](double t) { return !delivered || t < doses.delivery_h ? 0.0 : doses.dose * std::exp2(-(t - doses.delivery_h) / doses.delivered_half_life_h); };
  // Stretches between breaks, each cut into equal steps.
  std::vector<double> breaks{-options.burn_in_h, 0, options.end_h};
  if (silenced) breaks.push_back(doses.wash_h);
  if (delivered) breaks.push_back(doses.delivery_h);
  std::sort(breaks.begin(), breaks.end());
  breaks.erase(std::unique(breaks.begin(), breaks.end()), breaks.end());
  while (breaks.back() > options.end_h) breaks.pop_back();
  Eigen::MatrixXd out(options.cells, static_cast<Eigen::Index>(genes));
  parallel_for(options.cells, [&](int cell) {
    RandomStream random(seed, options.job, static_cast<std::uint32_t>(cell));
    std::vector<double> x = mrna, y = protein, made(genes);
    for (std::size_t part = 0; part + 1 < breaks.size(); ++part) {
      const double from = breaks[part], width = breaks[part + 1] - from;
      const int steps = std::max(1, static_cast<int>(std::ceil(width / options.step_h - 1e-9)));
      const double h = width / steps, root = std::sqrt(h);
      for (int k = 0; k < steps; ++k) {
        const double t = from + (k + 0.5) * h, s = sirna(t), e = pool(t);      // inputs at the step's middle
        for (std::size_t g = 0; g < genes; ++g) made[g] = network.genes[g].max * hill_activation(network.genes[g], y.data());
        for (std::size_t g = 0; g < genes; ++g) {
          const HillGene& gene = network.genes[g];
          const double loss = gene.decay * (silenced && g == a ? 1 + doses.strength * s : 1.0), lost = loss * x[g];
          const double translated = x[g] + (delivered && g == b ? e : 0.0);
          y[g] = std::max(0.0, y[g] + h * (gene.translation * translated - gene.protein_decay * y[g]));
          const double w = random.normal();
          x[g] += h * (made[g] - lost) + options.noise * std::sqrt(made[g] + lost) * root * w + 0.25 * options.noise * options.noise * loss * h * (w * w - 1);
          if (x[g] < 0) x[g] = 0;
        }
      }
    }
    for (std::size_t g = 0; g < genes; ++g) out(cell, static_cast<Eigen::Index>(g)) = x[g] + (delivered && g == b ? pool(options.end_h) : 0.0);
  });
  return out;
}

Eigen::MatrixXd count_cells(const Eigen::MatrixXd& levels, double depth, double log_size_sd, std::uint64_t seed, std::uint32_t job) {
  Eigen::MatrixXd counts(levels.rows(), levels.cols());
  for (Eigen::Index n = 0; n < levels.rows(); ++n) {
    RandomStream random(seed, job, static_cast<std::uint32_t>(n));
    const double size = std::exp(log_size_sd * random.normal());
    for (Eigen::Index g = 0; g < levels.cols(); ++g) counts(n, g) = static_cast<double>(random.poisson(size * depth * levels(n, g)));
  }
  return counts;
}

}  // namespace hyped::models
