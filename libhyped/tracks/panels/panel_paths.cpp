// Most probable paths, posteriors, prevalence.
#include <algorithm>
#include <array>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/tracks/panels/panel_pass.hpp"

namespace hyped {
namespace {
constexpr int batch = 32;
}

std::vector<PanelPath> PanelLikelihood::paths(const Eigen::VectorXd& parameters) const {
  const auto rated = rate(parameters, false);
  const int subjects = static_cast<int>(steps_.size()), n = model_.state_count(), phases = model_.phase_count();
  std::vector<PanelPath> out(steps_.size());
  parallel_for((subjects + batch - 1) / batch, [&](int b) {
    Pass pass(*this, rated, parameters, false);
    std::vector<PanelRow> posterior;
    for (int i = b * batch; i < std::min(subjects, (b + 1) * batch); ++i) {
      const auto& steps = steps_[static_cast<std::size_t>(i)];
      const PanelSubject& subject = data_.subjects[static_cast<std::size_t>(i)];
      PanelPath& path = out[static_cast<std::size_t>(i)];
      path.probability = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(subject.looks.size()), phases);
      path.path.assign(subject.looks.size(), -1);
      if (!pass.forward(i)) continue;
      posterior.resize(steps.size() + 1);
      pass.backward(nullptr, &posterior);
      std::vector<PanelRow> best(steps.size() + 1);
      std::vector<std::array<int, most_panel_states>> from(steps.size() + 1);
      pass.begin(subject, best[0]);
      PanelRow weight;
      for (std::size_t k = 0; k < steps.size(); ++k) {
        const Rated& one = rated[static_cast<std::size_t>(steps[k].kernel)];
        const double* p = one.table.matrix(steps[k].time);
        const PanelLook* look = steps[k].look < 0 ? nullptr : &subject.looks[static_cast<std::size_t>(steps[k].look)];
        pass.weights(look, one, weight);
        double highest = 0;
        for (int j = 0; j < n; ++j) {
          double top = -1;
          for (int s = 0; s < n; ++s)
            if (const double here = best[k][static_cast<std::size_t>(s)] * p[s * n + j]; here > top) top = here, from[k + 1][static_cast<std::size_t>(j)] = s;
          best[k + 1][static_cast<std::size_t>(j)] = top * weight[static_cast<std::size_t>(j)];
          highest = std::max(highest, best[k + 1][static_cast<std::size_t>(j)]);
        }
        for (int j = 0; j < n && highest > 0; ++j) best[k + 1][static_cast<std::size_t>(j)] /= highest;
      }
      int at = static_cast<int>(std::max_element(best[steps.size()].begin(), best[steps.size()].begin() + n) - best[steps.size()].begin());
      for (std::size_t k = steps.size() + 1; k-- > 0;) {
        const int look = k == 0 ? 0 : steps[k - 1].look;
        if (look >= 0) {
          path.path[static_cast<std::size_t>(look)] = subject.looks[static_cast<std::size_t>(look)].exact ? subject.looks[static_cast<std::size_t>(look)].seen : model_.phase_of(at);
          for (int s = 0; s < n; ++s) path.probability(look, subject.looks[static_cast<std::size_t>(look)].exact ? subject.looks[static_cast<std::size_t>(look)].seen : model_.phase_of(s)) += posterior[k][static_cast<std::size_t>(s)];
        }
        if (k > 0) at = from[k][static_cast<std::size_t>(at)];
      }
    }
  });
  return out;
}

Eigen::MatrixXd PanelLikelihood::prevalence(const Eigen::VectorXd& parameters, const std::vector<double>& times_h, int covariate_row) const {
  const int n = model_.state_count(), phases = model_.phase_count();
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times_h.size()), phases);
  const Pass pass(*this, {}, parameters, false);
  Eigen::RowVectorXd state = Eigen::RowVectorXd::Zero(n);
  double count = 0, start = times_h.empty() ? 0 : times_h.front();
  for (const PanelSubject& subject : data_.subjects) {
    if (subject.covariate_row != covariate_row || subject.looks.empty() || subject.looks.front().time_h > start + 1e-9) continue;
    PanelRow one;
    pass.begin(subject, one);
    double sum = 0;
    for (int s = 0; s < n; ++s) sum += one[static_cast<std::size_t>(s)];
    for (int s = 0; s < n && sum > 0; ++s) state[s] += one[static_cast<std::size_t>(s)] / sum;
    ++count;
  }
  if (count == 0) return out;
  state /= count;
  double at = start;
  for (std::size_t t = 0; t < times_h.size(); ++t) {
    while (at < times_h[t] - 1e-12) {
      const int piece = model_.piece_at(at);
      const auto& cuts = model_.boundaries();
      const double end = piece < static_cast<int>(cuts.size()) ? std::min(times_h[t], cuts[static_cast<std::size_t>(piece)]) : times_h[t];
      Eigen::VectorXd rates;
      Eigen::MatrixXd unused;
      model_.rates(parameters, covariate_row, piece, rates, unused);
      const TransitionTable table(model_.generator(rates), {}, {end - at}, false);
      state = (state * Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(table.matrix(0), n, n)).eval();
      at = end;
    }
    for (int s = 0; s < n; ++s) out(static_cast<Eigen::Index>(t), model_.phase_of(s)) += state[s];
  }
  return out;
}

}  // namespace hyped
