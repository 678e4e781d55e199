// Negative binomial counts over samples with known dispersions and effects, for tests.
#pragma once
#include <cmath>
#include <string>

#include "libhyped/expression/replicates/pseudobulk.hpp"
#include "libhyped/random.hpp"

namespace hyped::testing {

struct SimulatedBulk {
  PseudobulkCounts bulk;
  Eigen::VectorXd dispersion, log2_effect;      // [G] of arm 1 against arm 0
};

struct BulkDesign {
  int genes = 1000, replicates = 3;
  bool paired = false;                // the same replicates in both arms, each with an effect of its own
  double asymptote = 0.05, extra = 2, scatter = 0.5, changed = 0, lowest_mean = 3, highest_mean = 3000;
  std::uint32_t job = 0;
};

inline double negative_binomial(double mean, double dispersion, RandomStream& random) {
  return static_cast<double>(random.poisson(dispersion > 0 ? mean * dispersion * random.gamma(1 / dispersion) : mean));
}

inline SimulatedBulk simulated_bulk(const BulkDesign& d) {
  SimulatedBulk out;
  out.bulk.arms = {"control", "treated"};
  const int samples = 2 * d.replicates;
  for (int r = 0; r < (d.paired ? d.replicates : samples); ++r) out.bulk.replicates.push_back("r" + std::to_string(r));
  RandomStream setup(17, d.job, 1u << 30);
  std::vector<double> depth;
  for (int s = 0; s < samples; ++s) {
    out.bulk.samples.push_back({s / d.replicates, d.paired ? s % d.replicates : s, 500});
    depth.push_back(std::exp(0.3 * setup.normal()));
  }
  out.bulk.counts.resize(samples, d.genes);
  out.dispersion.resize(d.genes), out.log2_effect.resize(d.genes);
  for (int g = 0; g < d.genes; ++g) {
    RandomStream random(17, d.job, static_cast<std::uint32_t>(g));
    const double mean = d.lowest_mean * std::pow(d.highest_mean / d.lowest_mean, random.uniform());
    out.dispersion[g] = (d.asymptote + d.extra / mean) * std::exp(d.scatter * random.normal());
    out.log2_effect[g] = random.uniform() < d.changed ? random.normal() : 0;
    std::vector<double> donor;
    for (int r = 0; r < d.replicates; ++r) donor.push_back(0.4 * random.normal());
    for (int s = 0; s < samples; ++s)
      out.bulk.counts(s, g) = negative_binomial(mean * depth[static_cast<std::size_t>(s)] * std::exp((d.paired ? donor[static_cast<std::size_t>(s % d.replicates)] : 0) + (s >= d.replicates ? out.log2_effect[g] * std::log(2.0) : 0)), out.dispersion[g], random);
  }
  return out;
}

}  // namespace hyped::testing
