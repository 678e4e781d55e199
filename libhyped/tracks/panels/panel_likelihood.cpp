// Intervals, rates and sums over subjects.
#include "libhyped/tracks/panels/panel_likelihood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "libhyped/parallel.hpp"
#include "libhyped/tracks/panels/panel_pass.hpp"

namespace hyped {
namespace {
constexpr int batch = 32;
}  // namespace

PanelLikelihood::PanelLikelihood(const PanelData& data, const PanelModel& model) : data_(data), model_(model) {
  std::vector<char> absorbing;
  for (int phase = 0; phase < model.phase_count(); ++phase) absorbing.push_back(model.absorbing(phase));
  check_panel(data, absorbing);
  std::map<std::pair<int, int>, int> index;
  std::vector<std::map<long long, int>> times;
  const auto& cuts = model.boundaries();
  for (const PanelSubject& subject : data.subjects) {
    std::vector<Step> steps;
    for (std::size_t i = 1; i < subject.looks.size(); ++i) {
      double at = subject.looks[i - 1].time_h;
      const double until = subject.looks[i].time_h;
      while (true) {
        const int piece = model.piece_at(at);
        const double end = piece < static_cast<int>(cuts.size()) ? std::min(until, cuts[static_cast<std::size_t>(piece)]) : until;
        auto found = index.find({subject.covariate_row, piece});
        if (found == index.end()) {
          found = index.emplace(std::pair{subject.covariate_row, piece}, static_cast<int>(kernels_.size())).first;
          kernels_.push_back({subject.covariate_row, piece, {}});
          times.emplace_back();
        }
        const auto kernel = static_cast<std::size_t>(found->second);
        const double length = end - at;
        const auto slot = times[kernel].emplace(std::llround(length * 1e9), static_cast<int>(kernels_[kernel].times_h.size()));      // equal to a nano-hour
        if (slot.second) kernels_[kernel].times_h.push_back(length);
        steps.push_back({found->second, slot.first->second, end == until ? static_cast<int>(i) : -1});
        ++intervals_;
        if (end == until) break;
        at = end;
      }
    }
    steps_.push_back(std::move(steps));
  }
}

std::vector<PanelLikelihood::Rated> PanelLikelihood::rate(const Eigen::VectorXd& parameters, bool derivatives) const {
  std::vector<std::optional<Rated>> made(kernels_.size());
  parallel_for(static_cast<int>(kernels_.size()), [&](int k) {
    const Kernel& kernel = kernels_[static_cast<std::size_t>(k)];
    Eigen::VectorXd rates;
    Eigen::MatrixXd by_parameter;
    model_.rates(parameters, kernel.covariate_row, kernel.piece, rates, by_parameter);
    Eigen::MatrixXd generator = model_.generator(rates);
    TransitionTable table(generator, model_.directions(), kernel.times_h, derivatives);
    made[static_cast<std::size_t>(k)].emplace(Rated{std::move(table), std::move(generator), std::move(by_parameter)});
  });
  std::vector<Rated> out;
  for (auto& one : made) out.push_back(std::move(*one));
  return out;
}

Outcome PanelLikelihood::evaluate(const Eigen::VectorXd& parameters, PanelValue& out, bool derivatives, bool scores) const {
  const auto rated = rate(parameters, derivatives);
  const int subjects = static_cast<int>(steps_.size()), parts = (subjects + batch - 1) / batch;
  const auto count = static_cast<Eigen::Index>(model_.parameter_count());
  struct Part {
    double log_likelihood = 0;
    Eigen::VectorXd gradient;
    int failed = -1;
  };
  std::vector<Part> part(static_cast<std::size_t>(parts));
  if (scores) out.scores = Eigen::MatrixXd::Zero(subjects, count);
  parallel_for(parts, [&](int b) {
    Pass pass(*this, rated, parameters, derivatives);
    Part& mine = part[static_cast<std::size_t>(b)];
    mine.gradient = Eigen::VectorXd::Zero(count);
    Eigen::VectorXd one(count);
    for (int i = b * batch; i < std::min(subjects, (b + 1) * batch); ++i) {
      if (!pass.forward(i)) {
        mine.failed = i;
        return;
      }
      mine.log_likelihood += pass.log_likelihood();
      if (!derivatives) continue;
      one.setZero();
      pass.backward(one.data(), nullptr);
      mine.gradient += one;
      if (scores) out.scores.row(i) = one;
    }
  });
  out.log_likelihood = 0;
  out.gradient = Eigen::VectorXd::Zero(derivatives ? count : 0);
  for (const Part& p : part) {
    if (p.failed >= 0) return {Status::not_finite, fmt::format("cell '{}' has no probability under the model", data_.subjects[static_cast<std::size_t>(p.failed)].id)};
    out.log_likelihood += p.log_likelihood;
    if (derivatives) out.gradient += p.gradient;
  }
  return {};
}

}  // namespace hyped
