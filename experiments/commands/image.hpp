// The verbs of `hyped image`, one function each.
#pragma once
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "experiments/commands/run_arguments.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {

template <class Verb>
void run_image_verb(RunArguments& args, int& exit_code, const Verb& verb) {
  set_threads(args.threads);
  args.note_start();
  RunDirectory folder(args.out, args.command_line, args.seed);
  verb(folder);
  for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
  exit_code = args.finish(folder);
}

void add_image_denoise(CLI::App& image, int& exit_code);
void add_image_score(CLI::App& image, int& exit_code);
void add_image_track(CLI::App& image, int& exit_code);

}  // namespace hyped::commands
