// Walks of parts side by side, walks of shared parameters one by one.
#include "fitting/networks/evidence/profile_intervals.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

namespace hyped {
namespace {

Eigen::VectorXd elements(const Eigen::VectorXd& of, const std::vector<int>& at) {
  Eigen::VectorXd out(static_cast<Eigen::Index>(at.size()));
  for (std::size_t k = 0; k < at.size(); ++k) out[static_cast<Eigen::Index>(k)] = of[at[k]];
  return out;
}

Eigen::MatrixXd elements(const Eigen::MatrixXd& of, const std::vector<int>& rows, const std::vector<int>& columns) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (std::size_t r = 0; r < rows.size(); ++r) out(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c)) = of(rows[r], columns[c]);
  return out;
}

// What one part's residuals look like when everything else follows.
class PartSquares {
 public:
  PartSquares(int part, const ResidualParts& parts, const Eigen::VectorXd& residuals, const Eigen::MatrixXd& jacobian, const Eigen::MatrixXd& information, const Eigen::VectorXd& gradient) {
    const auto count = static_cast<int>(jacobian.cols());
    std::vector<int> others;
    for (int p = 0; p < count; ++p) (parts.of_parameter[static_cast<std::size_t>(p)] == part ? own : others).push_back(p);
    for (int m = 0; m < jacobian.rows(); ++m) {
      bool mine = parts.of_residual[static_cast<std::size_t>(m)] == part;
      if (!mine)
        for (const int p : own) {
          if (jacobian(m, p) == 0) continue;
          mine = (jacobian.row(m).array() != 0).count() == 1;
          HYPED_REQUIRE(mine && parts.of_residual[static_cast<std::size_t>(m)] < 0);
        }
      if (mine) rows.push_back(m);
    }
    for (const int p : others)
      if (std::any_of(rows.begin(), rows.end(), [&](int m) { return jacobian(m, p) != 0; })) shared.push_back(p);
    if (shared.empty()) return;
    // what all else says of the shared ones: information and gradient without this part's residuals
    const Eigen::MatrixXd slope = elements(jacobian, rows, others);
    Eigen::MatrixXd rest = elements(information, others, others) - slope.transpose() * slope;
    rest.diagonal() *= 1 + 1e-10;
    const Eigen::LDLT<Eigen::MatrixXd> solver(rest);
    const Eigen::VectorXd moved = -solver.solve(elements(gradient, others) - slope.transpose() * elements(residuals, rows));
    Eigen::MatrixXd units = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(others.size()), static_cast<Eigen::Index>(shared.size()));
    std::vector<int> places;
    for (std::size_t s = 0; s < shared.size(); ++s) {
      places.push_back(static_cast<int>(std::lower_bound(others.begin(), others.end(), shared[s]) - others.begin()));
      units(places.back(), static_cast<Eigen::Index>(s)) = 1;
    }
    const Eigen::MatrixXd columns = solver.solve(units);
    mean_ = elements(moved, places);
    covariance_.resize(units.cols(), units.cols());
    for (std::size_t s = 0; s < shared.size(); ++s) covariance_.row(static_cast<Eigen::Index>(s)) = columns.row(places[s]);
  }

  LocalSquares at(const Eigen::VectorXd& residuals, const Eigen::MatrixXd& jacobian) const {
    Eigen::VectorXd e = elements(residuals, rows);
    Eigen::MatrixXd slope = elements(jacobian, rows, own);
    if (!shared.empty()) {
      const Eigen::MatrixXd by_shared = elements(jacobian, rows, shared);
      e += by_shared * mean_;
      Eigen::MatrixXd errors = by_shared * covariance_ * by_shared.transpose();
      errors.diagonal().array() += 1;
      const Eigen::LLT<Eigen::MatrixXd> root(errors);
      root.matrixL().solveInPlace(e);
      root.matrixL().solveInPlace(slope);
    }
    return {e.squaredNorm(), slope.transpose() * slope, slope.transpose() * e};
  }

  std::vector<int> own, rows, shared;

 private:
  Eigen::VectorXd mean_;            // of the shared parameters, about the optimum
  Eigen::MatrixXd covariance_;
};

// The walks of one block, one after another: both ends of each parameter, then the point of no effect where the interval leaves it out.
class BlockWalks {
 public:
  BlockWalks(std::vector<int> own, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, LocalSquares there, const ProfileIntervalOptions& options)
      : own_(std::move(own)), optimum_(elements(optimum, own_)), lower_(elements(lower, own_)), upper_(elements(upper, own_)), there_(std::move(there)), options_(options) {}
  void ask(const ProfileRequest& request, ProfileInterval* answer) { queue_.push_back({request, answer}); }
  // The next point to evaluate, of the block's own parameters; null: nothing is left.
  const Eigen::VectorXd* next() {
    while (!walk_ || walk_->done()) {
      if (walk_) finish();
      if (at_ == queue_.size()) return nullptr;
      begin();
    }
    return &walk_->at();
  }
  void take(const LocalSquares& here) { walk_->take(here); }
  void failed() { walk_->failed(); }
  const std::vector<int>& own() const { return own_; }
  double improved() const { return improved_; }

 private:
  struct Task {
    ProfileRequest request;
    ProfileInterval* answer;
  };
  int place(int parameter) const { return static_cast<int>(std::find(own_.begin(), own_.end(), parameter) - own_.begin()); }
  void begin() {
    const ProfileRequest& request = queue_[at_].request;
    const int k = place(request.parameter);
    if (stage_ < 2) walk_ = ProfileWalk::to_end(optimum_, there_, lower_, upper_, k, stage_ == 0 ? -1 : 1, options_.rise * request.scale, options_.walk);
    else walk_ = ProfileWalk::to_value(optimum_, there_, request.no_effect < optimum_[k] ? below_ : above_, lower_, upper_, k, request.no_effect, options_.walk);
  }
  void finish() {
    const ProfileRequest& request = queue_[at_].request;
    ProfileInterval& out = *queue_[at_].answer;
    improved_ = std::max(improved_, there_.squares - walk_->lowest());
    out.settled = out.settled && walk_->converged();
    if (stage_ == 0) out.lower = walk_->value(), out.closed_below = walk_->closed(), below_ = walk_->last();
    else if (stage_ == 1) out.upper = walk_->value(), out.closed_above = walk_->closed(), above_ = walk_->last();
    else out.root = (optimum_[place(request.parameter)] > request.no_effect ? 1 : -1) * std::sqrt(walk_->rise() / request.scale);
    walk_.reset();
    const bool left_out = stage_ == 1 && std::isfinite(request.no_effect) && (request.no_effect < out.lower || request.no_effect > out.upper);
    if (stage_ == 0 || left_out) ++stage_;
    else ++at_, stage_ = 0;
  }

  std::vector<int> own_;
  Eigen::VectorXd optimum_, lower_, upper_, below_, above_;
  LocalSquares there_;
  const ProfileIntervalOptions& options_;
  std::vector<Task> queue_;
  std::size_t at_ = 0;
  int stage_ = 0;
  double improved_ = 0;
  std::optional<ProfileWalk> walk_;
};

}  // namespace

ProfileIntervals profile_intervals(const ResidualFunction& function, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const ResidualParts& parts, const std::vector<ProfileRequest>& wanted,
                                   const ProfileIntervalOptions& options) {
  ProfileIntervals out;
  HYPED_REQUIRE(static_cast<int>(parts.of_residual.size()) == function.residual_count() && static_cast<int>(parts.of_parameter.size()) == function.parameter_count());
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  out.outcome = function.evaluate(optimum, residuals, &jacobian);
  out.evaluations = 1;
  if (!out.outcome.ok()) return out;
  const Eigen::MatrixXd information = jacobian.transpose() * jacobian;
  const Eigen::VectorXd gradient = jacobian.transpose() * residuals;
  out.intervals.resize(wanted.size());
  struct Block {
    PartSquares squares;
    BlockWalks walks;
  };
  std::map<int, std::unique_ptr<Block>> blocks;
  std::vector<int> all(static_cast<std::size_t>(optimum.size()));
  for (std::size_t p = 0; p < all.size(); ++p) all[p] = static_cast<int>(p);
  BlockWalks joint(all, optimum, lower, upper, {residuals.squaredNorm(), information, gradient}, options);
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    const ProfileRequest& request = wanted[n];
    HYPED_REQUIRE(request.scale > 0);
    out.intervals[n].parameter = request.parameter;
    const int part = parts.of_parameter[static_cast<std::size_t>(request.parameter)];
    if (part < 0) {
      joint.ask(request, &out.intervals[n]);
      continue;
    }
    auto& block = blocks[part];
    if (!block) {
      PartSquares squares(part, parts, residuals, jacobian, information, gradient);
      BlockWalks walks(squares.own, optimum, lower, upper, squares.at(residuals, jacobian), options);
      block = std::make_unique<Block>(Block{std::move(squares), std::move(walks)});
    }
    block->walks.ask(request, &out.intervals[n]);
  }
  for (;;) {      // all parts side by side
    Eigen::VectorXd theta = optimum;
    std::vector<Block*> active;
    for (auto& [part, block] : blocks)
      if (const Eigen::VectorXd* at = block->walks.next()) {
        active.push_back(block.get());
        for (std::size_t k = 0; k < block->walks.own().size(); ++k) theta[block->walks.own()[k]] = (*at)[static_cast<Eigen::Index>(k)];
      }
    if (active.empty()) break;
    ++out.evaluations;
    const bool ok = function.evaluate(theta, residuals, &jacobian).ok() && residuals.allFinite() && jacobian.allFinite();
    for (Block* block : active) {
      if (ok) block->walks.take(block->squares.at(residuals, jacobian));
      else block->walks.failed();
    }
  }
  while (const Eigen::VectorXd* at = joint.next()) {
    ++out.evaluations;
    if (function.evaluate(*at, residuals, &jacobian).ok() && residuals.allFinite() && jacobian.allFinite()) joint.take({residuals.squaredNorm(), jacobian.transpose() * jacobian, jacobian.transpose() * residuals});
    else joint.failed();
  }
  out.improved = joint.improved();
  for (const auto& [part, block] : blocks) out.improved = std::max(out.improved, block->walks.improved());
  for (const ProfileInterval& one : out.intervals) out.unsettled += one.settled ? 0 : 1;
  return out;
}

}  // namespace hyped
