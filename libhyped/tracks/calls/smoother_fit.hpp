// Parameters of the phase smoother from the tracks themselves, by expectation and maximisation.
#pragma once
#include <vector>

#include "libhyped/tracks/calls/phase_smoother.hpp"

namespace hyped {

// levels: each channel is on or off, one mean and spread each. kinetics: within a phase the light rises and falls as the reporter's
// parts are made, mature and are destroyed (models/reporter), seen through a gain and a background per channel.
enum class LightModel { levels, kinetics };

struct SmootherFitOptions {
  LightModel light = LightModel::levels;
  int stages = 3;                          // of every state that is not skipped by nature (those have 1)
  double outlier = 0.01, jump = 1e-4;
  // Of the logarithm of the G1 reporter's light, kinetics only: it grows as long as G1 lasts, and the course is that of a G1 of mean length. A cell that leaves G1 sooner
  // enters S with less than the course says and is read late by its G1 reporter; 1 leaves the boundary to the cycling reporter.
  double least_g1_sd = 0;
  bool brightness = true;                  // cells differ in it; its spread is fitted for each channel
  int cells = 2000;                        // at most, evenly over all; all cells are smoothed in the end
  int iteration_limit = 200;
  double tolerance = 1e-6;                 // gain in log-likelihood per frame at which it stops
};

struct SmootherFit {
  SmootherModel model;
  double log_likelihood = 0;               // of the cells it was fitted to
  long frames = 0;                         // of them
  int iterations = 0, cells = 0, parameter_count = 0;
  std::vector<std::string> notes;          // a channel whose two levels do not separate, a state never visited
  Outcome outcome;                         // not_converged: iteration limit
};

// Sources: Dempster, Laird & Rubin 1977; Rabiner 1989; the expectation step is PhaseSmoother's. In kinetics mode the phases of
// cdt1_geminin are G1 and S/G2/M (both on is a look, not a state), and the gain, background and spreads are fitted by Gauss-Newton. Brightness is a random effect of
// the cell (Laplace's method); its mean is moved into the gain in every round (Liu, Rubin & Wu 1998, Biometrika 85:755).
SmootherFit fit_smoother(const PhaseSmoother& data, const CellTracks& tracks, const ReporterMap& map, const SmootherFitOptions& options = {});

// How well each way of reading the two channels explains the tracks, best first: the map given, its channels swapped, the other
// reporter both ways, each with the light model that suits it better (levels misread a slow rise for an order of phases, kinetics
// know one set of half-lives). Only differences of log_likelihood mean something; parameters are as many but for one or two.
struct MapSupport {
  ReporterMap map;
  LightModel light = LightModel::levels;
  double log_likelihood = 0, per_frame = 0;
  Outcome outcome;
};
std::vector<MapSupport> compare_maps(const CellTracks& tracks, const ReporterMap& map, const SmootherFitOptions& options = {});

}  // namespace hyped
