// `hyped image inspect FOLDER` and `hyped image phases TRACKS`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/image.hpp"
#include "experiments/image/inspect_images.hpp"

namespace hyped::commands {

void add_image_inspect(CLI::App& image, int& exit_code) {
  struct Arguments : FrameArguments {
    int every = 20;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = image.add_subcommand("inspect", "Wells, frames, channels and numbers of a HYPED folder, and bad files");
  command->add_option("--every", args->every, "look at one frame in so many; 1: all")->check(positive_count())->capture_default_str();
  args->add_frames(*command, "hyped image inspect HYB-IMAGEN --out out/frames");
  command->callback([args, &exit_code] {
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_inspect_images(run, args->data, {args->finished_reading(), args->every}); });
  });
}

void add_image_phases(CLI::App& image, int& exit_code) {
  struct Arguments : RunArguments {
    ReporterArguments reporter;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = image.add_subcommand("phases", "Call phases of followed nuclei anew, with intervals");
  command->add_option("TRACKS", args->data, "data/tracks of `hyped image run`")->required();
  args->reporter.add_reporter(*command);
  args->add_common(*command, "hyped image phases out/images/data/tracks --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel Cy5 --start starved --out out/phases");
  command->callback([args, &exit_code] {
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_image_phases(run, args->data, args->reporter.finished(*args)); });
  });
}

}  // namespace hyped::commands
