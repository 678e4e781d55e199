// What one observed duration contributes to the log-likelihood, with first and second derivatives by its link-scale parameters.
#pragma once
#include "libhyped/tracks/durations/duration_data.hpp"
#include "libhyped/tracks/durations/duration_family.hpp"

namespace hyped {

// Never-progressing cells: with cure, a share 1 / (1 + exp(-eta[count])) of the cells never leaves.
struct DurationModel {
  DurationFamily family;
  bool cure = false;
  int count() const { return family.count() + (cure ? 1 : 0); }
};

using DurationEta = std::array<Taylor<4>, 4>;

// log of P(what was seen) / P(being seen at all). exact: f; interval: S(a) - S(b); cut off: S(c); truncated: over S(u) - S(w);
// with an entry spread numerator and denominator are averaged over it (entry_nodes; in closed form for the delayed exponential, whose edge
// no rule of points resolves); residual: the forward recurrence
// time at growth rate g, exp(g r) int_r^inf exp(-g u) f(u) du / int_0^inf exp(-g u) S(u) du.
// `left` serves residual durations at this eta and growth rate; null where there are none.
// -infinity where the model makes it impossible. Residual durations know no cure fraction (InputError from DurationLikelihood).
// Sources: Klein & Moeschberger 2003, ch. 3; Turnbull 1976, J R Stat Soc B 38:290; Farewell 1982, Biometrics 38:1041; Cox 1962.
template <class T>
T log_contribution(const DurationModel& model, const Duration& duration, const std::array<T, 4>& eta, const RemainingTime<T>* left = nullptr);

// log P(T > t), log f(t), of the mixture; t <= 0: 0 and -infinity.
template <class T>
T log_mixture_survival(const DurationModel& model, const std::array<T, 4>& eta, double t);
template <class T>
T log_mixture_density(const DurationModel& model, const std::array<T, 4>& eta, double t);

// The same from the family's own tails or density at t.
template <class T>
T log_mixture_survival(const DurationModel& model, const std::array<T, 4>& eta, const LogTails<T>& at);
// log P(a < T <= b) of the mixture from the family's tails at both ends; at an infinite end those that never leave count too.
template <class T>
T log_mixture_between(const DurationModel& model, const std::array<T, 4>& eta, const LogTails<T>& at_a, const LogTails<T>& at_b, bool to_infinity);
// log of a sum of exponentials; logs not empty.
template <class T>
T log_sum_of(const std::vector<T>& logs);

// Shifts and weights that average over an entry spread.
struct EntryNode {
  double shift, weight;
};
// Gauss-Legendre, 5 nodes, 10 for the exgaussian, whose rise may take a seventh of the spread (error below 1e-7 there).
std::vector<EntryNode> entry_nodes(double spread_h, FamilyKind kind);
// Is the average over this duration's entry spread taken in closed form?
bool averaged_in_closed_form(const DurationModel& model, const Duration& duration);

}  // namespace hyped
