// Pictures against a reference, and the paper's Table 4 as it was computed.
#include "experiments/image/score_pictures.hpp"

#include <fmt/format.h>

#include <cmath>

#include "libhyped/image/quality/picture_metrics.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

// Table 4 of the HYPED paper, as printed.
constexpr double printed_mse = 0.000146, printed_psnr = 86.4806, printed_ssim = 0.8777, printed_snr_before = 14.082, printed_snr_after = 15.051;

ExactPlane plane_of(const std::filesystem::path& file) {
  const PictureFile picture(file);
  if (picture.info().planes() > 1) throw InputError(file.string(), fmt::format("holds {} pictures", picture.info().planes()), "give one picture a file");
  return picture.exact_plane();
}

}  // namespace

void run_score_pictures(RunDirectory& run, const PictureScoring& settings) {
  run.set_title("Scores against " + settings.reference.filename().string(), settings.noisy_reference ? "How much did denoising change the picture?" : "How near are the pictures to the clean one?");
  if (!(settings.range > 0)) throw InputError("--range", "is not given", "give the greatest value the pictures can have: 255, 16383 for 14 bits, or 1");
  run.add_input(settings.reference);
  const ExactPlane reference = plane_of(settings.reference) / settings.range;
  if (reference.maxCoeff() > 1 + 1e-9) throw InputError(settings.reference.string(), fmt::format("holds {:.6g}, above the range of {:.6g}", reference.maxCoeff() * settings.range, settings.range), "give the range the camera or the file type has");
  Labels nuclei;
  if (!settings.labels.empty()) {
    run.add_input(settings.labels);
    nuclei = read_labels(settings.labels, 0, static_cast<int>(reference.rows()), static_cast<int>(reference.cols()));
  }
  run.add_setting("range", fmt::format("{:g}: every value is divided by it, and it is the peak of the PSNR and the range of the SSIM", settings.range));
  run.add_setting("reference", settings.noisy_reference ? "the noisy picture itself" : "a clean picture");
  Table scores({{"picture", "", ""}, {"mse", "1", "of values in [0, 1]"}, {"psnr", "dB", "peak 1: the real figure"}, {"psnr_paper", "dB", "peak 255 on values in [0, 1], as in the paper's Table 4: 48.13 dB too high"}, {"ssim", "1", "7 x 7 box, sample covariance, range 1: skimage's default"}, {"ssim_wang", "1", "11 taps of sigma 1.5, population covariance"},
                {"ssim_range_2", "1", "wrong: what skimage 0.19 gives for values in [0, 1] when no range is named"}, {"snr", "1", "mean inside nuclei / sd outside"}, {"snr_db", "dB", "20 log10 of it"}, {"power_snr_db", "dB", "10 log10(mean square inside / outside)"}, {"cnr", "1", "(mean inside - mean outside) / sd outside"}, {"note", "", ""}});
  struct Row {
    double mse = 0, ssim = 0, snr_db = 0;
  };
  std::vector<Row> rows;
  const auto add = [&](const std::string& name, const ExactPlane& picture, bool is_reference) {
    Row row;
    std::vector<Cell> cells{name};
    std::string note;
    if (is_reference) cells.insert(cells.end(), 6, Cell{});
    else {
      row.mse = mean_squared_error(picture, reference);
      row.ssim = structural_similarity(picture, reference, 1);
      const double psnr = peak_signal_to_noise(row.mse, 1), paper = psnr_paper(row.mse);
      if (!std::isfinite(psnr)) note = "equal to the reference: no PSNR";
      cells.insert(cells.end(), {row.mse, cell_of(psnr), cell_of(paper), row.ssim, structural_similarity(picture, reference, 1, SimilarityWindow::gaussian), structural_similarity(picture, reference, 2)});
    }
    if (nuclei.size() > 0) {
      const ContrastRatios ratios = contrast_ratios(picture, nuclei);
      if (ratios.outcome.ok()) {
        row.snr_db = ratios.mean_over_sd_db;
        cells.insert(cells.end(), {ratios.mean_over_sd, ratios.mean_over_sd_db, ratios.power_db, ratios.contrast_to_noise});
      } else {
        cells.insert(cells.end(), 4, Cell{});
        note = ratios.outcome.message;
      }
    } else cells.insert(cells.end(), 4, Cell{});
    cells.push_back(note);
    scores.add_row(cells);
    if (!is_reference) rows.push_back(row);
    return row;
  };
  const Row before = add(settings.reference.filename().string() + (settings.noisy_reference ? " (noisy)" : " (reference)"), reference, true);
  for (const auto& file : settings.pictures) {
    run.add_input(file);
    const ExactPlane picture = plane_of(file) / settings.range;
    if (picture.rows() != reference.rows() || picture.cols() != reference.cols()) throw InputError(file.string(), fmt::format("is {} x {} pixels, the reference {} x {}", picture.rows(), picture.cols(), reference.rows(), reference.cols()), "compare pictures of one shape");
    const Row row = add(file.filename().string(), picture, false);
    run.add_answer(fmt::format("{}: PSNR {:.2f} dB, SSIM {:.4f}{}.", file.filename().string(), peak_signal_to_noise(row.mse, 1), row.ssim, settings.noisy_reference ? ", both against the noisy picture: they say how little was changed" : ""));
  }
  fmt::print("\n{}\n", to_terminal(scores, "tables/scores.tsv"));
  run.add_table("scores", scores, "Every picture against the reference.");
  Table paper({{"figure", "", ""}, {"printed", "", "in the paper's Table 4"}, {"first_picture", "", "the same for the first picture scored here, against the reference given"}, {"meaning", "", ""}});
  paper.add_row({std::string("mse"), printed_mse, rows.empty() ? Cell{} : Cell(rows[0].mse), std::string("of values in [0, 1]; the paper compares with the noisy picture")});
  paper.add_row({std::string("psnr_paper"), printed_psnr, rows.empty() ? Cell{} : cell_of(psnr_paper(rows[0].mse)), fmt::format("10 log10(255^2 / mse) with the mse above: {:.4f} dB from the printed mse, which is rounded", psnr_paper(printed_mse))});
  paper.add_row({std::string("psnr"), Cell{}, rows.empty() ? Cell{} : cell_of(peak_signal_to_noise(rows[0].mse, 1)), fmt::format("the same mse with its own peak of 1: the printed mse means {:.2f} dB", peak_signal_to_noise(printed_mse, 1))});
  paper.add_row({std::string("ssim"), printed_ssim, rows.empty() ? Cell{} : Cell(rows[0].ssim), std::string("the paper compares with the noisy picture, where a program that does nothing has 1")});
  paper.add_row({std::string("snr before"), printed_snr_before, nuclei.size() > 0 ? cell_of(before.snr_db) : Cell{}, std::string("the paper does not define it; here 20 log10(mean inside / sd outside)")});
  paper.add_row({std::string("snr after"), printed_snr_after, nuclei.size() > 0 && !rows.empty() ? cell_of(rows[0].snr_db) : Cell{}, std::string("with the same nuclei, those of the raw picture: else the denoiser moves its own mask")});
  run.add_table("table_4", paper, "The paper's Table 4, how it came about, and the real figure beside it.");
  run.add_answer(fmt::format("The paper's PSNR of {} dB is a slip of the data range: its mse of {} belongs to values in [0, 1], and 255 was taken for the peak, which adds 48.13 dB. With the peak of 1 it is {:.2f} dB.", printed_psnr, printed_mse, peak_signal_to_noise(printed_mse, 1)));
  if (settings.noisy_reference) run.add_warning("The reference is the noisy picture. A program that changes nothing gets an infinite PSNR and an SSIM of 1: these figures do not say how good a denoiser is. `hyped image denoise` has a test that does.");
}

}  // namespace hyped
