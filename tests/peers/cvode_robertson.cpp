// Robertson's problem by SUNDIALS CVODE (BDF, dense Newton with the exact Jacobian): one line per sample time.
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

#include <cstdio>

static int rates(realtype, N_Vector y, N_Vector dy, void*) {
  const double* x = NV_DATA_S(y);
  double* d = NV_DATA_S(dy);
  const double slow = 0.04 * x[0], back = 1e4 * x[1] * x[2], fast = 3e7 * x[1] * x[1];
  d[0] = back - slow;
  d[1] = slow - back - fast;
  d[2] = fast;
  return 0;
}

static int jacobian(realtype, N_Vector y, N_Vector, SUNMatrix j, void*, N_Vector, N_Vector, N_Vector) {
  const double* x = NV_DATA_S(y);
  const double rows[3][3] = {{-0.04, 1e4 * x[2], 1e4 * x[1]}, {0.04, -1e4 * x[2] - 6e7 * x[1], -1e4 * x[1]}, {0, 6e7 * x[1], 0}};
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) SM_ELEMENT_D(j, r, c) = rows[r][c];
  return 0;
}

int main() {
  SUNContext context;
  if (SUNContext_Create(nullptr, &context) != 0) return 1;
  N_Vector y = N_VNew_Serial(3, context);
  NV_Ith_S(y, 0) = 1;
  NV_Ith_S(y, 1) = NV_Ith_S(y, 2) = 0;
  void* solver = CVodeCreate(CV_BDF, context);
  CVodeInit(solver, rates, 0, y);
  CVodeSStolerances(solver, 1e-11, 1e-15);
  CVodeSetMaxNumSteps(solver, 100000);
  SUNMatrix a = SUNDenseMatrix(3, 3, context);
  SUNLinearSolver linear = SUNLinSol_Dense(y, a, context);
  CVodeSetLinearSolver(solver, linear, a);
  CVodeSetJacFn(solver, jacobian);
  for (const double until : {0.4, 4.0, 40.0, 400.0}) {
    double t = 0;
    if (CVode(solver, until, y, &t, CV_NORMAL) < 0) return 1;
    std::printf("%.17g %.17g %.17g\n", NV_Ith_S(y, 0), NV_Ith_S(y, 1), NV_Ith_S(y, 2));
  }
  return 0;
}
