// Printed scores read, and the scale they imply.
#include "experiments/benchmark/hyped/published_tables.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/program_files.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

PrintedNumber printed(const DelimitedTable& table, std::size_t row, const std::string& column) {
  const std::size_t at = table.column(column);
  const std::string& text = table.name(row, at);
  const auto point = text.find('.');
  return {table.number(row, at), 0.5 * std::pow(10.0, point == text.npos ? 0 : -static_cast<double>(text.size() - point - 1))};
}

// Root of mse / (2 (1 - likeness)).
NumberRange scale_from(const PrintedNumber& mse, const PrintedNumber& likeness) {
  const auto root = [](double error, double apart) { return std::sqrt(error / (2 * apart)); };
  return {root(mse.value, 1 - likeness.value), root(mse.value - mse.half_step, 1 - likeness.value + likeness.half_step), root(mse.value + mse.half_step, 1 - likeness.value - likeness.half_step)};
}

}  // namespace

std::string PublishedScores::arm() const { return perturbation == "+MYOD1" ? "mmMYOD1" : perturbation == "-PRRX1" ? "siPRRX1" : "dual"; }
std::string PublishedScores::context() const { return phase == "All" ? "" : phase == "G2/M" ? "G2M" : phase; }

std::vector<PublishedScores> read_published_table3() {
  const DelimitedTable table = DelimitedTable::read(program_file("data/published/hyped_table3.tsv"));
  std::vector<PublishedScores> out;
  const auto text = [&](std::size_t row, const char* column) { return table.name(row, table.column(column)); };
  for (std::size_t row = 0; row < table.rows(); ++row)
    out.push_back({text(row, "model"), text(row, "perturbation"), text(row, "phase"), text(row, "space"), printed(table, row, "cosine"), printed(table, row, "mse"), printed(table, row, "mae"), printed(table, row, "pearson")});
  return out;
}

ImpliedScale implied_scale(const PublishedScores& row) {
  ImpliedScale out;
  out.rms = scale_from(row.mse, row.cosine);
  out.sd = scale_from(row.mse, row.pearson);
  out.mean = std::sqrt(std::max(0.0, out.rms.value * out.rms.value - out.sd.value * out.sd.value));
  out.mae_over_rmse = row.mae.value / std::sqrt(row.mse.value);
  return out;
}

PublishedDenoising read_published_table4() {
  const DelimitedTable table = DelimitedTable::read(program_file("data/published/hyped_table4.tsv"));
  PublishedDenoising out;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string& name = table.name(row, table.column("quantity"));
    if (name == "mse") out.mse = printed(table, row, "value");
    if (name == "psnr") out.psnr = printed(table, row, "value");
    if (name == "ssim") out.ssim = printed(table, row, "value");
  }
  return out;
}

ImpliedPeak implied_peak(const PrintedNumber& mse, const PrintedNumber& psnr) {
  const auto peak = [](double error, double db) { return std::sqrt(error * std::pow(10.0, db / 10)); };
  const auto db = [](double error) { return -10 * std::log10(error); };
  return {{peak(mse.value, psnr.value), peak(mse.value - mse.half_step, psnr.value - psnr.half_step), peak(mse.value + mse.half_step, psnr.value + psnr.half_step)},
          {db(mse.value), db(mse.value + mse.half_step), db(mse.value - mse.half_step)}};
}

}  // namespace hyped
