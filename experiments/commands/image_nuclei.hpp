// Arguments of `hyped image segment` and `hyped image measure`.
#pragma once
#include "experiments/commands/run_arguments.hpp"
#include "experiments/image/segment_pictures.hpp"

namespace hyped::commands {

struct NucleiArguments : RunArguments {
  NucleiSettings settings;
  void add_pictures(CLI::App& command, const std::string& example);
};

void add_image_segment(CLI::App& image, int& exit_code);
void add_image_measure(CLI::App& image, int& exit_code);

}  // namespace hyped::commands
