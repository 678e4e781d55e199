// A screen with known truth: normal cells, changes that share a part, predictions that know some of the rest.
#pragma once
#include "libhyped/random.hpp"
#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped::testing {

struct ScreenSetting {
  int conditions = 20, genes = 40, cells = 30, control_cells = 60;
  double shared = 0.25, own = 0.4, noise = 1;      // sd over genes of the common and of the own part of changes; of a cell
  double knows = 0.6, error = 0.15;                // the model's change: knows * change + error * normal
};

// Group 0 is the control, group 1 + i condition i.
struct Screen {
  SparseRows cells;
  CellGroups groups;
  std::vector<ScoredModel> models;      // "model", "floor" (the common part), both as changes on the control of the day
  CellsBehind behind;
  ProfileMatrix change;                 // [N x G] true
};

inline std::unique_ptr<Screen> simulated_screen(const ScreenSetting& s, std::uint64_t seed, std::uint32_t number) {
  auto out = std::make_unique<Screen>();
  RandomStream random(seed, number, 0);
  RandomStream common(seed, 0xffffffffu, 0);      // the same in all screens of a seed
  const int n = s.conditions, genes = s.genes;
  std::vector<double> base(static_cast<std::size_t>(genes)), shared(base.size());
  for (auto& x : base) x = 2 + common.uniform();
  for (auto& x : shared) x = s.shared * common.normal();
  out->change.resize(n, genes);
  ProfileMatrix predicted(n, genes), floor(n, genes);
  for (int i = 0; i < n; ++i)
    for (int g = 0; g < genes; ++g) {
      out->change(i, g) = shared[static_cast<std::size_t>(g)] + s.own * random.normal();
      predicted(i, g) = s.knows * out->change(i, g) + s.error * random.normal();
      floor(i, g) = shared[static_cast<std::size_t>(g)];
    }
  const int total = s.control_cells + n * s.cells;
  out->cells.rows = total, out->cells.columns = genes;
  out->groups.names.push_back("control");
  for (int i = 0; i < n; ++i) out->groups.names.push_back("p" + std::to_string(i));
  for (int c = 0; c < total; ++c) {
    const int group = c < s.control_cells ? 0 : 1 + (c - s.control_cells) / s.cells;
    out->groups.of_cell.push_back(group);
    for (int g = 0; g < genes; ++g) {
      out->cells.column.push_back(g);
      out->cells.value.push_back(static_cast<float>(base[static_cast<std::size_t>(g)] + (group > 0 ? out->change(group - 1, g) : 0) + s.noise * random.normal()));
    }
    out->cells.start.push_back(static_cast<std::int64_t>(out->cells.column.size()));
  }
  out->behind.cells = &out->cells, out->behind.groups = &out->groups;
  EffectComparison pair;
  for (int g = 0; g < genes; ++g) pair.genes.push_back("g" + std::to_string(g));
  for (int i = 0; i < n; ++i) {
    pair.conditions.push_back({"p" + std::to_string(i), {"p" + std::to_string(i)}, "", static_cast<std::size_t>(s.cells)});
    out->behind.of_condition.push_back(1 + i), out->behind.of_control.push_back(0);
    pair.own_genes.emplace_back();
  }
  const ProfileMatrix means = CellResamples(out->cells, out->groups, 0).means();
  pair.truth = means.bottomRows(n), pair.control = means.row(0).replicate(n, 1), pair.predicted_control = pair.control;
  for (const auto& [name, effect] : {std::pair{"model", &predicted}, std::pair{"floor", &floor}}) {
    const ProfileMatrix change = *effect;
    pair.predicted = pair.control + change;
    out->models.push_back({name, pair, [change](const ProfileMatrix& group_means) { return ProfileMatrix(change.rowwise() + group_means.row(0)); }});
  }
  return out;
}

}  // namespace hyped::testing
