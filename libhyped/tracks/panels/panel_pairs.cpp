// Sorting transitions into distinct ones; their probabilities and derivatives.
#include "libhyped/tracks/panels/panel_pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <tuple>

#include "libhyped/parallel.hpp"
#include "libhyped/tracks/panels/transition_table.hpp"

namespace hyped {
namespace {

constexpr int batch = 256;

// One interval as it comes from the data.
struct Interval {
  int row, piece;
  long long length;      // nano-hours
  int from, to;
  bool exact;
  int subject;
  double length_h;
  auto key() const { return std::tuple(row, piece, length, from, to, exact); }
};

}  // namespace

bool PanelPairs::applies(const PanelModel& model) {
  return model.spec().misread.empty() && model.state_count() == model.phase_count() && model.spec().start == PanelSpec::Start::given;
}

PanelPairs::PanelPairs(const PanelData& data, const PanelModel& model) : model_(model) {
  HYPED_REQUIRE(applies(model));
  std::vector<char> absorbing;
  for (int phase = 0; phase < model.phase_count(); ++phase) absorbing.push_back(model.absorbing(phase));
  check_panel(data, absorbing);
  rest_ = data;
  rest_.subjects.clear();
  rest_.notes.clear();
  std::vector<Interval> all;
  for (const PanelSubject& subject : data.subjects) {
    const int number = static_cast<int>(names_.size());
    names_.push_back(subject.id);
    std::size_t known = 0;      // the last look at a known state, or the first look
    for (std::size_t i = 1; i < subject.looks.size(); ++i) {
      const PanelLook &a = subject.looks[known], &b = subject.looks[i];
      if (b.seen < 0 && i + 1 < subject.looks.size()) continue;
      const int piece = model.piece_at(a.time_h);
      const bool within = piece >= static_cast<int>(model.boundaries().size()) || b.time_h <= model.boundaries()[static_cast<std::size_t>(piece)];
      if (known + 1 == i && within && a.seen >= 0 && b.seen >= 0) {
        all.push_back({subject.covariate_row, piece, std::llround((b.time_h - a.time_h) * 1e9), a.seen, b.seen, b.exact, number, b.time_h - a.time_h});
        ++intervals_;
      } else {
        PanelSubject part{subject.id, {subject.looks.begin() + static_cast<std::ptrdiff_t>(known), subject.looks.begin() + static_cast<std::ptrdiff_t>(i) + 1}, subject.covariate_row, subject.entered && known == 0};
        rest_.subjects.push_back(std::move(part));
      }
      known = i;
    }
  }
  std::sort(all.begin(), all.end(), [](const Interval& a, const Interval& b) { return std::tuple_cat(a.key(), std::tuple(a.subject)) < std::tuple_cat(b.key(), std::tuple(b.subject)); });
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Interval& one = all[i];
    if (i > 0 && one.key() == all[i - 1].key()) {
      pairs_.back().count += 1;
      continue;
    }
    if (kernels_.empty() || kernels_.back().covariate_row != one.row || kernels_.back().piece != one.piece) kernels_.push_back({one.row, one.piece, {}});
    Kernel& kernel = kernels_.back();
    if (kernel.times_h.empty() || all[i - 1].length != one.length || all[i - 1].row != one.row || all[i - 1].piece != one.piece) kernel.times_h.push_back(one.length_h);
    pairs_.push_back({static_cast<int>(kernels_.size()) - 1, static_cast<int>(kernel.times_h.size()) - 1, one.from, one.to, one.exact, one.subject, 1});
  }
}

Outcome PanelPairs::evaluate(const Eigen::VectorXd& parameters, PairValue& out, bool derivatives) const {
  const int rates = static_cast<int>(model_.directions().size()), n = model_.state_count(), count = model_.parameter_count();
  struct Rated {
    std::optional<TransitionTable> table;
    Eigen::MatrixXd generator, slope;
  };
  std::vector<Rated> rated(kernels_.size());
  parallel_for(static_cast<int>(kernels_.size()), [&](int k) {
    const Kernel& kernel = kernels_[static_cast<std::size_t>(k)];
    Rated& one = rated[static_cast<std::size_t>(k)];
    Eigen::VectorXd rate;
    model_.rates(parameters, kernel.covariate_row, kernel.piece, rate, one.slope);
    one.generator = model_.generator(rate);
    one.table.emplace(one.generator, model_.directions(), kernel.times_h, derivatives);
  });
  struct Part {
    double log_likelihood = 0;
    Eigen::VectorXd gradient;
    Eigen::MatrixXd information;
    int failed = -1;
  };
  const int parts = (distinct() + batch - 1) / batch;
  std::vector<Part> part(static_cast<std::size_t>(parts));
  parallel_for(parts, [&](int b) {
    Part& mine = part[static_cast<std::size_t>(b)];
    Eigen::MatrixXd inner = Eigen::MatrixXd::Zero(rates, rates);      // of one kernel, by rates
    Eigen::VectorXd outer = Eigen::VectorXd::Zero(rates), score(rates);
    if (derivatives) mine.gradient = Eigen::VectorXd::Zero(count), mine.information = Eigen::MatrixXd::Zero(count, count);
    std::vector<double> slopes(static_cast<std::size_t>(rates * n));
    int kernel = -1;
    const auto close = [&] {
      if (kernel < 0 || !derivatives) return;
      const Eigen::MatrixXd& slope = rated[static_cast<std::size_t>(kernel)].slope;
      mine.gradient.noalias() += slope.transpose() * outer;
      mine.information.noalias() += slope.transpose() * inner * slope;
      outer.setZero();
      inner.setZero();
    };
    for (int i = b * batch; i < std::min(distinct(), (b + 1) * batch); ++i) {
      const Pair& pair = pairs_[static_cast<std::size_t>(i)];
      if (pair.kernel != kernel) close(), kernel = pair.kernel;
      const Rated& at = rated[static_cast<std::size_t>(kernel)];
      const double* p = at.table->matrix(pair.time) + pair.from * n;
      double value = pair.exact ? 0 : p[pair.to];
      for (int s = 0; pair.exact && s < n; ++s)
        if (s != pair.to) value += p[s] * at.generator(s, pair.to);
      if (!(value > 0) || !std::isfinite(value)) {
        mine.failed = pair.subject;
        return;
      }
      mine.log_likelihood += pair.count * std::log(value);
      if (!derivatives) continue;
      at.table->row_slopes(pair.time, pair.from, slopes.data());
      for (int r = 0; r < rates; ++r) {
        const double* slope = slopes.data() + r * n;
        double sum = pair.exact ? 0 : slope[pair.to];
        for (int s = 0; pair.exact && s < n; ++s)
          if (s != pair.to) sum += slope[s] * at.generator(s, pair.to) + p[s] * model_.directions()[static_cast<std::size_t>(r)](s, pair.to);
        score[r] = sum / value;
      }
      outer.noalias() += pair.count * score;
      inner.noalias() += pair.count * score * score.transpose();
    }
    close();
  });
  out.log_likelihood = 0;
  if (derivatives) out.gradient = Eigen::VectorXd::Zero(count), out.information = Eigen::MatrixXd::Zero(count, count);
  for (const Part& p : part) {
    if (p.failed >= 0) return {Status::not_finite, fmt::format("cell '{}' has no probability under the model", names_[static_cast<std::size_t>(p.failed)])};
    out.log_likelihood += p.log_likelihood;
    if (derivatives) out.gradient += p.gradient, out.information += p.information;
  }
  return {};
}

}  // namespace hyped
