// `hyped image ...`: from pictures to nuclei, tracks and phases.
#include "experiments/commands/image.hpp"

#include <fmt/format.h>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/image_nuclei.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "libhyped/units.hpp"

namespace hyped::commands {

void FrameArguments::add_frames(CLI::App& command, const std::string& example) {
  command.add_option("FOLDER", data, "with <sample>/<well>/t_<n>.hdf5 below it")->required();
  command.add_option("--folder", folders, "what a sample folder holds, over its name: FOLDER=ARM")->allow_extra_args(false)->group(rarely_used);
  command.add_option("--frame-interval-min", interval_min, "minutes from frame to frame; the release does not say")->check(positive_number())->capture_default_str()->group(rarely_used);
  command.add_option("--break-frame", reading.clock.break_index, "first of the second acquisition; 0: there is one")->check(count_from_zero())->capture_default_str();
  command.add_option("--break-h", reading.clock.break_h, "hours at which it began")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command.add_flag("--contiguous", reading.clock.contiguous, "no pause at the break: every frame is one interval after the one before")->group(rarely_used);
  command.add_option("--well", reading.only, "SAMPLE/ID, only this well")->allow_extra_args(false);
  command.add_option("--dataset", reading.frame.dataset, "of the picture in the file; default: found")->group(rarely_used);
  command.add_option("--axes", reading.frame.axes, "stored order: CYX (CXY is the same, as HYPED's authors write it), YXC, TCYX")->group(rarely_used);
  command.add_flag("--transposed", reading.frame.transposed, "rows and columns are exchanged in the files")->group(rarely_used);
  command.add_option("--channel", reading.frame.channels, "name of a stored channel, in their order; default: the file's")->allow_extra_args(false)->group(rarely_used);
  command.add_option("--bit-depth", reading.frame.bit_depth, "of the camera; default: told from the values")->check(count_within(8, 16))->group(rarely_used);
  command.add_flag("--allow-8bit", reading.frame.allow_8bit, "take renderings for display")->group(rarely_used);
  add_common(command, example);
}

HypedImageReading FrameArguments::finished_reading() const {
  HypedImageReading out = reading;
  out.clock.interval_h = interval_min / units::minutes_per_hour;
  const FilmClock& clock = out.clock;
  if (clock.break_index > 0 && !clock.contiguous && clock.break_h <= clock.first_h + (clock.break_index - 1) * clock.interval_h)
    throw InputError(fmt::format("--break-h {:g}", clock.break_h), fmt::format("the frame before the break, {} counted from 0, is at {:.4g} h: time would run backwards", clock.break_index - 1, clock.first_h + (clock.break_index - 1) * clock.interval_h),
                     "give the hours of the second acquisition's first frame, its number with --break-frame, or --contiguous");
  for (const std::string& text : folders) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0) throw InputError("--folder " + text, "is not FOLDER=ARM", "write --folder Myod=siPRRX1");
    const auto arm = arm_of(text.substr(equals + 1));
    if (!arm) throw InputError("--folder " + text, "'" + text.substr(equals + 1) + "' is no arm", "the arms are control, siPRRX1, mmMYOD1, dual");
    out.folders[text.substr(0, equals)] = *arm;
  }
  return out;
}

void ReporterArguments::add_reporter(CLI::App& command) {
  command.add_option("--reporter", reporter, "cdt1_geminin or pip")->required();
  command.add_option("--g1-channel", settings.calls.map.g1_channel, "reporter on in G1 (Cdt1, PIP)")->required();
  command.add_option("--cycling-channel", settings.calls.map.cycling_channel, "geminin reporter")->required();
  command.add_option("--dna-channel", settings.light.dna_channel, "stain that nuclei are found by")->required();
  command.add_option("--start", start, "starved (released at the first frame) or cycling")->required()->check(CLI::IsMember({"starved", "cycling"}));
  command.add_option("--light", light, "auto (by BIC), kinetics or levels")->check(CLI::IsMember({"auto", "kinetics", "levels"}))->capture_default_str()->group(rarely_used);
  command.add_option("--early-g1-h", settings.calls.early_g1_h, "dark nuclei are early G1 for so long after a division that was seen")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command.add_option("--tile-rows", settings.light.tile_rows, "height of a stitched tile [px]; default: found")->check(count_from_zero())->group(rarely_used);
  command.add_option("--tile-columns", settings.light.tile_columns, "width of a stitched tile [px]; default: found")->check(count_from_zero())->group(rarely_used);
  command.add_option("--draws", settings.shares.draws, "of the bootstrap")->check(count_within(40, 100000))->capture_default_str()->group(rarely_used);
}

ImagePhaseSettings ReporterArguments::finished(const RunArguments& run) const {
  ImagePhaseSettings out = settings;
  out.calls.map.reporter = reporter_named(reporter, "--reporter");
  if (out.calls.map.reporter != Reporter::cdt1_geminin && out.calls.map.reporter != Reporter::pip) throw InputError("--reporter " + reporter, "does not tell phases by two channels", "use 'cdt1_geminin' or 'pip'");
  if (channel_named({out.calls.map.g1_channel}, out.calls.map.cycling_channel) == 0) throw InputError("--cycling-channel " + out.calls.map.cycling_channel, "is the G1 channel too", "name two different channels");
  for (const std::string& reporter_channel : {out.calls.map.g1_channel, out.calls.map.cycling_channel})
    if (channel_named({reporter_channel}, out.light.dna_channel) == 0) throw InputError("--dna-channel " + out.light.dna_channel, "is a reporter's channel too", "name the stain of the DNA");
  if ((out.light.tile_rows > 0) != (out.light.tile_columns > 0)) throw InputError("--tile-rows, --tile-columns", "only one of them is given", "give both, or neither");
  out.calls.light = light == "kinetics" ? LightChoice::kinetics : light == "levels" ? LightChoice::levels : LightChoice::automatic;
  out.polarity.starved = start == "starved";
  out.shares.seed = run.seed;
  return out;
}

void add_image(CLI::App& app, int& exit_code) {
  auto* image = app.add_subcommand("image", "Pictures: nuclei, tracks and phases from frames");
  image->require_subcommand(1);
  image->footer("Example: hyped image run HYB-IMAGEN --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel Cy5 --start starved --out out/images");
  add_image_inspect(*image, exit_code);
  add_image_segment(*image, exit_code);
  add_image_measure(*image, exit_code);
  add_image_track(*image, exit_code);
  add_image_phases(*image, exit_code);
  add_image_run(*image, exit_code);
  add_image_denoise(*image, exit_code);
  add_image_score(*image, exit_code);
}

}  // namespace hyped::commands
