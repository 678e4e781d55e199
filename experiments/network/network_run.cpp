// `hyped network simulate`: tables, arrays and the figure of one course.
#include "experiments/network/network_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/network/network_course.hpp"
#include "experiments/network/network_figure.hpp"
#include "libhyped/store/run_file.hpp"

namespace hyped {
namespace {

using Eigen::Index;

// Every step from 0, and the end itself.
std::vector<double> output_times(double end, double step, const std::string& where) {
  if (!(end > 0) || !(step > 0)) throw InputError(where, "no time to simulate is given", "add [simulate] end_h, or give --end-h");
  if (end / step > 1e6) throw InputError(where, fmt::format("an output every {:.6g} h to {:.6g} h are more than a million", step, end), "give a larger --step-h");
  std::vector<double> times;
  for (int i = 0; i * step < end * (1 - 1e-9); ++i) times.push_back(i * step);
  times.push_back(end);
  return times;
}

Cell cell_at(const Eigen::MatrixXd& matrix, Index row, Index column) { return matrix.size() > 0 ? cell_of(matrix(row, column)) : Cell{}; }

Table course_table(const NetworkCourse& course) {
  const bool many = course.stochastic && course.sd.size() > 0;
  Table table({{"time_h", "h", ""}, {"name", "", ""}, {"unit", "", ""}, {many ? "mean" : "value", "", ""}, {"sd", "", "of one culture"}, {"mean_error", "", "Monte-Carlo standard error of the mean"}});
  for (std::size_t t = 0; t < course.times_h.size(); ++t)
    for (std::size_t i = 0; i < course.names.size(); ++i) {
      const auto row = static_cast<Index>(t), column = static_cast<Index>(i);
      table.add_row({course.times_h[t], course.names[i], course.units[i], cell_of(course.value(row, column)), cell_at(course.sd, row, column), cell_at(course.mean_error, row, column)});
    }
  return table;
}

// The last rows of the course, under the time they are of.
void print_end(const NetworkCourse& course, double end) {
  if (course.times_h.empty()) return;
  const auto row = static_cast<Index>(course.times_h.size()) - 1;
  const double reached = course.times_h.back();
  Table last({{"name", "", ""}, {"unit", "", ""}, {reached == end ? "at_end" : fmt::format("at_{:.6g}_h", reached), "", ""}, {"sd", "", ""}, {"mean_error", "", ""}});
  for (std::size_t i = 0; i < course.names.size(); ++i) {
    const auto column = static_cast<Index>(i);
    last.add_row({course.names[i], course.units[i], cell_of(course.value(row, column)), cell_at(course.sd, row, column), cell_at(course.mean_error, row, column)});
  }
  std::fprintf(stdout, "\n%s\n", to_terminal(last, "tables/course.tsv").c_str());
}

void add_sensitivities(RunDirectory& run, const InterpretedModel& model, const NetworkCourse& course) {
  const Trajectory& found = course.deterministic;
  if (found.sensitivities.empty()) return;
  Table by({{"time_h", "h", ""}, {"state", "", ""}, {"parameter", "", ""}, {"derivative", "", "d state / d parameter, natural units"}});
  for (std::size_t t = 0; t < found.sensitivities.size(); ++t)
    for (int i = 0; i < model.state_count(); ++i)
      for (int p = 0; p < model.parameter_count(); ++p) {
        const std::string name(model.parameters()[static_cast<std::size_t>(p)].name);
        if (std::find(found.one_sided.begin(), found.one_sided.end(), name) != found.one_sided.end()) continue;
        by.add_row({course.times_h[t], course.names[static_cast<std::size_t>(i)], name, cell_of(found.sensitivities[t](i, p))});
      }
  run.add_table("sensitivities", by, "Forward sensitivities.");
}

}  // namespace

void run_network(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings) {
  const InterpretedModel& model = *network.model;
  const NetworkValues values = values_of(network, settings.set);
  const double end = settings.end_h > 0 ? settings.end_h : network.end_h, step = settings.step_h > 0 ? settings.step_h : settings.end_h > 0 ? end / 100 : network.step_h;
  Experiment experiment;
  experiment.id = std::string(model.name());
  experiment.initial = values.initial;
  experiment.initial_by_parameter = values.initial_by_parameter;
  experiment.schedule = network.schedule;
  experiment.sample_times_h = output_times(end, step, network.file.string());
  const NetworkCourse course = follow_network(network, values, experiment, settings);
  run.add_setting("method", course.method);
  run.add_table("values", values_table(model, values), "Parameters and starts that were used.");
  run.add_table("course", course_table(course), course.sd.size() > 0 ? "Mean and standard deviation over cultures, of states and assignments." : course.stochastic ? "One path: every state and assignment." : "The course of every state and assignment.");
  add_course_figure(run, network, course);
  add_sensitivities(run, model, course);
  RunArrays arrays;
  const std::vector<std::string> columns(course.names.begin(), course.names.begin() + model.state_count());
  const Index reached = static_cast<Index>(course.times_h.size());
  if (reached > 0) arrays.arrays["course/times"] = {Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(course.times_h.data(), reached)), {"time_h"}, {"h"}};
  if (reached > 0) arrays.arrays["course/states"] = {course.value.topLeftCorner(reached, model.state_count()), columns, {}};
  if (course.sd.size() > 0) arrays.arrays["course/variances"] = {course.sd.topLeftCorner(reached, model.state_count()).cwiseAbs2(), columns, {}};
  write_run_file(run.path_for("run.h5"), arrays);
  if (!course.outcome.ok()) {
    run.add_warning(std::isfinite(course.outcome.time_h) ? fmt::format("stopped at {:.6g} h: {}", course.outcome.time_h, course.outcome.message) : course.outcome.message);
    run.set_outcome(course.outcome);
  }
  if (course.times_h.empty()) run.add_answer(fmt::format("{} was not followed: {}.", model.name(), course.outcome.message));
  else run.add_answer(fmt::format("{} followed from 0 to {:.6g} h by {}.", model.name(), course.times_h.back(), course.method));
  std::fprintf(stdout, "%s", to_terminal_paragraph("method    ", course.method).c_str());
  for (const auto& note : course.notes) {
    run.add_note(note);
    std::fprintf(stdout, "%s", to_terminal_paragraph("note      ", note).c_str());
  }
  print_end(course, end);
}

}  // namespace hyped
