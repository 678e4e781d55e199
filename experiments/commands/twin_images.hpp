// `hyped twin images`, declared for the other verbs of `hyped twin`.
#pragma once
#include <CLI/CLI.hpp>

namespace hyped::commands {

void add_twin_images(CLI::App& twin, int& exit_code);

}  // namespace hyped::commands
