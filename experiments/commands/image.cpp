// `hyped image ...`: from pictures to nuclei, tracks and phases.
#include "experiments/commands/image.hpp"

#include "experiments/commands/commands.hpp"

namespace hyped::commands {

void add_image(CLI::App& app, int& exit_code) {
  auto* image = app.add_subcommand("image", "Pictures: nuclei, tracks and phases from frames");
  image->require_subcommand(1);
  image->footer("Example: hyped image track nuclei.tsv --dna-channel Cy5 --cycling-channel tagGFP --out out/tracks");
  add_image_denoise(*image, exit_code);
  add_image_score(*image, exit_code);
  add_image_track(*image, exit_code);
}

}  // namespace hyped::commands
