// `hyped image score pictures|labels|tracks`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/image.hpp"
#include "experiments/image/score_pictures.hpp"
#include "libhyped/units.hpp"

namespace hyped::commands {
namespace {

void add_pictures(CLI::App& score, int& exit_code) {
  struct Arguments : RunArguments {
    PictureScoring scoring;
    std::vector<std::string> pictures;
    std::string clean, noisy, labels;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = score.add_subcommand("pictures", "MSE, PSNR, SSIM and signal-to-noise ratios; the paper's Table 4 by name");
  command->add_option("PICTURES", args->pictures, "to be scored")->required();
  auto* clean = command->add_option("--reference", args->clean, "the clean picture");
  command->add_option("--noisy", args->noisy, "the noisy picture instead, as the paper did")->excludes(clean);
  command->add_option("--range", args->scoring.range, "greatest value a pixel can have: 255, 16383, 1; no default, as a wrong one shows nowhere")->required()->check(positive_number());
  command->add_option("--labels", args->labels, "label picture of the nuclei, for signal-to-noise ratios");
  args->add_common(*command, "hyped image score pictures denoised.tif --reference clean.tif --range 16383 --out out/scores");
  command->callback([args, &exit_code] {
    if (args->clean.empty() && args->noisy.empty()) throw InputError("--reference", "is not given", "give the clean picture, or --noisy with the one that was denoised");
    args->scoring.noisy_reference = args->clean.empty();
    args->scoring.reference = args->clean.empty() ? args->noisy : args->clean;
    args->scoring.labels = args->labels;
    args->scoring.pictures.assign(args->pictures.begin(), args->pictures.end());
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_score_pictures(run, args->scoring); });
  });
}

void add_labels(CLI::App& score, int& exit_code) {
  struct Arguments : RunArguments {
    LabelScoring scoring;
    std::vector<std::string> reference, found;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = score.add_subcommand("labels", "Segmentations: F1, AP, merges and splits, SEG");
  command->add_option("--reference", args->reference, "label pictures drawn by hand")->required();
  command->add_option("--found", args->found, "label pictures to be scored, in the same order")->required();
  command->add_option("--threshold", args->scoring.thresholds, "of intersection over union")->check(CLI::Range(0.5, 0.99))->capture_default_str();
  args->add_common(*command, "hyped image score labels --reference truth.png --found labels.tif --out out/scores");
  command->callback([args, &exit_code] {
    args->scoring.reference.assign(args->reference.begin(), args->reference.end());
    args->scoring.found.assign(args->found.begin(), args->found.end());
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_score_labels(run, args->scoring); });
  });
}

void add_tracks_scores(CLI::App& score, int& exit_code) {
  struct Arguments : RunArguments {
    TrackScoring scoring;
    std::string reference;
    double interval_min = 0;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = score.add_subcommand("tracks", "Tracks: TRA, DET, F1 of links and of divisions");
  command->add_option("TRACKS", args->data, "to be scored, any format `hyped tracks` reads")->required();
  command->add_option("--reference", args->reference, "tracks that are right")->required();
  command->add_option("--max-distance", args->scoring.max_distance, "a found nucleus this near is the reference's, in the unit of the files")->required()->check(positive_number());
  command->add_option("--tolerance", args->scoring.tolerance, "frames by which a division may be off")->check(count_from_zero())->capture_default_str();
  command->add_option("--frame-interval-min", args->interval_min, "minutes from frame to frame, where the files do not say")->check(positive_number());
  args->add_common(*command, "hyped image score tracks out/tracks/data --reference truth --max-distance 7 --out out/scores");
  command->callback([args, &exit_code] {
    args->scoring.found = args->data;
    args->scoring.reference = args->reference;
    args->scoring.reading.frame_interval_h = args->interval_min / units::minutes_per_hour;
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_score_tracks(run, args->scoring); });
  });
}

}  // namespace

void add_image_score(CLI::App& image, int& exit_code) {
  auto* score = image.add_subcommand("score", "Pictures, segmentations and tracks against a reference");
  score->require_subcommand(1);
  score->footer("Example: hyped image score pictures denoised.tif --reference clean.tif --range 16383 --out out/scores");
  add_pictures(*score, exit_code);
  add_labels(*score, exit_code);
  add_tracks_scores(*score, exit_code);
}

}  // namespace hyped::commands
