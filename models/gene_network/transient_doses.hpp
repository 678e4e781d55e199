// The siRNA pulse and the delivered mRNA of a reprogramming experiment, as doses on a network of regulatory modules.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/simulate/experiment.hpp"
#include "models/gene_network/hill_modules.hpp"

namespace hyped::models {

// Extra degradation strength * decay * s(t) of the silenced gene's mRNA, s = 1 until the wash, then halved every sirna_half_life_h;
// mRNA of the delivered gene, `dose` at delivery_h, halved every delivered_half_life_h. Gene -1: none.
struct TransientDoses {
  int silenced = -1, delivered = -1;
  double strength = 3, wash_h = 24, sirna_half_life_h = 4;
  double dose = 1, delivery_h = 24, delivered_half_life_h = 8;
};

// The model with the states that the doses need (both genes where they are given, also for the arms without them).
HillInputs inputs_of(const TransientDoses& doses);
// Parameters of the model with the doses' strength and half-lives set [P].
std::vector<double> parameters_with(const HillModules& model, const TransientDoses& doses);
// One arm from `start` [S] at 0 h: with the siRNA, the mRNA, both or none. A sample at the delivery's time sees the dose.
Experiment arm_of(const HillModules& model, const TransientDoses& doses, bool silenced, bool delivered, std::vector<double> start, std::vector<double> sample_times_h);

struct HillCellOptions {
  int cells = 400;
  double end_h = 48;
  double burn_in_h = 200.0 / 12;      // without doses, from the start
  double step_h = 1.0 / 24;
  double noise = 0.05;                // GeneNetWeaver's noiseCoefficientSDE
  std::uint32_t job = 0x4763;         // of the random streams: cell n draws from RandomStream(seed, job, n)
};

// mRNA of single cells at end_h, delivered one included [N x G]. Ito: dx_i = (V_i - D_i) dt + noise sqrt(V_i + D_i) dW_i with transcription
// V and degradation D (the siRNA's part in it), proteins without noise of their own; Milstein's scheme (strong order 1: the noise of a
// gene depends on its own mRNA and on proteins only), levels below zero are set to zero as GeneNetWeaver does. The noise has the same
// form in any unit of time. Parallel over cells, the same numbers for any number of threads.
Eigen::MatrixXd simulate_hill_cells(const HillNetwork& network, const TransientDoses& doses, bool silenced, bool delivered, const std::vector<double>& mrna, const std::vector<double>& protein,
                                    std::uint64_t seed, const HillCellOptions& options = {});

// Counts of cells whose sizes are log-normal: Poisson(size * depth * level) [N x G].
Eigen::MatrixXd count_cells(const Eigen::MatrixXd& levels, double depth, double log_size_sd, std::uint64_t seed, std::uint32_t job);

}  // namespace hyped::models
