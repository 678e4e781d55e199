// `hyped twin images`.
#include "experiments/commands/twin_images.hpp"

#include <fmt/format.h>

#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/twin/images/image_twin.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {

void add_twin_images(CLI::App& twin, int& exit_code) {
  struct Arguments : RunArguments {
    ImageTwinSettings settings;
    ImageTwinFiles files;
    int wells = 0;
    bool no_labels = false, release = false;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  args->scenario = "hyped_images";
  ImageTwinSettings& s = args->settings;
  auto* command = twin.add_subcommand("images", "Frames of ten wells in the layout of the release, with labels and truth");
  command->add_option("SCENARIO", args->scenario, "a TOML file with [twin], or a shipped scenario")->capture_default_str();
  command->add_flag("--release-size", args->release, "2826 x 3245 pixels, whatever --rows and --columns say");
  command->add_option("--rows", s.rows, "of a picture")->check(positive_count())->capture_default_str();
  command->add_option("--columns", s.columns, "of a picture")->check(positive_count())->capture_default_str();
  command->add_option("--frames", s.frames, "of the scenario's times; 0: all")->check(count_from_zero())->capture_default_str();
  command->add_option("--wells", args->wells, "of each arm at most; 0: as the scenario")->check(count_from_zero())->capture_default_str();
  command->add_option("--cells", s.cells_per_frame, "seeded in a field of the release's size")->check(positive_number())->capture_default_str();
  command->add_option("--break-frame", s.break_frame, "first frame of the second acquisition; -1: where the times jump, 0: none")->capture_default_str();
  command->add_option("--first-number", s.first_number, "of the files")->check(count_within(0, 1))->capture_default_str();
  command->add_option("--leave-out", args->files.left_out, "number of a frame that is not written")->allow_extra_args(false);
  command->add_option("--gzip", args->files.gzip, "level of the frames; 0: as they are")->check(count_within(0, 9))->capture_default_str();
  command->add_flag("--no-labels", args->no_labels, "no label pictures");
  args->add_common(*command, "hyped twin images --wells 1 --frames 20 --out out/film --seed 7");
  command->callback([args, &exit_code] {
    if (args->release) args->settings.rows = 2826, args->settings.columns = 3245;
    args->files.label_images = !args->no_labels;
    const Scenario scenario = args->read();
    args->settings.reporter = scenario.setup.map.reporter;
    RunDirectory run(args->out, args->command_line, args->seed);
    run.set_title(scenario.title, "A twin to test methods on: pictures of simulated cells, and what is in them.");
    run.add_input(scenario.file);
    run_image_twin(run, ImageTwin(scenario, args->settings, args->seed, args->wells), args->files);
    for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
    exit_code = args->finish(run);
  });
}

}  // namespace hyped::commands
