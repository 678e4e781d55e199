// `hyped image track NUCLEI`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/image.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/image/track_nuclei.hpp"
#include "libhyped/units.hpp"

namespace hyped::commands {

void add_image_track(CLI::App& image, int& exit_code) {
  struct Arguments : RunArguments {
    NucleiReading reading;
    LinkOptions link;
    double interval_min = 0;
    std::string labels;
    bool no_divisions = false, ends_at_break = false;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = image.add_subcommand("track", "Measured nuclei to cells: gaps, divisions with their evidence, the film's break");
  command->add_option("NUCLEI", args->data, "table of nuclei: frame, row, column, area, CHANNEL_median, CHANNEL_ring ...")->required();
  command->add_option("--frame-interval-min", args->interval_min, "minutes from frame to frame, where the table has no time_h")->check(positive_number());
  command->add_option("--dna-channel", args->link.dna_channel, "of the stain nuclei are found by: total light and condensation");
  command->add_option("--cycling-channel", args->link.cycling_channel, "of the reporter that is lost at division (geminin)");
  command->add_option("--max-distance", args->link.max_distance_px, "px a nucleus moves from frame to frame at most; default: from the data")->check(positive_number())->group(rarely_used);
  command->add_option("--max-gap", args->link.max_gap_frames, "frames between two sightings of one cell at most")->check(positive_count())->capture_default_str();
  command->add_option("--least-evidence", args->link.least_evidence, "of a division, 0 to 1")->check(CLI::Range(0.0, 1.0))->capture_default_str()->group(rarely_used);
  command->add_flag("--no-divisions", args->no_divisions, "cells never divide")->group(rarely_used);
  command->add_option("--break-frame", args->reading.break_frame, "first frame of the second acquisition; 0: none")->check(count_from_zero());
  command->add_flag("--end-at-break", args->ends_at_break, "no cell is followed over the break")->group(rarely_used);
  command->add_option("--pixel-um", args->link.pixel_um, "um per pixel: positions of the tracks in um")->check(positive_number())->group(rarely_used);
  command->add_option("--labels", args->labels, "label pictures of the film (TIFF), to write the challenge's masks too");
  command->add_option("--film", args->link.film, "its name")->capture_default_str()->group(rarely_used);
  command->add_option("--condition", args->link.condition, "its condition")->capture_default_str()->group(rarely_used);
  args->add_common(*command, "hyped image track nuclei.tsv --dna-channel Cy5 --cycling-channel tagGFP --break-frame 67 --out out/tracks");
  command->callback([args, &exit_code] {
    args->reading.frame_interval_h = args->interval_min / units::minutes_per_hour;
    args->link.divisions = !args->no_divisions;
    args->link.link_over_break = !args->ends_at_break;
    run_image_verb(*args, exit_code, [&](RunDirectory& run) { run_image_track(run, args->data, args->reading, args->link, args->labels); });
  });
}

}  // namespace hyped::commands
