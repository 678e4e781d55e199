// The arm with both doses predicted from the arms with none and with one: an ensemble of kinetic networks fitted to the singles.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/hill_network.hpp"
#include "models/gene_network/transient_doses.hpp"

namespace hyped {

// Mean levels of the arms with no dose, the siRNA, the mRNA at the end of the protocol, and their standard errors over cells.
struct SingleArms {
  std::vector<std::string> genes;                        // [G]
  Eigen::VectorXd ctrl, si, mm;                          // [G]
  Eigen::VectorXd ctrl_error, si_error, mm_error;        // [G]
  Eigen::VectorXd both = {}, both_error = {};            // [G] with both doses, where it was measured and is to be fitted; empty: not
  models::TransientDoses doses;
  double end_h = 48;
};
// Mean count of each arm's cells per unit of level; one number for all if the arms were sequenced alike.
struct ArmDepths {
  double ctrl = 0, si = 0, mm = 0;
  ArmDepths(double all) : ctrl(all), si(all), mm(all) {}
  ArmDepths(double of_ctrl, double of_si, double of_mm) : ctrl(of_ctrl), si(of_si), mm(of_mm) {}
};
// From counts [N x G] of each arm and the mean count per unit of level. InputError for arms without at least two cells, sizes that differ,
// a depth that is not positive, doses without genes.
SingleArms single_arms(const std::vector<std::string>& genes, const Eigen::MatrixXd& ctrl, const Eigen::MatrixXd& si, const Eigen::MatrixXd& mm, const ArmDepths& depth, const models::TransientDoses& doses);
// In words, if an arm looks as if its depth were another one: the median over genes of its level over the control's, where three quarters of
// the genes (without those dosed) change to the same side beyond four standard errors. Empty: no reason for doubt.
std::vector<std::string> depth_doubts(const SingleArms& arms);

// What is known of the edges beforehand: a signed list (sign 0: not known), the share of it that is right and the share of all edges it holds.
struct EdgeList {
  std::vector<SignedEdge> edges;
  double precision = 0.8, recall = 0.8;
};

struct DualArmOptions {
  int attempts = 40;                       // networks drawn
  // Rounds of fitting: iterations of each, and the share of networks that goes on (by misfit). The last ones are the ensemble.
  std::vector<int> iterations{5, 10, 25};
  std::vector<double> kept{0.6, 1};
  int kinetics_drawn = 20;                 // of each gene in each network, one is taken by how well it holds the control level
  double minutes_per_hour = 60;            // of GeneNetWeaver's distribution of half-lives
  double level_error = 0.01;               // of the equations against means of noisy cells, added to every standard error
  double level = 0.95;                     // of the intervals
  double fewest_networks = 12;             // effective number: weights are flattened until they rest on as many
  double widening = 1.2;                   // of the intervals: two dozen networks hold less than all that could be; see docs/gene_networks.md
  std::uint64_t seed = 1;
};

// One network of the ensemble after its fit.
struct DualArmMember {
  std::vector<SignedEdge> edges;
  Eigen::VectorXd prediction;              // [G]
  double misfit = 0, pull = 0;             // sums of squares: of the arms and the control's steadiness; of the constants about their draw
  int residuals = 0;                       // measured means that the misfit sums over; misfit / residuals is a score of networks, no calibrated chi-squared
  double weight = 0;                       // in the ensemble; they add up to 1
};

struct DualArmPrediction {
  Eigen::VectorXd mean, sd, lower, upper;  // [G] levels of the arm with both doses, delivered mRNA included
  std::vector<DualArmMember> members;      // of the last round
  int failed = 0;                          // attempts whose solver failed
  double effective = 0;                    // number of networks, 1 / sum of squared weights
  double temper = 1;                       // what the objectives were divided by for that; 1: the likelihood's own weights
  double best_misfit = 0;                  // smallest misfit per residual: far above 1, no network explains the singles
  std::string words;                       // what the interval holds, and how many networks it rests on
  Outcome outcome;                         // not_converged: fewer networks than `fewest_networks` could be solved
};

// Each member: edges drawn from the list (each kept with chance `precision`, others added so that `recall` holds; a gene that clearly changes
// in an arm is downstream of its dose), modules and constants drawn as GeneNetWeaver draws them, then the constants of all genes
// downstream of a dose fitted to the arms' means, which are drawn anew within their errors, with a pull to the draw of the width of the
// drawing distribution (randomised maximum likelihood: for linear responses these are draws from the posterior). The start of all
// arms is the control level; that it is steady is a residual. Genes downstream of no dose keep their mean over the arms.
// Networks whose misfit is at most residuals + 2 sqrt(2 residuals) count alike, others exp(-excess / (2 temper)), temper >= 1 the least that lets the ensemble rest on enough networks: the interval holds the spread over
// structures, constants and data, times `widening` and, if no network explains the arms, the root of the best misfit per residual.
// Derivatives are the engine's forward sensitivities. Parallel over networks, the same numbers for any number of threads.
// Sources: Oliver, He & Reynolds 1996, ECMOR V; Bardsley et al. 2014, SIAM J Sci Comput 36:A1895 (randomise, then optimise).
DualArmPrediction predict_dual_arm(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options = {});

// The simple predictions, declared before any is looked at. overlap corrected: ctrl + si's and mm's changes less what they share, the
// smaller of two changes of one sign.
enum class DualArmBaseline { no_change, additive, overlap_corrected, same_as_mm };
inline constexpr DualArmBaseline dual_arm_baselines[] = {DualArmBaseline::no_change, DualArmBaseline::additive, DualArmBaseline::overlap_corrected, DualArmBaseline::same_as_mm};
std::string_view to_string(DualArmBaseline baseline);
Eigen::VectorXd baseline_prediction(DualArmBaseline baseline, const SingleArms& arms);

}  // namespace hyped
