// Random networks of regulatory modules: structure of a given density, constants drawn as GeneNetWeaver draws them.
#pragma once
#include <string>
#include <vector>

#include "libhyped/model/hill_network.hpp"
#include "libhyped/random.hpp"

namespace hyped::models {

// `edges` different signed edges between `genes` genes, none to itself; a gene has at most `most_regulators`. A share `regulating` of the
// genes (at least two) have targets at all, as in the networks of the DREAM4 challenge.
struct RandomEdgesOptions {
  int genes = 10, edges = 15, most_regulators = 4;
  double regulating = 0.8, activating = 0.5;
};
std::vector<SignedEdge> random_edges(const RandomEdgesOptions& options, RandomStream& random);

// A network on these edges. Regulators are dealt to modules one by one (to one of those there are, or a new one); a module with more
// inhibitors than activators is a repressor; it binds as a complex with chance 1/2. Half-lives of mRNA and protein N(27.5, 7.5^2) in
// [5, 50] minutes, max = decay, translation = protein decay; thresholds U(0.01, 1); exponents N(2, 2^2) in [1, 10]; the effect of a module on
// the activation N(0.625, 0.125^2) in [0.25, 1]; basal activation 1 (only repressors), N(0, 0.05^2) in [0, 0.25] (only enhancers) or
// N(0.5, 1/12^2) in [0.25, 0.75]; fully activated at least 1, fully repressed at most 0.25. Rates are per minute. An edge without sign
// gets one, enhancing with chance 1/2. Source: GeneNetWeaver 3, the random initialisation of its genes and modules.
HillNetwork random_hill_network(const std::string& name, const std::vector<std::string>& genes, const std::vector<SignedEdge>& edges, RandomStream& random);

// Normal with this mean and sd, drawn again until it lies in [lower, upper].
double truncated_normal(RandomStream& random, double lower, double upper, double mean, double sd);

}  // namespace hyped::models
