// Columns are copied in and out; evaluations share a few rooms.
#include "libhyped/model/batch_column.hpp"

#include <algorithm>

#include "libhyped/model/pack.hpp"

namespace hyped {

struct BatchColumn::Room {
  std::unique_ptr<BatchModel::Scratch> one, eight;
  Eigen::MatrixXd x, u, dx;                  // [S x 8], [K x 8], [S x 8]
  std::vector<double> p;                     // [P]
  Eigen::MatrixXd parameter, input;          // [S x P], [S x K]
};

BatchColumn::BatchColumn(const BatchModel& model) : model_(model), inputs_(model.input_count()) {
  for (const std::string& input : model.inputs()) parameters_.push_back({input, "1", 0, 0, 1e3, "input; 1 at the peak of the reference dose, or in its phase"});
  parameters_.insert(parameters_.end(), model.parameters().begin(), model.parameters().end());
}

BatchColumn::~BatchColumn() = default;

std::unique_ptr<BatchColumn::Room> BatchColumn::take() const {
  {
    const std::lock_guard lock(guard_);
    if (!rooms_.empty()) {
      auto room = std::move(rooms_.back());
      rooms_.pop_back();
      return room;
    }
  }
  auto room = std::make_unique<Room>();
  room->one = model_.scratch(1);
  room->eight = model_.scratch(pack_lanes);
  room->x.resize(model_.state_count(), pack_lanes);
  room->dx.resize(model_.state_count(), pack_lanes);
  room->u.resize(inputs_, pack_lanes);
  room->p.resize(parameters_.size() - static_cast<std::size_t>(inputs_));
  return room;
}

void BatchColumn::give_back(std::unique_ptr<Room> room) const {
  const std::lock_guard lock(guard_);
  rooms_.push_back(std::move(room));
}

void BatchColumn::rates(double, std::span<const double> x, std::span<const double> p, std::span<double> dx) const {
  auto room = take();
  const auto states = static_cast<Eigen::Index>(x.size());
  const Eigen::Map<const Eigen::VectorXd> at(x.data(), states), given(p.data(), inputs_);
  Eigen::Map<Eigen::VectorXd> out(dx.data(), states);
  model_.rates(at, given, p.subspan(static_cast<std::size_t>(inputs_)), out, *room->one);
  give_back(std::move(room));
}

void BatchColumn::linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const {
  rates(t, x, p, dx);
  auto room = take();
  const auto u = p.first(static_cast<std::size_t>(inputs_)), rest = p.subspan(static_cast<std::size_t>(inputs_));
  model_.jacobian(x, u, rest, out.state);
  model_.parameter_jacobian(x, u, rest, room->parameter);
  model_.input_jacobian(x, u, rest, room->input);
  out.parameter.resize(static_cast<Eigen::Index>(x.size()), static_cast<Eigen::Index>(p.size()));
  out.parameter.leftCols(inputs_) = room->input;
  out.parameter.rightCols(room->parameter.cols()) = room->parameter;
  give_back(std::move(room));
}

void BatchColumn::pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const {
  auto room = take();
  bool shared = true;
  for (std::size_t j = 0; j < room->p.size() && shared; ++j) {
    const Pack& value = p[static_cast<std::size_t>(inputs_) + j];
    room->p[j] = value[0];
    for (int lane = 1; lane < pack_lanes; ++lane) shared = shared && value[lane] == value[0];
  }
  if (!shared) {
    give_back(std::move(room));
    return Model::pack_rates(t, x, p, dx);
  }
  for (Eigen::Index i = 0; i < room->x.rows(); ++i)
    for (int lane = 0; lane < pack_lanes; ++lane) room->x(i, lane) = x[i][lane];
  for (Eigen::Index k = 0; k < inputs_; ++k)
    for (int lane = 0; lane < pack_lanes; ++lane) room->u(k, lane) = p[k][lane];
  model_.rates(room->x, room->u, room->p, room->dx, *room->eight);
  for (Eigen::Index i = 0; i < room->x.rows(); ++i)
    for (int lane = 0; lane < pack_lanes; ++lane) dx[i].set(lane, room->dx(i, lane));
  give_back(std::move(room));
}

}  // namespace hyped
