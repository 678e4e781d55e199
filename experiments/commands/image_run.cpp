// `hyped image run FOLDER`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/image.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/image/image_run.hpp"

namespace hyped::commands {

void add_image_run(CLI::App& image, int& exit_code) {
  struct Arguments : FrameArguments {
    ReporterArguments reporter;
    ImageRunSettings settings;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = image.add_subcommand("run", "From a HYPED folder to phase counts: segment, measure, follow, call");
  args->reporter.add_reporter(*command);
  command->add_option("--radius", args->settings.segment.radius, "of a nucleus [px]; default: measured")->check(number_from_zero())->group(rarely_used);
  command->add_option("--labels", args->settings.labels, "<sample>/<well>/labels_<n>.tif made elsewhere")->check(CLI::ExistingDirectory);
  command->add_option("--overlays", args->settings.overlays, "frames a well drawn with outlines")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  command->add_flag("--resume", args->resume, "go on with a stopped run (OUT.unfinished)");
  args->add_frames(*command, "hyped image run HYB-IMAGEN --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel Cy5 --start starved --out out/images");
  command->callback([args, &exit_code] {
    run_image_verb(*args, exit_code, [&](RunDirectory& run) {
      ImageRunSettings settings = args->settings;
      settings.reading = args->finished_reading();
      settings.phases = args->reporter.finished(*args);
      std::filesystem::path shelf = std::filesystem::absolute(args->out).lexically_normal();
      if (shelf.filename().empty()) shelf = shelf.parent_path();
      shelf += ".unfinished";
      run_images(run, args->data, settings, [&](const auto& identity) { return std::make_unique<FrameShelf>(shelf, identity, args->resume); });
    });
  });
}

}  // namespace hyped::commands
