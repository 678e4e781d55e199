// A gene network of regulatory modules as data: GeneNetWeaver's kinetic constants, as its files and generators give them.
#pragma once
#include <string>
#include <vector>

namespace hyped {

struct HillRegulator {
  int gene = 0;
  double threshold = 0.5;      // k: protein level of half occupancy
  double exponent = 2;         // n, >= 1
};

// Active when all activators are bound and no deactivator is.
struct HillModule {
  std::vector<HillRegulator> activators, deactivators;      // at least one activator
  bool complex = false;                                     // they bind as one complex, not one by one
};

struct HillGene {
  std::string name;
  double max = 0, decay = 0;                       // of the mRNA: level per time, 1/time
  double translation = 0, protein_decay = 0;       // 1/time
  std::vector<HillModule> modules;
  std::vector<double> activation{1};               // [2^modules] share of max when exactly the modules of the index's bits are active
};

struct SignedEdge {
  int from = 0, to = 0;
  int sign = 0;      // +1, -1; 0: not known
  bool operator==(const SignedEdge&) const = default;
};

struct HillNetwork {
  std::string name;
  std::vector<HillGene> genes;      // [G]

  int size() const { return static_cast<int>(genes.size()); }
  int index(const std::string& gene) const;            // InputError naming the nearest genes
  std::vector<std::string> names() const;
  // By target, then module, activators first. A module that lowers the gene's activation turns the signs of its regulators.
  std::vector<SignedEdge> edges() const;
  // InputError for constants that make no sense: not positive, indices out of range, a regulator twice in a gene, 2^modules states.
  void check() const;
};

// The same network with time in hours when `minutes_per_hour` of the file's minutes make one (60 unless a study says else).
HillNetwork with_time_in_hours(HillNetwork network, double minutes_per_hour = 60);
// No transcription of a gene (knock-out), or a share of it (0.5: knock-down).
HillNetwork with_transcription(HillNetwork network, int gene, double share);
// GeneNetWeaver's multifactorial perturbation: `shift` [G] is cut so that the basal activation stays in [0, 1], added to all
// activations of its gene, and these are cut to [0, 1].
HillNetwork with_shifted_activation(HillNetwork network, const std::vector<double>& shift);

}  // namespace hyped
