// Simulated panels of a three-phase cycle with death, and the table R reads.
#pragma once
#include <fmt/format.h>

#include <fstream>
#include <string>

#include "fitting/panel_fit.hpp"
#include "libhyped/random.hpp"

namespace hyped::testing {

struct PanelTruth {
  double rate[3] = {0.1, 0.15, 0.2}, death[3] = {0.004, 0.004, 0.01}, misread = 0;
  bool uneven = false;
  int looks = 24;
  double step_h = 2;
  int stages = 1;                        // of every phase
};

// Deaths are known to the moment.
inline PanelData simulated_panel(const PanelTruth& truth, int subjects, std::uint64_t seed) {
  PanelData data;
  data.source = "simulated";
  data.phases = {"G1", "S", "G2/M", "dead"};
  data.covariates.resize(1, 0);
  RandomStream random(seed, 0x70616e65, 0);
  for (int i = 0; i < subjects; ++i) {
    PanelSubject subject;
    subject.id = std::to_string(i + 1);
    int state = static_cast<int>(3 * random.uniform()), stage = static_cast<int>(truth.stages * random.uniform());
    double look = 0, jump = 0;
    const auto read = [&] { return state < 3 && random.uniform() < truth.misread ? (state + 1 + static_cast<int>(2 * random.uniform())) % 3 : state; };
    const auto draw = [&] { jump += random.exponential() / (truth.stages * truth.rate[state] + truth.death[state]); };
    draw();
    subject.looks.push_back({0, read()});
    for (int k = 0; k < truth.looks && state < 3; ++k) {
      look += truth.uneven ? truth.step_h * (0.1 + 1.8 * random.uniform()) : truth.step_h;
      while (state < 3 && jump < look) {
        if (random.uniform() * (truth.stages * truth.rate[state] + truth.death[state]) < truth.death[state]) state = 3;
        else if (++stage == truth.stages) state = (state + 1) % 3, stage = 0;
        if (state < 3) draw();
      }
      subject.looks.push_back(state == 3 ? PanelLook{jump, 3, true} : PanelLook{look, read()});
    }
    data.subjects.push_back(std::move(subject));
  }
  return data;
}

inline PanelSpec cycle_with_death(const PanelData& data, bool misread) {
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}, {1, 2}, {2, 0}, {0, 3, true}, {1, 3, true}, {2, 3, true}};
  if (misread) {
    spec.misread = {{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}};
    spec.start = PanelSpec::Start::estimated;
  }
  return spec;
}

inline void write_panel(const PanelData& data, const std::string& file) {
  std::ofstream out(file);
  out << "id,time_h,state\n";
  for (const PanelSubject& subject : data.subjects)
    for (const PanelLook& look : subject.looks) out << fmt::format("{},{:.17g},{}\n", subject.id, look.time_h, look.seen + 1);
}

}  // namespace hyped::testing
