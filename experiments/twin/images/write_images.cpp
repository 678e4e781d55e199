// The twin's pictures in the layout of the release, and the truth beside them.
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <set>

#include "experiments/twin/images/image_twin.hpp"
#include "libhyped/hdf5/file.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"

namespace hyped {
namespace fs = std::filesystem;

std::vector<std::uint64_t> h5py_chunk(const std::vector<std::uint64_t>& shape, std::size_t bytes) {
  std::vector<std::uint64_t> chunk = shape;
  const auto size = [&] {
    double out = static_cast<double>(bytes);
    for (const auto d : chunk) out *= static_cast<double>(d);
    return out;
  };
  const double target = std::clamp(16384 * std::exp2(std::log10(size() / (1024 * 1024))), 8192.0, 1024.0 * 1024.0);
  for (std::size_t i = 0;; ++i) {
    double elements = 1;
    for (const auto d : chunk) elements *= static_cast<double>(d);
    if ((size() < target || std::abs(size() - target) / target < 0.5) && size() < 1024.0 * 1024.0) break;
    if (elements == 1) break;
    auto& d = chunk[i % chunk.size()];
    d = (d + 1) / 2;
  }
  return chunk;
}

namespace {

void write_frame(const fs::path& file, const ImageTwin& twin, const FieldFilm& film, const ImageTwinWell& well, int frame, std::int64_t number, const ImageTwinFiles& files) {
  const auto rows = static_cast<std::uint64_t>(twin.settings().rows), columns = static_cast<std::uint64_t>(twin.settings().columns);
  PlaneOf<std::uint16_t> scene(static_cast<Eigen::Index>(4 * rows), static_cast<Eigen::Index>(columns));
  for (std::size_t c = 0; c < release_channels.size(); ++c)
    scene.middleRows(static_cast<Eigen::Index>(c * rows), static_cast<Eigen::Index>(rows)) = twin.pictures().picture(film, frame, release_channels[c]);
  hdf5::Packing packing;
  packing.gzip = files.gzip;
  packing.shuffle = false;
  packing.chunk = h5py_chunk({4, rows, columns}, sizeof(std::uint16_t));
  const auto out = hdf5::File::create(file);
  hdf5::Group root = out.root();
  root.write_numbers("Scene", hdf5::NumberType::u16, {4, rows, columns}, scene.data(), packing);
  root.write_text("Channels", {4}, release_channels);
  root.create("metadata");
  root.set_attribute("metadata", "sample", well.sample);
  root.set_integer("metadata", "sampleID", std::stoll(well.id));
  root.set_integer("metadata", "time", number);
}

void write_labels(const fs::path& file, const ImageTwin& twin, const FieldFilm& film, int frame) {
  const Labels labels = twin.pictures().labels(film, frame);
  hdf5::Packing packing;
  packing.gzip = 1;
  const auto out = hdf5::File::create(file);
  out.root().write_numbers("labels", hdf5::NumberType::i32, {static_cast<std::uint64_t>(labels.rows()), static_cast<std::uint64_t>(labels.cols())}, labels.data(), packing);
}

void append_nuclei(std::ofstream& out, const ImageTwin& twin, const FieldFilm& film, const ImageTwinWell& well) {
  for (std::size_t f = 0; f < film.frames.size(); ++f)
    for (std::size_t i = 0; i < film.frames[f].size(); ++i) {
      const DrawnNucleus& n = film.frames[f][i];
      const auto [row, column] = twin.pictures().seen_at(film, static_cast<int>(f), n.row, n.column);
      if (n.cell < 0 || row < 0 || column < 0 || row > twin.settings().rows - 1 || column > twin.settings().columns - 1) continue;
      out << fmt::format("{}\t{}\t{}\t{}\t{}\t{:.6g}\t{}\t{:.2f}\t{:.2f}\t{}\t{}\t{}\t{:.1f}\t{:.1f}\t{:.1f}\n", well.sample, well.id, well.condition, well.well, twin.settings().first_number + static_cast<int>(f), film.times_h[f], i + 1, row, column, n.cell,
                         film.phases[static_cast<std::size_t>(n.phase)], n.labelled ? 1 : 0, n.light[0], n.light[1], n.dna);
    }
}

void add_tables(RunDirectory& run, const ImageTwin& twin) {
  Table truth({{"name", "", ""}, {"truth", "", "value the cells were simulated with, natural units"}});
  for (const auto& [name, value] : twin.truth()) truth.add_row({name, value});
  run.add_table("truth", truth, "What the cells were made with.");
  const ExpectedShares expected = twin.expected();
  Table shares({{"sample", "", ""}, {"id", "", ""}, {"condition", "", ""}, {"time_h", "h", ""}, {"class", "", ""}, {"share", "1", "of the labelled cells, of infinitely many with this well's rates"}});
  for (std::size_t w = 0; w < twin.wells().size(); ++w)
    for (std::size_t t = 0; t < expected.times_h.size(); ++t)
      for (std::size_t k = 0; k < expected.classes.size(); ++k)
        shares.add_row({twin.wells()[w].sample, twin.wells()[w].id, twin.wells()[w].condition, expected.times_h[t], expected.classes[k], expected.wells[w](static_cast<int>(t), static_cast<int>(k))});
  run.add_table("truth_shares", shares, "Shares of the phases among labelled cells, by simulation of 20000 cells a well.");
}

}  // namespace

void run_image_twin(RunDirectory& run, const ImageTwin& twin, const ImageTwinFiles& files) {
  const ImageTwinSettings& s = twin.settings();
  run.add_setting("picture", fmt::format("{} x {} pixels, tiles of {} x {}, channels tagGFP, MKate, Cy5, Oblique", s.rows, s.columns, s.tile_rows, s.tile_columns));
  run.add_setting("reporters", fmt::format("{}: {} in G1, {} in cycling cells; {} stains DNA", to_string(s.reporter), s.g1_channel, s.cycling_channel, s.dna_channel));
  std::error_code error;
  fs::create_directories(run.path_for("truth"), error);
  std::ofstream nuclei(run.path_for("truth/nuclei.tsv"));
  nuclei << "sample\tid\tcondition\twell\tframe\ttime_h\tlabel\trow\tcolumn\tcell\tphase\tlabelled\tg1_light\tcycling_light\tdna\n";
  const std::set<int> gaps(files.left_out.begin(), files.left_out.end());
  std::size_t frames = 0;
  std::unique_ptr<Progress> progress;
  for (std::size_t w = 0; w < twin.wells().size(); ++w) {
    const ImageTwinWell& well = twin.wells()[w];
    const FieldFilm film = twin.film(static_cast<int>(w));
    if (!progress) progress = std::make_unique<Progress>("frames", static_cast<long>(film.frames.size() * twin.wells().size()));
    const fs::path folder = run.path_for("Imaging/Imaging/" + well.sample + "/" + well.id + "/x").parent_path(), labels = run.path_for("truth/labels/" + well.sample + "/" + well.id + "/x").parent_path();
    fs::create_directories(folder, error);
    if (files.label_images) fs::create_directories(labels, error);
    parallel_for(static_cast<int>(film.frames.size()), [&](int f) {
      const int number = s.first_number + f;
      if (!gaps.contains(number)) {
        const std::string name = fmt::format("t_{}.hdf5", number);
        write_frame(folder / name, twin, film, well, f, number, files);
        if (files.label_images) write_labels(labels / fmt::format("labels_{}.hdf5", number), twin, film, f);
      }
      progress->advance();
    });
    frames += film.frames.size();
    append_nuclei(nuclei, twin, film, well);
    if (film.break_frame > 0 && w == 0) run.add_note(fmt::format("The second acquisition begins with frame {} ({} h): the field is moved by {} pixels, {:.0f} % brighter and less sharp.", s.first_number + film.break_frame, film.times_h[static_cast<std::size_t>(film.break_frame)], s.break_shift_px, 100 * (s.break_gain - 1)));
  }
  if (!nuclei.flush()) throw InputError(run.path_for("truth/nuclei.tsv").string(), "cannot be written", "check that the disk is not full");
  add_tables(run, twin);
  run.add_result("frames", static_cast<double>(frames), "frame files, all wells");
  run.add_answer(fmt::format("{} wells of up to {} frames each, {} x {} pixels: Imaging/Imaging/<sample>/<id>/t_<n>.hdf5 as the release has them; truth/labels and truth/nuclei.tsv say what is in them.", twin.wells().size(), frames / std::max<std::size_t>(1, twin.wells().size()), s.rows, s.columns));
}

}  // namespace hyped
