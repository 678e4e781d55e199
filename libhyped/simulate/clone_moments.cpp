// Lyapunov steps and propagated cross-covariances of a staged branching process.
#include "libhyped/simulate/clone_moments.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/simulate/segments.hpp"
#include "libhyped/simulate/uniformisation.hpp"

namespace hyped {
namespace {

constexpr int node_count = 3;
constexpr double nodes[node_count] = {0.11270166537925831, 0.5, 0.88729833462074169};
constexpr double weights[node_count] = {5.0 / 18, 8.0 / 18, 5.0 / 18};

class CloneWalk {
 public:
  CloneWalk(const StagedModel& model, const Experiment& experiment, const Eigen::MatrixXd& projection, const SampleBlocks& blocks)
      : model_(model), flow_(model), projection_(projection), blocks_(blocks), sizes_(blocks.size()), stages_(model.stage_count()),
        classes_(static_cast<int>(projection.rows())), exit_(stages_), death_(Eigen::VectorXd::Zero(stages_)) {
    x_ = Eigen::Map<const Eigen::VectorXd>(experiment.initial.data(), stages_);
    pairs_ = Eigen::VectorXd::Zero(stages_);
    c_ = Eigen::MatrixXd(x_.asDiagonal()) - x_ * x_.transpose();
    c_sister_ = Eigen::MatrixXd::Zero(stages_, stages_);
    const int size = blocks.count * classes_;
    out_.mean = Eigen::VectorXd::Zero(size);
    out_.covariance = out_.sister_covariance = Eigen::MatrixXd::Zero(size, size);
    past_.setZero(stages_, 2 * size);
    open_.setZero(stages_, 2 * classes_);
  }

  void set_rates(std::span<const double> rate) {
    const auto& chain = model_.chain();
    flow_.set_rates(rate);
    for (int i = 0; i < stages_; ++i) {
      exit_[i] = chain.stage_scale[i] * rate[chain.exit_group[i]];
      death_[i] = chain.death_group[i] >= 0 ? rate[chain.death_group[i]] : 0.0;
    }
    uniform_ = (exit_ + 2 * death_).maxCoeff();
    cached_span_ = -1;
  }

  void step(double span) {
    if (span <= 0) return;
    if (std::abs(span - cached_span_) > 1e-12 * span) prepare(span);
    Eigen::MatrixXd noise = Eigen::MatrixXd::Zero(stages_, stages_), noise_sister = noise, factor(stages_, 2 * stages_);
    double at = 0;
    for (int q = 0; q < node_count; ++q) {
      advance_pairs((nodes[q] - at) * span);
      at = nodes[q];
      const double w = weights[q] * span;
      factor.leftCols(stages_) = jump_[q] * (w * exit_.cwiseProduct(x_)).cwiseMax(0).cwiseSqrt().asDiagonal();
      factor.rightCols(stages_) = transition_[q] * (w * death_.cwiseProduct(x_)).cwiseMax(0).cwiseSqrt().asDiagonal();
      noise.selfadjointView<Eigen::Lower>().rankUpdate(factor);
      factor.leftCols(stages_) = jump_[q] * (w * exit_.cwiseProduct(pairs_)).cwiseMax(0).cwiseSqrt().asDiagonal();
      noise_sister.selfadjointView<Eigen::Lower>().rankUpdate(factor.leftCols(stages_));
    }
    advance_pairs((1 - at) * span);
    c_ = whole_ * c_ * whole_.transpose() + Eigen::MatrixXd(noise.selfadjointView<Eigen::Lower>());
    c_sister_ = whole_ * c_sister_ * whole_.transpose() + Eigen::MatrixXd(noise_sister.selfadjointView<Eigen::Lower>());
    const int used = 2 * finished_ * classes_;
    past_.leftCols(used) = whole_ * past_.leftCols(used);
    open_ = whole_ * open_;
  }

  void sample(int block) {
    if (block < 0) return;
    if (block != current_) {
      close();
      current_ = block;
    }
    const double w = 1.0 / sizes_[block];
    const int row = block * classes_;
    out_.mean.segment(row, classes_) += w * projection_ * x_;
    const Eigen::MatrixXd now = c_ * projection_.transpose(), now_sister = c_sister_ * projection_.transpose();
    for (const bool sister : {false, true}) {
      Eigen::MatrixXd& target = sister ? out_.sister_covariance : out_.covariance;
      const Eigen::MatrixXd& here = sister ? now_sister : now;
      const int offset = sister ? classes_ : 0;
      const Eigen::MatrixXd earlier = w * projection_ * open_.middleCols(offset, classes_);
      target.block(row, row, classes_, classes_) += earlier + earlier.transpose() + w * w * projection_ * here;
      for (int b = 0; b < finished_; ++b) {
        const int column = block_number_[b] * classes_;
        target.block(row, column, classes_, classes_) += w * projection_ * past_.middleCols(2 * b * classes_ + offset, classes_);
      }
      open_.middleCols(offset, classes_) += w * here;
    }
  }

  // Each cell stays with probability `kept`.
  void thin(double kept) {
    c_ = kept * kept * c_ + kept * (1 - kept) * Eigen::MatrixXd(x_.asDiagonal());
    c_sister_ *= kept * kept;
    x_ *= kept;
    pairs_ *= kept * kept;
    past_ *= kept;
    open_ *= kept;
  }

  CloneMoments finish() {
    for (Eigen::MatrixXd* m : {&out_.covariance, &out_.sister_covariance})
      m->triangularView<Eigen::StrictlyUpper>() = m->transpose();
    if (!out_.mean.allFinite() || !out_.covariance.allFinite())
      out_.outcome = {Status::not_finite, "the covariance of the counts is not finite"};
    return std::move(out_);
  }
  double uniform_rate() const { return uniform_; }

 private:
  void prepare(double span) {
    whole_ = flow_.transition(span, 1e-12);
    for (int q = 0; q < node_count; ++q) {
      transition_[q] = flow_.transition((1 - nodes[q]) * span, 1e-12);
      jump_[q].resize(stages_, stages_);
      for (int i = 0; i < stages_; ++i)
        jump_[q].col(i) = model_.chain().offspring[i] * transition_[q].col(model_.chain().target[i]) - transition_[q].col(i);
    }
    cached_span_ = span;
  }

  // [x | pairs] by uniformisation: pairs of cells in lockstep progress together, are made at division and broken by death.
  void advance_pairs(double span) {
    const auto& chain = model_.chain();
    const double mean = uniform_ * span;
    Eigen::VectorXd x = x_, p = pairs_, x_next(stages_), p_next(stages_);
    double weight = std::exp(-mean);
    x_ *= weight;
    pairs_ *= weight;
    for (int k = 1; k < 200; ++k) {
      x_next = x.cwiseProduct(Eigen::VectorXd::Ones(stages_) - (exit_ + death_) / uniform_);
      p_next = p.cwiseProduct(Eigen::VectorXd::Ones(stages_) - (exit_ + 2 * death_) / uniform_);
      for (int i = 0; i < stages_; ++i) {
        const double out = exit_[i] / uniform_;
        x_next[chain.target[i]] += chain.offspring[i] * out * x[i];
        p_next[chain.target[i]] += chain.offspring[i] > 1 ? chain.offspring[i] * out * x[i] : out * p[i];
      }
      x.swap(x_next);
      p.swap(p_next);
      weight *= mean / k;
      x_ += weight * x;
      pairs_ += weight * p;
      if (k > mean && weight * (mean / (k + 1)) * 4 * (x.sum() + p.sum()) < 1e-13 * x_.sum()) break;
    }
  }

  void close() {
    if (current_ < 0) return;
    past_.middleCols(2 * finished_ * classes_, 2 * classes_) = open_;
    block_number_.push_back(current_);
    ++finished_;
    open_.setZero();
  }

  const StagedModel& model_;
  Uniformisation flow_;
  const Eigen::MatrixXd& projection_;
  const SampleBlocks& blocks_;
  std::vector<int> sizes_;
  int stages_, classes_;
  Eigen::VectorXd exit_, death_, x_, pairs_;
  Eigen::MatrixXd c_, c_sister_, past_, open_, whole_, transition_[node_count], jump_[node_count];
  double uniform_ = 0, cached_span_ = -1;
  int current_ = -1, finished_ = 0;
  std::vector<int> block_number_;
  CloneMoments out_;
};

}  // namespace

std::vector<int> SampleBlocks::size() const {
  std::vector<int> sizes(static_cast<std::size_t>(count), 0);
  for (const int block : block_of_sample)
    if (block >= 0) ++sizes[block];
  return sizes;
}

SampleBlocks block_samples(std::span<const double> times, double hours, std::span<const double> cuts) {
  SampleBlocks blocks;
  double spacing = 1e300;
  for (std::size_t i = 1; i < times.size(); ++i) spacing = std::min(spacing, times[i] - times[i - 1]);
  double start = -1e300;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const bool gap = i > 0 && times[i] - times[i - 1] > 1.5 * spacing;
    const bool cut = i > 0 && std::any_of(cuts.begin(), cuts.end(), [&](double c) { return c > times[i - 1] && c <= times[i]; });
    if (gap || cut || times[i] - start > hours - 0.5 * spacing || hours <= 0) {
      ++blocks.count;
      start = times[i];
    }
    blocks.block_of_sample.push_back(blocks.count - 1);
  }
  return blocks;
}

CloneMoments clone_moments(const StagedModel& model, std::span<const double> parameters, const Experiment& experiment,
                           const Eigen::MatrixXd& projection, const SampleBlocks& blocks) {
  HYPED_REQUIRE(projection.cols() == model.stage_count());
  const Plan plan = plan_of(model, parameters, experiment);
  ActiveParameters active(parameters, plan.inputs);
  CloneWalk walk(model, experiment, projection, blocks);
  std::vector<double> rate(model.group_count()), previous;
  std::size_t sample = 0;
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events) {
      if (event.kind == BoundEvent::Kind::parameter) active.apply(event);
      else if (event.kind == BoundEvent::Kind::all_states && event.action == Action::scale && event.amount <= 1) walk.thin(event.amount);
      else throw InputError("experiment " + experiment.id, "the process covariance knows only losses of cells, not other changes of the state",
                            "use the independent likelihood for this schedule");
    }
    active.begin(segment.until_h);
    double now = segment.from_h;
    auto move_to = [&](double t) {
      while (now < t) {
        if (t - now < 1e-12) break;
        model.group_rates(active.at(0.5 * (now + t)), rate);
        if (rate != previous) walk.set_rates(rate);
        previous = rate;
        const int parts = std::max(1, static_cast<int>(std::ceil(walk.uniform_rate() * (t - now) / 0.5)));
        walk.step((t - now) / parts);
        now = parts == 1 ? t : now + (t - now) / parts;
      }
    };
    for (const double t : segment.samples_h) {
      move_to(t);
      walk.sample(blocks.block_of_sample[sample++]);
    }
    move_to(segment.until_h);
  }
  return walk.finish();
}

}  // namespace hyped
