// `hyped image segment|measure PICTURE...`.
#include "experiments/commands/image_nuclei.hpp"

#include <fmt/format.h>

#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/image.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {
namespace {

template <class Verb>
void run(NucleiArguments& args, int& exit_code, const Verb& verb) {
  run_image_verb(args, exit_code, [&](RunDirectory& folder) { verb(folder, args.settings); });
}

}  // namespace

void NucleiArguments::add_pictures(CLI::App& command, const std::string& example) {
  command.add_option("PICTURE", settings.pictures.files, "PNG, TIFF or OME-TIFF files; frames in this order")->required();
  command.add_option("--dna-channel", settings.pictures.dna_channel, "of the DNA dye, by name or number from 0; needed where there are several channels");
  command.add_option("--with", settings.pictures.with, "NAME=FILE: a channel in another file of the same frames")->allow_extra_args(false);
  command.add_option("--radius", settings.segment.radius, "of a nucleus [px]; 0: measured once on some frames")->check(number_from_zero())->capture_default_str();
  command.add_flag("--denoise", settings.denoise, "find nuclei on the denoised picture; light is always measured on the raw one");
  command.add_option("--white-level", settings.pictures.white_level, "counts at which the camera is full; 0: told from the values")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command.add_option("--tile-rows", settings.pictures.tile_rows, "rows of each stitched tile; 0: not stitched")->check(count_from_zero())->group(rarely_used);
  command.add_option("--tile-columns", settings.pictures.tile_columns, "columns of each stitched tile")->check(count_from_zero())->group(rarely_used);
  command.add_flag("--allow-rendering", settings.pictures.allow_rendering, "take 8-bit colour pictures, which are clipped and stretched for display")->group(rarely_used);
  command.add_option("--overlays", settings.overlays, "at most so many pictures with outlines")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  add_common(command, example);
}

void add_image_segment(CLI::App& image, int& exit_code) {
  auto args = std::make_shared<NucleiArguments>();      // shared with the callback, which outlives this function
  auto* command = image.add_subcommand("segment", "Nuclei of a DNA dye: label pictures and outlines to look at");
  args->add_pictures(*command, "hyped image segment film.ome.tif --dna-channel Cy5 --out out/nuclei");
  command->callback([args, &exit_code] { run(*args, exit_code, run_segment); });
}

void add_image_measure(CLI::App& image, int& exit_code) {
  auto args = std::make_shared<NucleiArguments>();
  auto* command = image.add_subcommand("measure", "Light and shape of every nucleus in every channel");
  args->add_pictures(*command, "hyped image measure film.ome.tif --dna-channel Cy5 --out out/light");
  command->add_option("--labels", args->settings.labels, "labels made elsewhere (StarDist, Cellpose): TIFF or npy with the same frames")->check(CLI::ExistingFile);
  command->add_flag("--flat-field", args->settings.flat_field, "divide by the lamp's unevenness, measured on the frames");
  command->add_option("--pedestal", args->settings.pedestal, "counts without light")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command->add_option("--ring-from", args->settings.ring_from, "distance of the background ring from nuclei [px]")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command->add_option("--ring-to", args->settings.ring_to, "outer distance of the ring [px]")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command->callback([args, &exit_code] { run(*args, exit_code, run_measure); });
}

}  // namespace hyped::commands
