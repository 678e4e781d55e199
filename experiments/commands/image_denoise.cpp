// `hyped image denoise PICTURE`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/image.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/image/denoise_picture.hpp"

namespace hyped::commands {

void add_image_denoise(CLI::App& image, int& exit_code) {
  struct Arguments : RunArguments {
    DenoiseSettings denoise;
    std::vector<std::string> others;
    bool alone = false;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = image.add_subcommand("denoise", "A picture's noise measured, the picture denoised and checked without a clean one");
  command->add_option("PICTURE", args->data, "PNG or TIFF")->required();
  command->add_option("--frame", args->denoise.frame, "of the file")->check(count_from_zero())->capture_default_str();
  command->add_option("--channel", args->denoise.channel, "of the file, counted from 0")->check(count_from_zero())->capture_default_str();
  command->add_option("--step", args->denoise.cosines.step, "px between blocks, 1 to 8: 1 is best, 2 a quarter of the work")->check(count_within(1, 8))->capture_default_str();
  command->add_option("--threshold", args->denoise.cosines.threshold, "times the noise of each frequency")->check(positive_number())->capture_default_str()->group(rarely_used);
  command->add_option("--white-level", args->denoise.cosines.white_level, "saturated from here on; default: not known")->check(positive_number());
  command->add_option("--with", args->others, "the same picture denoised by another program (FM2S), to be checked beside")->allow_extra_args(false);
  command->add_option("--fm2s", args->denoise.network, "train FM2S on a crop (a minute): confocal, two_photon, wide_field");
  command->add_option("--range", args->denoise.range, "greatest value a pixel can have, for --fm2s")->check(positive_number())->group(rarely_used);
  command->add_flag("--alone", args->alone, "no Gaussian and median filters beside")->group(rarely_used);
  args->add_common(*command, "hyped image denoise frame.tif --white-level 16383 --out out/denoised");
  command->callback([args, &exit_code] {
    args->denoise.seed = args->seed;
    args->denoise.compare = !args->alone;
    args->denoise.others.assign(args->others.begin(), args->others.end());
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_image_denoise(run, args->data, args->denoise); });
  });
}

}  // namespace hyped::commands
