// SUNDIALS CVODE as a peer of the benchmarks: BDF, dense Newton with the exact Jacobian, one object reused for many runs.
#pragma once
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

#include <Eigen/Core>
#include <functional>
#include <span>

namespace hyped::bench {

class CvodePeer {
 public:
  using Rates = std::function<void(double t, const double* x, double* dx)>;
  using Jacobian = std::function<void(double t, const double* x, double* j)>;      // column major [S x S], zero when called

  CvodePeer(int states, Rates rates, Jacobian jacobian) : states_(states), rates_(std::move(rates)), jacobian_(std::move(jacobian)) {
    SUNContext_Create(nullptr, &context_);
    y_ = N_VNew_Serial(states, context_);
    N_VConst(0, y_);
    solver_ = CVodeCreate(CV_BDF, context_);
    CVodeInit(solver_, [](double t, N_Vector y, N_Vector dy, void* self) { return static_cast<CvodePeer*>(self)->rates_(t, NV_DATA_S(y), NV_DATA_S(dy)), 0; }, 0, y_);
    CVodeSetUserData(solver_, this);
    CVodeSetMaxNumSteps(solver_, 10'000'000);
    CVodeSetErrHandlerFn(solver_, [](int, const char*, const char*, char*, void*) {}, nullptr);
    CVodeSStolerances(solver_, 1e-8, 1e-8);
    matrix_ = SUNDenseMatrix(states, states, context_);
    linear_ = SUNLinSol_Dense(y_, matrix_, context_);
    CVodeSetLinearSolver(solver_, linear_, matrix_);
    CVodeSetJacFn(solver_, [](double t, N_Vector y, N_Vector, SUNMatrix j, void* self, N_Vector, N_Vector, N_Vector) {
      return static_cast<CvodePeer*>(self)->jacobian_(t, NV_DATA_S(y), SM_DATA_D(j)), 0;
    });
  }
  CvodePeer(const CvodePeer&) = delete;
  CvodePeer& operator=(const CvodePeer&) = delete;
  ~CvodePeer() {
    CVodeFree(&solver_);
    SUNLinSolFree(linear_);
    SUNMatDestroy(matrix_);
    N_VDestroy(y_);
    SUNContext_Free(&context_);
  }

  // States at the times [T x S]; false when the solver gives up.
  bool run(double start, std::span<const double> initial, std::span<const double> times, double relative, double absolute, Eigen::MatrixXd& out) {
    std::copy(initial.begin(), initial.end(), NV_DATA_S(y_));
    CVodeReInit(solver_, start, y_);
    CVodeSStolerances(solver_, relative, absolute);
    CVodeSetStopTime(solver_, times.back());
    out.resize(static_cast<Eigen::Index>(times.size()), states_);
    for (std::size_t i = 0; i < times.size(); ++i) {
      double t = start;
      if (CVode(solver_, times[i], y_, &t, CV_NORMAL) < 0) return false;
      out.row(static_cast<Eigen::Index>(i)) = Eigen::Map<const Eigen::RowVectorXd>(NV_DATA_S(y_), states_);
    }
    return true;
  }
  long steps() const {
    long count = 0;
    CVodeGetNumSteps(solver_, &count);
    return count;
  }

 private:
  int states_;
  Rates rates_;
  Jacobian jacobian_;
  SUNContext context_ = nullptr;
  N_Vector y_ = nullptr;
  void* solver_ = nullptr;
  SUNMatrix matrix_ = nullptr;
  SUNLinearSolver linear_ = nullptr;
};

}  // namespace hyped::bench
