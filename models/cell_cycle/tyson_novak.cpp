// The Tyson-Novak mechanism of the eukaryotic cell cycle: CycB/Cdk against Cdh1/APC and CKI, Cdc20 as its way out, growth of mass;
// CDT1 and geminin reporters are driven by it.
// Source: Tyson & Novak 2001, J Theor Biol 210:249, eqs 2-10 and Table 1 (1/min there, 1/h here); reporters: Sakaue-Sawano et
// al. 2008, Cell 132:487 (geminin destroyed by APC, CDT1 by SCF from S phase on), half-lives as in data/parameters.tsv.
#include "models/cell_cycle/tyson_novak.hpp"

#include <cmath>

#include "libhyped/model/compiled_model.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/units.hpp"

namespace hyped::models {
namespace {

constexpr double per_minute(double rate) { return rate * units::minutes_per_hour; }
constexpr ParameterSpec minute_rate(std::string_view name, double rate, std::string_view meaning) {
  return {name, "1/h", per_minute(rate), 0, per_minute(rate > 0 ? 20 * rate : 1), meaning};
}
constexpr ParameterSpec number(std::string_view name, double value, std::string_view meaning) {
  return {name, "1", value, value / 20, value * 20, meaning};
}

// Goldbeter-Koshland function: the active fraction of a protein switched by two saturated enzymes.
template <class T>
T switched(const T& activation, const T& inactivation, const T& ja, const T& ji) {
  using std::sqrt;
  const T b = inactivation - activation + ja * inactivation + ji * activation;
  return T(2) * activation * ji / (b + sqrt(b * b - T(4) * (inactivation - activation) * activation * ji));
}

}  // namespace

struct TysonNovak {
  static constexpr std::string_view name = "cell_cycle/tyson_novak";
  enum State { CycBT, Cdh1, Cdc20T, Cdc20A, IEP, CKIT, SK, mass, CDT1, geminin };
  enum Parameter {
    k1, k2p, k2pp, k2ppp, k3p, k3pp, k4p, k4, J3, J4, k5p, k5pp, k6, J5, n, k7, k8, Mad, J7, J8, k9, k10, k11, k12p, k12pp, k12ppp,
    Keq, k13p, k13pp, k14, k15p, k15pp, k16p, k16pp, J15, J16, mu, full_mass, reporter, reporter_loss, CDT1_S, geminin_APC, SK_half
  };
  static constexpr std::array states{
      StateSpec{"CycBT", "1", 0.6}, StateSpec{"Cdh1", "1", 0.02}, StateSpec{"Cdc20T", "1", 1.5},   StateSpec{"Cdc20A", "1", 1.2},
      StateSpec{"IEP", "1", 0.8},   StateSpec{"CKIT", "1", 0.02}, StateSpec{"SK", "1", 0.8},       StateSpec{"mass", "1", 0.85},
      StateSpec{"CDT1", "1", 0.1},  StateSpec{"geminin", "1", 0.5}};
  static constexpr std::array parameters{
      minute_rate("k1", 0.04, "CycB synthesis"),
      minute_rate("k2p", 0.04, "CycB degradation, basal"),
      minute_rate("k2pp", 1, "CycB degradation by Cdh1/APC"),
      minute_rate("k2ppp", 1, "CycB degradation by Cdc20/APC"),
      minute_rate("k3p", 1, "Cdh1 activation, basal"),
      minute_rate("k3pp", 10, "Cdh1 activation by Cdc20"),
      minute_rate("k4p", 2, "Cdh1 inactivation by SK"),
      minute_rate("k4", 35, "Cdh1 inactivation by CycB"),
      number("J3", 0.04, "Michaelis constant of Cdh1 activation"),
      number("J4", 0.04, "Michaelis constant of Cdh1 inactivation"),
      minute_rate("k5p", 0.005, "Cdc20 synthesis, basal"),
      minute_rate("k5pp", 0.2, "Cdc20 synthesis, by CycB"),
      minute_rate("k6", 0.1, "Cdc20 degradation"),
      number("J5", 0.3, "CycB of half-maximal Cdc20 synthesis"),
      ParameterSpec{"n", "1", 4, 1, 8, "Hill exponent of Cdc20 synthesis"},
      minute_rate("k7", 1, "Cdc20 activation by IEP"),
      minute_rate("k8", 0.5, "Cdc20 inactivation by Mad"),
      ParameterSpec{"Mad", "1", 1, 0, 20, "spindle checkpoint"},
      number("J7", 1e-3, "Michaelis constant of Cdc20 activation"),
      number("J8", 1e-3, "Michaelis constant of Cdc20 inactivation"),
      minute_rate("k9", 0.1, "intermediary enzyme, activation by CycB"),
      minute_rate("k10", 0.02, "intermediary enzyme, inactivation"),
      minute_rate("k11", 1, "CKI synthesis"),
      minute_rate("k12p", 0.2, "CKI degradation, basal"),
      minute_rate("k12pp", 50, "CKI degradation by SK"),
      minute_rate("k12ppp", 100, "CKI degradation by CycB"),
      number("Keq", 1e3, "association of CycB and CKI"),
      minute_rate("k13p", 0, "SK synthesis, basal"),
      minute_rate("k13pp", 1, "SK synthesis by TF"),
      minute_rate("k14", 1, "SK degradation"),
      minute_rate("k15p", 1.5, "TF activation by growth"),
      minute_rate("k15pp", 0.05, "TF activation by SK"),
      minute_rate("k16p", 1, "TF inactivation, basal"),
      minute_rate("k16pp", 3, "TF inactivation by CycB"),
      number("J15", 0.01, "Michaelis constant of TF activation"),
      number("J16", 0.01, "Michaelis constant of TF inactivation"),
      ParameterSpec{"mu", "1/h", per_minute(0.005), 0, per_minute(0.05), "specific growth rate of mass"},
      number("full_mass", 10, "mass at which growth ends"),
      ParameterSpec{"reporter", "1/h", 1, 0.01, 20, "synthesis of both reporters; ASSUMPTION: sets their unit only"},
      ParameterSpec{"reporter_loss", "1/h", units::rate_of_half_life(24), 0, 1, "untargeted FP half-life 24 (15-48) h; LITERATURE-MEMORY, verify"},
      ParameterSpec{"CDT1_S", "1/h", units::rate_of_half_life(0.15), 0.1, 20,
                    "CDT1 reporter in S/G2, half-life 0.15 h (PIP type); LITERATURE-MEMORY, verify: Grant 2018"},
      ParameterSpec{"geminin_APC", "1/h", units::rate_of_half_life(0.1), 0.1, 20,
                    "geminin reporter in late M/G1, half-life 0.1-0.6 h; LITERATURE-MEMORY, verify: Grant 2018"},
      ParameterSpec{"SK_half", "1", 0.3, 0.01, 2, "SK at half-maximal CDT1 destruction; ASSUMPTION"}};

  template <class T>
  static std::array<T, 10> rates(T, In<T, 10> x, In<T, 43> p) {
    using std::pow;
    const T cyclin = free_cyclin(x[CycBT], x[CKIT], p[Keq]), active = x[mass] * cyclin;
    const T factor = switched(p[k15p] * x[mass] + p[k15pp] * x[SK], p[k16p] + p[k16pp] * active, p[J15], p[J16]);
    const T cdc20 = active > T(0) ? T(1) / (T(1) + pow(p[J5] / active, p[n])) : T(0);
    const T idle = x[Cdc20T] - x[Cdc20A];
    const T s_phase = (x[SK] + active) / (p[SK_half] + x[SK] + active);
    return {p[k1] - (p[k2p] + p[k2pp] * x[Cdh1] + p[k2ppp] * x[Cdc20A]) * x[CycBT],
            (p[k3p] + p[k3pp] * x[Cdc20A]) * (T(1) - x[Cdh1]) / (p[J3] + T(1) - x[Cdh1]) -
                (p[k4p] * x[SK] + p[k4] * active) * x[Cdh1] / (p[J4] + x[Cdh1]),
            p[k5p] + p[k5pp] * cdc20 - p[k6] * x[Cdc20T],
            p[k7] * x[IEP] * idle / (p[J7] + idle) - p[k8] * p[Mad] * x[Cdc20A] / (p[J8] + x[Cdc20A]) - p[k6] * x[Cdc20A],
            p[k9] * active * (T(1) - x[IEP]) - p[k10] * x[IEP],
            p[k11] - (p[k12p] + p[k12pp] * x[SK] + p[k12ppp] * active) * x[CKIT],
            p[k13p] + p[k13pp] * factor - p[k14] * x[SK],
            p[mu] * x[mass] * (T(1) - x[mass] / p[full_mass]),
            p[reporter] - (p[reporter_loss] + p[CDT1_S] * s_phase) * x[CDT1],
            p[reporter] - (p[reporter_loss] + p[geminin_APC] * (x[Cdh1] + x[Cdc20A])) * x[geminin]};
  }
};
const RegisterModel<TysonNovak> tyson_novak;

DivisionRecord follow_divisions(std::span<const double> parameters, std::vector<double> state, const DivisionOptions& options) {
  const auto model = ModelCatalogue::instance().make(std::string(TysonNovak::name));
  if (state.empty()) state = model->default_state();
  if (!(options.sample_step_h > 0) || !std::isfinite(options.end_h)) throw InputError("follow_divisions", "a positive step and a finite end are needed");
  constexpr int window_samples = 50;
  const StiffOptions method{1e-8, 1e-11};
  const auto cyclin = [&](std::span<const double> x) {
    return free_cyclin(x[TysonNovak::CycBT], x[TysonNovak::CKIT], parameters[TysonNovak::Keq]);
  };
  const auto advance = [&](double from, const std::vector<double>& start, std::vector<double> times) {
    Experiment cell;
    cell.id = "cell";
    cell.start_h = from;
    cell.initial = start;
    cell.sample_times_h = std::move(times);
    return simulate(*model, parameters, cell, method);
  };
  const auto row = [](const Trajectory& run, Eigen::Index i) {
    const Eigen::VectorXd values = run.states.row(i).transpose();
    return std::vector<double>(values.begin(), values.end());
  };

  DivisionRecord out;
  double t = 0;
  while (t < options.end_h) {
    std::vector<double> times;
    for (int i = 1; i <= window_samples && t + (i - 1) * options.sample_step_h < options.end_h; ++i) times.push_back(t + i * options.sample_step_h);
    const Trajectory run = advance(t, state, times);
    if (!(out.outcome = run.outcome).ok()) return out;
    std::vector<double> before = state;
    double before_h = t;
    bool divided = false;
    for (Eigen::Index i = 0; i < run.states.rows() && !divided; ++i) {
      std::vector<double> after = row(run, i);
      double after_h = times[static_cast<std::size_t>(i)];
      divided = cyclin(before) > options.threshold && cyclin(after) <= options.threshold;
      while (divided && after_h - before_h > 1e-7) {      // bisection
        const double middle = 0.5 * (before_h + after_h);
        const Trajectory half = advance(before_h, before, {middle});
        if (!(out.outcome = half.outcome).ok()) return out;
        std::vector<double> found = row(half, 0);
        const bool below = cyclin(found) <= options.threshold;
        (below ? after : before) = std::move(found);
        (below ? after_h : before_h) = middle;
      }
      before = std::move(after);
      before_h = after_h;
      out.times_h.push_back(before_h);
      out.states.push_back(before);
    }
    t = before_h;
    state = before;
    if (divided) {
      out.divisions.push_back({t, state[TysonNovak::mass]});
      state[TysonNovak::mass] /= 2;
    }
  }
  return out;
}

}  // namespace hyped::models
