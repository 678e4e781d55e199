// Families of waiting times, with exact first and second derivatives by their parameters: gamma, Weibull, log-normal and others.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/tracks/durations/incomplete_gamma.hpp"
#include "libhyped/tracks/durations/normal_tail.hpp"

namespace hyped {

// Link-scale parameters (eta), natural ones in brackets; all durations in hours.
//   gamma                log mean [h], log shape [1]
//   lognormal            mu = log median [h], log sigma [1]
//   weibull              log scale [h], log shape [1]
//   erlang               log mean [h]; `stages` is a whole number                 (Chao et al. 2019, Mol Syst Biol 15:e8604)
//   exgaussian           log mu [h], log sigma [h], log tau [h]: normal + exponential  (Golubev 2010, J Theor Biol 262:257); what lies
//                        below 0 (mass_below_zero) counts as a duration of 0
//   delayed_exponential  log delay [h], log mean excess [h]                       (Smith & Martin 1973, PNAS 70:1263)
enum class FamilyKind { gamma, lognormal, weibull, erlang, exgaussian, delayed_exponential };
std::string_view to_string(FamilyKind);
std::vector<FamilyKind> all_families();

struct FamilyParameter {
  std::string name, unit, link;      // name and unit of exp(eta); link "log"; the log-normal's "median"
};

struct DurationFamily {
  FamilyKind kind = FamilyKind::gamma;
  int stages = 1;                    // erlang only
  std::string name() const;          // "gamma", "erlang(7)"
  int count() const;                 // of link-scale parameters, 1 to 3
  std::vector<FamilyParameter> parameters() const;
};

inline constexpr int most_family_parameters = 3;
template <class T>
using Eta = std::array<T, most_family_parameters>;

// For T = double, Taylor<4> (three parameters and the cure fraction) and Taylor<7> (two margins and a correlation). Times t <= 0 have
// survival 1 and density 0 (log: -infinity).
template <class T>
T log_density(const DurationFamily& family, const Eta<T>& eta, double t);
template <class T>
LogTails<T> log_tails(const DurationFamily& family, const Eta<T>& eta, double t);
// log P(T > t) alone, where the other tail is not asked for.
template <class T>
T log_survival(const DurationFamily& family, const Eta<T>& eta, double t);
// log P(a < T <= b), from whichever tail is the smaller; b may be infinite.
template <class T>
T log_between(const DurationFamily& family, const Eta<T>& eta, double a, double b);
// The same from the tails at both ends.
template <class T>
T log_between(const LogTails<T>& at_a, const LogTails<T>& at_b);
template <class T>
T mean_of(const DurationFamily& family, const Eta<T>& eta);
template <class T>
T sd_of(const DurationFamily& family, const Eta<T>& eta);

// t with P(T <= t) = p, 0 < p < 1, to 1e-13 relative.
double quantile_of(const DurationFamily& family, const Eta<double>& eta, double p);
double mass_below_zero(const DurationFamily& family, const Eta<double>& eta);      // 0 but for exgaussian
// eta with this mean and sd [h], as near as the family comes (moments): where fits start.
Eta<double> eta_from_moments(const DurationFamily& family, double mean, double sd);

// Nodes and weights that integrate f(t) dt over (from, to), panels cut at the family's quantiles; Gauss-Legendre, even in log t.
struct Panel {
  double t, weight;
};
std::vector<Panel> quadrature_over(const DurationFamily& family, const Eta<double>& eta, double from, double to);

// What cells met at a random moment of growth at rate g [1/h] >= 0 still have before them: I(r) = int_r^inf exp(-g (u - r)) S(u) du, from panels
// summed once.
template <class T>
class RemainingTime {
 public:
  RemainingTime(const DurationFamily& family, const Eta<T>& eta, double growth);
  T from(double r) const;                          // I(r) [h]
  T between(double a, double b) const;             // int_a^b exp(-g (u - a)) S(u) du [h], b finite
  T survival(double t) const;                      // S(t)
  double growth() const { return growth_; }

 private:
  DurationFamily family_;
  Eta<T> eta_;
  double growth_;
  std::vector<double> cuts_;                       // increasing, from 0
  std::vector<T> beyond_;                          // I at every cut
};

template <class T>
Eta<double> values_of(const Eta<T>& eta) {
  Eta<double> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = value_of(eta[i]);
  return out;
}

}  // namespace hyped
