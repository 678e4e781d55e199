// Another number of stages than the fitted one, phase by phase.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "fitting/panel_alternatives.hpp"

namespace hyped {
namespace {

constexpr std::array<int, 7> ladder{1, 2, 3, 4, 6, 8, 12};
constexpr int most_states = 60;

std::string counted_stages(int stages) { return stages == 1 ? "1 stage" : fmt::format("{} stages", stages); }

std::string assumption_of(const std::string& where, int stages) {
  return stages == 1 ? fmt::format("stays in {} are memoryless (exponential)", where) : fmt::format("stays in {} have {}", where, counted_stages(stages));
}

struct Tried {
  int stages = 0;
  PanelFit fit;
  bool settled() const { return std::isfinite(fit.log_likelihood) && (fit.outcome.ok() || fit.outcome.status == Status::not_identifiable); }
};

// All alternatives have as many parameters as the fitted model, so that twice the gain in log-likelihood is the gain of AIC. A likelihood ratio passes 1 / p
// in a share p of all data at most (Markov's inequality; Wasserman, Ramdas & Balakrishnan 2020, PNAS 117:16880), and one of n in a share n p.
void judge(PanelTest& test, int stages, int alternatives) {
  test.stages = stages;
  test.alternatives = alternatives;
  if (!test.outcome.ok()) return;
  test.p = std::min(1.0, alternatives * std::exp(-0.5 * test.gain_aic));
  if (test.gain_aic <= 0) test.verdict = fmt::format("holds: the best other number ({}) is worse by {:.1f} of AIC", stages, -test.gain_aic);
  else if (test.p < 0.05) test.verdict = fmt::format("rejected: {} better by {:.1f} of AIC (p at most {:.2g}, corrected for {} alternatives)", stages == 1 ? "1 stage is" : fmt::format("{} stages are", stages), test.gain_aic, test.p, alternatives);
  else test.verdict = fmt::format("not rejected: {} better by {:.1f} of AIC, which the best of {} alternatives may be by chance (p at most {:.2g})", stages == 1 ? "1 stage is" : fmt::format("{} stages are", stages), test.gain_aic, alternatives, test.p);
}

}  // namespace

std::vector<PanelTest> test_stages(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, const PanelFitOptions& options) {
  const std::size_t n = spec.phases.size();
  const std::vector<int> fitted = spec.stages.empty() ? std::vector<int>(n, 1) : spec.stages, single(n, 1);
  std::vector<std::size_t> left;      // phases with a way out at their end
  for (std::size_t k = 0; k < n; ++k)
    if (std::any_of(spec.transitions.begin(), spec.transitions.end(), [&](const PanelTransition& t) { return t.from == static_cast<int>(k) && !t.any_stage; })) left.push_back(k);
  const auto states = [](const std::vector<int>& stages) {
    int all = 0;
    for (const int one : stages) all += one;
    return all;
  };
  // From the fitted number upwards and downwards, as long as it gets better.
  const auto best_of = [&](const auto& stages_at, int from) {
    Tried best;
    for (const int way : {1, -1}) {
      double reached = fit.log_likelihood;
      std::vector<int> steps;
      for (const int k : ladder)
        if (way > 0 ? k > from : k < from) steps.push_back(k);
      if (way < 0) std::reverse(steps.begin(), steps.end());
      for (const int k : steps) {
        PanelSpec wide = spec;
        wide.stages = stages_at(k);
        if (states(wide.stages) > most_states) break;
        Tried one{k, wider_fit(data, wide, fit, options)};
        const bool settled = one.settled(), up = settled && one.fit.log_likelihood > reached;
        if (up) reached = one.fit.log_likelihood;
        if (best.stages == 0 || (settled && (!best.settled() || one.fit.log_likelihood > best.fit.log_likelihood))) best = std::move(one);
        if (!up) break;
      }
    }
    return best;
  };
  const bool together = fitted == single && left.size() > 1;
  int alternatives = together ? 2 : 0;
  for (const std::size_t k : left) alternatives += static_cast<int>(std::count_if(ladder.begin(), ladder.end(), [&](int stages) { return stages != fitted[k]; }));
  std::vector<PanelTest> out;
  std::vector<int> best_stages = fitted;
  int better = 0;
  for (const std::size_t k : left) {
    const Tried best = best_of([&](int stages) {
      std::vector<int> all = fitted;
      all[k] = stages;
      return all;
    }, fitted[k]);
    if (best.stages == 0) continue;
    const std::string where = fmt::format("'{}'", spec.phases[k]);
    PanelTest test = compared(assumption_of(where, fitted[k]), fmt::format("{} in {}", counted_stages(best.stages), where), fit, best.fit, false);
    test.phase = spec.phases[k];
    judge(test, best.stages, alternatives);
    if (test.outcome.ok() && test.p < 0.05) best_stages[k] = best.stages, ++better;
    out.push_back(test);
  }
  if (together)
    for (const int stages : {2, 4}) {
      PanelSpec wide = spec;
      wide.stages = single;
      for (const std::size_t k : left) wide.stages[k] = stages;
      PanelTest test = compared(fmt::format("all stays are memoryless, against {}", counted_stages(stages)), fmt::format("{} stages in every phase (Erlang stays)", stages), fit, wider_fit(data, wide, fit, options), false);
      judge(test, stages, alternatives);
      out.push_back(test);
    }
  if (better > 1) {
    PanelSpec wide = spec;
    wide.stages = best_stages;
    std::vector<std::string> words;
    for (const std::size_t k : left)
      if (best_stages[k] != fitted[k]) words.push_back(fmt::format("{} in '{}'", counted_stages(best_stages[k]), spec.phases[k]));
    PanelTest test = compared("the numbers of stages fitted", fmt::format("{}, together", fmt::join(words, " and ")), fit, wider_fit(data, wide, fit, options), false);
    test.alternatives = alternatives;
    if (test.outcome.ok()) {
      test.p = std::min(1.0, alternatives * std::exp(-0.5 * test.gain_aic));
      test.verdict = fmt::format("{}: {}, together are {} by {:.1f} of AIC", test.p < 0.05 ? "rejected" : "not rejected", fmt::join(words, " and "), test.gain_aic > 0 ? "better" : "worse", std::abs(test.gain_aic));
    }
    out.push_back(test);
  }
  return out;
}

}  // namespace hyped
