// CellBox's equations written out plainly as a batch model: an implementation independent of models/gene_network.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/batch_model.hpp"

namespace hyped::testing {

// dx/dt = a tanh(W x + V u) - x; parameters W (rows first), V, a. States g1.., inputs u1...
class PlainNetwork final : public BatchModel {
 public:
  PlainNetwork(int genes, int inputs) : genes_(genes) {
    for (int i = 0; i < genes; ++i) names_.push_back("g" + std::to_string(i + 1));
    for (int k = 0; k < inputs; ++k) inputs_.push_back("u" + std::to_string(k + 1));
    for (const auto& name : names_) states_.push_back({name, "1", 0});
    const int edges = genes * (genes + inputs);
    for (int e = 0; e < edges; ++e) parameters_.push_back({"edge", "1", 0, -10, 10});
    for (int i = 0; i < genes; ++i) parameters_.push_back({"capacity", "1/h", 1, 0.1, 100});
  }
  int edge(int to, int from) const { return to * genes_ + from; }
  int input_edge(int to, int input) const { return genes_ * genes_ + to * input_count() + input; }
  int capacity(int gene) const { return genes_ * (genes_ + input_count()) + gene; }

  std::string_view name() const override { return "plain"; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const std::string> inputs() const override { return inputs_; }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  std::unique_ptr<Scratch> scratch(int) const override { return std::make_unique<Scratch>(); }
  void rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix dx, Scratch&) const override {
    dx = (a(p).asDiagonal() * z(x, u, p).array().tanh().matrix()) - Eigen::MatrixXd(x);
  }
  void pull_back(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Scratch&) const override {
    const Eigen::MatrixXd t = z(x, u, p).array().tanh(), d = (a(p).asDiagonal() * (1 - t.array().square()).matrix()).cwiseProduct(Eigen::MatrixXd(w));
    x_bar += weights(p).transpose() * d - Eigen::MatrixXd(w);
    if (p_bar.empty()) return;
    const Eigen::MatrixXd dw = d * x.transpose(), dv = d * u.transpose();
    for (int i = 0; i < genes_; ++i) {
      for (int j = 0; j < genes_; ++j) p_bar[static_cast<std::size_t>(edge(i, j))] += dw(i, j);
      for (int k = 0; k < input_count(); ++k) p_bar[static_cast<std::size_t>(input_edge(i, k))] += dv(i, k);
      p_bar[static_cast<std::size_t>(capacity(i))] += w.row(i).dot(t.row(i));
    }
  }
  void jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override {
    const Eigen::MatrixXd t = z(Eigen::Map<const Eigen::VectorXd>(x.data(), genes_), Eigen::Map<const Eigen::VectorXd>(u.data(), input_count()), p).array().tanh();
    out = (a(p).array() * (1 - t.col(0).array().square())).matrix().asDiagonal() * weights(p);
    out.diagonal().array() -= 1;
  }
  void parameter_jacobian(std::span<const double>, std::span<const double>, std::span<const double>, Eigen::MatrixXd&) const override { HYPED_REQUIRE(false); }

  Eigen::MatrixXd weights(std::span<const double> p) const { return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(p.data(), genes_, genes_); }

 private:
  Eigen::MatrixXd z(const Eigen::MatrixXd& x, const Eigen::MatrixXd& u, std::span<const double> p) const {
    const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> v(p.data() + genes_ * genes_, genes_, input_count());
    return weights(p) * x + v * u;
  }
  Eigen::VectorXd a(std::span<const double> p) const { return Eigen::Map<const Eigen::VectorXd>(p.data() + capacity(0), genes_); }
  int genes_;
  std::vector<std::string> names_, inputs_;
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
};

}  // namespace hyped::testing
