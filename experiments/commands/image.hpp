// The verbs of `hyped image`, one function each.
#pragma once
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "experiments/commands/run_arguments.hpp"
#include "experiments/image/hyped_wells.hpp"
#include "experiments/image/image_phases.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {

// How frames of a HYPED folder are read, where no file says it.
struct FrameArguments : RunArguments {
  HypedImageReading reading;
  double interval_min = 20;
  std::vector<std::string> folders;      // FOLDER=ARM
  void add_frames(CLI::App& command, const std::string& example);
  HypedImageReading finished_reading() const;
};

// What the reporter is, never guessed.
struct ReporterArguments {
  std::string reporter, start, light = "auto";
  ImagePhaseSettings settings;
  void add_reporter(CLI::App& command);
  ImagePhaseSettings finished(const RunArguments& run) const;
};

template <class Verb>
void run_image_verb(RunArguments& args, int& exit_code, const Verb& verb) {
  run_in_folder(args, exit_code, [&](RunDirectory& folder) {
    verb(folder);
    for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
  });
}

void add_image_denoise(CLI::App& image, int& exit_code);
void add_image_inspect(CLI::App& image, int& exit_code);
void add_image_phases(CLI::App& image, int& exit_code);
void add_image_run(CLI::App& image, int& exit_code);
void add_image_score(CLI::App& image, int& exit_code);
void add_image_track(CLI::App& image, int& exit_code);

}  // namespace hyped::commands
