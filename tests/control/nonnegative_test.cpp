// Non-negative least squares from Gram matrices: against every set of columns, against its own conditions, against SciPy.
#include "experiments/control/factors/nonnegative_least_squares.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>

#include "tests/control/made_factors.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::testing;

TEST_CASE("non-negative inputs are the best of every set of columns") {
  for (std::uint32_t job = 0; job < 60; ++job) {
    const Eigen::Index n = 1 + job % 6;
    const Eigen::MatrixXd c = normal_matrix(12, n, job);
    const Eigen::VectorXd r = normal_matrix(12, 1, 500 + job);
    Eigen::VectorXd u;
    const double distance = brute_distance(c, r, &u);
    const auto found = nonnegative_least_squares(c.transpose() * c, c.transpose() * r);
    REQUIRE(found.outcome.ok());
    CHECK((r - c * found.u).norm() == Approx(distance).epsilon(1e-12));
    CHECK((found.u - u).norm() < 1e-9 * (1 + u.norm()));
    CHECK(r.squaredNorm() - found.gain == Approx(distance * distance).epsilon(1e-10));
  }
}

TEST_CASE("many columns meet the conditions of the optimum") {
  for (std::uint32_t job = 0; job < 10; ++job) {
    const Eigen::MatrixXd c = normal_matrix(80, 40, 40 + job);
    const Eigen::VectorXd r = normal_matrix(80, 1, 90 + job);
    const auto found = nonnegative_least_squares(c.transpose() * c, c.transpose() * r);
    REQUIRE(found.outcome.ok());
    const Eigen::VectorXd slope = c.transpose() * (r - c * found.u);
    for (Eigen::Index k = 0; k < 40; ++k) {
      CHECK(found.u[k] >= 0);
      CHECK(slope[k] < 1e-9);
      CHECK(std::abs(slope[k] * found.u[k]) < 1e-9);
    }
  }
}

TEST_CASE("columns that repeat, or are zero, do no harm") {
  Eigen::MatrixXd c = normal_matrix(20, 5, 7);
  c.col(3) = c.col(0), c.col(4).setZero();
  const Eigen::VectorXd r = c.col(0) * 2 + c.col(1) + 0.1 * normal_matrix(20, 1, 8);
  const auto found = nonnegative_least_squares(c.transpose() * c, c.transpose() * r);
  REQUIRE(found.outcome.ok());
  CHECK((r - c * found.u).norm() == Approx(brute_distance(c.leftCols(3), r)).epsilon(1e-10));
  CHECK_FALSE(interior_pair(c.col(0).squaredNorm(), c.col(3).squaredNorm(), c.col(0).dot(c.col(3)), 1, 1).interior);
  const auto away = nonnegative_least_squares(c.transpose() * c, -(c.transpose() * c).rowwise().sum().eval().cwiseAbs());
  CHECK(away.u.norm() == 0);
  CHECK(away.gain == 0);
}

TEST_CASE("pairs and triples in closed form are those of active sets") {
  int interior = 0;
  for (std::uint32_t job = 0; job < 200; ++job) {
    const Eigen::MatrixXd c = normal_matrix(9, 3, 1000 + job);
    const Eigen::VectorXd r = c * Eigen::Vector3d(1, 0.5, 0.2) + normal_matrix(9, 1, 3000 + job);
    const Eigen::MatrixXd g = c.transpose() * c;
    const Eigen::VectorXd h = c.transpose() * r;
    const auto whole = nonnegative_least_squares(g, h);
    const auto three = interior_triple(g(0, 0), g(1, 1), g(2, 2), g(0, 1), g(0, 2), g(1, 2), h[0], h[1], h[2]);
    CHECK(three.interior == (whole.u.minCoeff() > 0));
    interior += three.interior ? 1 : 0;
    if (three.interior) CHECK(three.gain == Approx(whole.gain).epsilon(1e-11));
    const auto two = interior_pair(g(0, 0), g(1, 1), g(0, 1), h[0], h[1]);
    const auto part = nonnegative_least_squares(g.topLeftCorner(2, 2), h.head(2));
    CHECK(two.interior == (part.u.minCoeff() > 0));
    if (two.interior) CHECK(two.gain == Approx(part.gain).epsilon(1e-11));
  }
  CHECK(interior > 40);
}

TEST_CASE("non-negative inputs are SciPy's", "[peers]") {
  std::string code = "import numpy as np\nfrom scipy.optimize import nnls\n";
  std::vector<Eigen::MatrixXd> problems;
  for (std::uint32_t job = 0; job < 20; ++job) {
    problems.push_back(normal_matrix(30, 1 + job, 5000 + job));      // last column: the right side
    char number[40];
    code += "m=np.array([";
    for (const double v : problems.back().reshaped()) std::snprintf(number, sizeof number, "%.17g,", v), code += number;
    code += "]).reshape(-1,30).T\n";
    code += job == 0 ? "print(np.linalg.norm(m[:,0]))\n" : "print(nnls(m[:,:-1],m[:,-1])[1])\n";
  }
  const CommandFolder folder;
  folder.write("nnls.py", code);
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("python3 " + (folder.path() / "nnls.py").string() + " 2>/dev/null").c_str(), "r"), pclose);
  double theirs = 0;
  if (!pipe || std::fscanf(pipe.get(), "%lf", &theirs) != 1) {
    WARN("skipped: no SciPy (Debian python3-scipy)");
    return;
  }
  for (std::size_t k = 1; k < problems.size(); ++k) {
    REQUIRE(std::fscanf(pipe.get(), "%lf", &theirs) == 1);
    const Eigen::MatrixXd c = problems[k].leftCols(problems[k].cols() - 1);
    const Eigen::VectorXd r = problems[k].rightCols(1);
    const auto found = nonnegative_least_squares(c.transpose() * c, c.transpose() * r);
    CHECK((r - c * found.u).norm() == Approx(theirs).epsilon(1e-10));
  }
}
