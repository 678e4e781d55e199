// Upper tails of the normal, Student, F and chi-squared distributions, with logarithms where the probability underflows.
#pragma once

namespace hyped {

// p is 0 where it underflows; log_p (natural) is then still finite.
struct TailProbability {
  double p = 1, log_p = 0;
};

TailProbability normal_tail(double z);                              // P(Z > z)
TailProbability two_sided_normal(double z);                         // P(|Z| > |z|)
TailProbability two_sided_student(double t, double df);             // df > 0, may be infinite
TailProbability f_tail(double f, double df1, double df2);           // P(F > f), f >= 0; df2 may be infinite
TailProbability chi_squared_tail(double x, double df);              // P(X > x), x >= 0

double normal_quantile_of(double probability);                      // z with P(Z < z) = probability
double student_quantile(double probability, double df);             // df may be infinite

}  // namespace hyped
