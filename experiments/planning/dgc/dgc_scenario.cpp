// Keys one by one.
#include "experiments/planning/dgc/dgc_scenario.hpp"

#include <fmt/format.h>

#include <cmath>

#include "experiments/scenario_section.hpp"

namespace hyped {

DgcSettings read_dgc_scenario(const std::filesystem::path& file) {
  TomlFile toml = read_toml(file, "check the path");
  Section top(toml.table, file.string(), "dgc");
  const auto path = [&](const std::string& name) {
    const std::filesystem::path given(name);
    return given.empty() || given.is_absolute() ? given : file.parent_path() / given;
  };
  DgcSettings out;
  out.series = path(top.required("series")), out.prior = path(top.required("prior"));
  out.samples = path(top.text("samples", "")), out.responses = path(top.text("responses", ""));
  out.start = top.text("start", "");
  out.path_until = top.texts("path_until");
  out.target = top.texts("target");
  out.target_cells = path(top.text("target_cells", "")), out.target_label = top.text("target_label", "");
  out.target_set = top.text("target_set", "");
  out.raise = top.number("raise", out.raise);
  const std::string rule = top.text("replicates", "mean");
  if (rule == "each") out.rule = control::ReplicateRule::each;
  else if (rule == "laboratory") out.rule = control::ReplicateRule::laboratory;
  else if (rule != "mean") throw InputError(top.place("replicates"), fmt::format("replicates '{}' is unknown", rule), "write mean, each or laboratory");
  out.least_cpm = top.number("least_cpm", out.least_cpm), out.fold = top.number("fold", out.fold);
  out.least_targets = top.integer("least_targets", out.least_targets), out.weigh = top.flag("confidence", out.weigh);
  out.programmes = top.texts("programmes");
  if (auto follow = top.texts("follow"); !follow.empty()) out.follow = follow;
  out.pool = top.integer("pool", out.pool), out.listed = top.integer("listed", out.listed);
  out.draws = top.integer("draws", out.draws), out.permutations = top.integer("permutations", out.permutations), out.strata = top.integer("strata", out.strata);
  out.rank = top.integer("rank", out.rank), out.sensors = top.integer("sensors", out.sensors);
  top.reject_unknown();
  check_dgc_settings(out, file.string());
  return out;
}

void check_dgc_settings(const DgcSettings& s, const std::string& where) {
  const auto least = [&](const char* name, double value, double lowest) {
    if (!(value >= lowest)) throw InputError(where, fmt::format("{} is {:g}", name, value), fmt::format("give {:g} or more", lowest));
  };
  least("least_cpm", s.least_cpm, 0), least("least_targets", s.least_targets, 1), least("pool", s.pool, 0), least("listed", s.listed, 1), least("permutations", s.permutations, 0);
  least("strata", s.strata, 1), least("rank", s.rank, 0), least("sensors", s.sensors, 1);
  if (!(s.fold > 0)) throw InputError(where, fmt::format("fold is {:g}", s.fold), "give a positive number");
  if (!(s.draws == 0 || s.draws >= 20)) throw InputError(where, fmt::format("draws is {}", s.draws), "give 20 or more, or 0 for no intervals");
  if (!(std::isfinite(s.raise) && s.raise != 0)) throw InputError(where, fmt::format("raise is {:g}: the target would be the start", s.raise), "give the log2 units by which the set's genes are to rise, or fall (below 0)");
  if (!s.target_label.empty() && s.target_cells.empty()) throw InputError(where, "target_label is given without target_cells", "name the file of the cells, or leave it out");
  if (!s.target_cells.empty() && s.target_label.empty()) throw InputError(where, "target_cells is given without target_label", "say which cells are the target, for example cell_type=myotube");
  if (s.path_until.size() > 1) throw InputError(where, "path_until has several times", "give one");
}

}  // namespace hyped
