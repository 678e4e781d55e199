// Nuclei measured one by one in their own boxes, in parallel.
#include "libhyped/image/measure/measure_nuclei.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/image/measure/shape.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using segmentation::Mask;

struct Channel {
  const CameraPlane* counts;
  const Plane* gain;             // null: even
  double pedestal;
  double background = 0;
  double at(Eigen::Index r, Eigen::Index c) const {
    const double raw = (*counts)(r, c);
    return gain ? (raw - pedestal) / (*gain)(r, c) + pedestal : raw;
  }
};

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

double deviation_of(std::vector<double>& values, double median) {
  for (double& v : values) v = std::abs(v - median);
  return median_of(values);
}

double background_of(const Channel& channel, const Labels& labels) {
  std::vector<double> values;
  const Eigen::Index step = std::max<Eigen::Index>(1, labels.size() / 200000);
  for (Eigen::Index i = 0; i < labels.size(); i += step)
    if (!labels.data()[i]) values.push_back(channel.at(i / labels.cols(), i % labels.cols()));
  return values.empty() ? 0 : median_of(values);
}

// Workspace of one thread's batch.
struct Pixels {
  std::vector<std::pair<int, int>> own, ring;
  std::vector<double> values;
};

NucleusLight light_of(const Channel& channel, Pixels& pixels, double white_level) {
  NucleusLight light;
  auto& values = pixels.values;
  values.clear();
  long saturated = 0;
  light.least = 1e300, light.most = -1e300;
  for (const auto& [r, c] : pixels.own) {
    const double v = channel.at(r, c);
    values.push_back(v);
    light.sum += v, light.least = std::min(light.least, v), light.most = std::max(light.most, v);
    if (white_level > 0 && (*channel.counts)(r, c) >= white_level) ++saturated;
  }
  const auto n = static_cast<double>(values.size());
  light.mean = light.sum / n;
  light.saturated = saturated / n;
  light.median = median_of(values);
  light.mad = deviation_of(values, light.median);
  values.clear();
  for (const auto& [r, c] : pixels.ring) values.push_back(channel.at(r, c));
  light.ring_pixels = static_cast<int>(values.size());
  if (values.empty()) {
    light.ring = channel.background;
  } else {
    light.ring = median_of(values);
    light.ring_mad = deviation_of(values, light.ring);
  }
  return light;
}

// Free pixels between ring_from and ring_to of the nucleus, ring_from away from every nucleus, by distances in a window around its box.
void find_pixels(const Labels& labels, const Nucleus& nucleus, const MeasureOptions& o, Pixels& out) {
  const int reach = static_cast<int>(std::ceil(o.ring_to)) + 1;
  const int top = std::max(0, nucleus.first_row - reach), bottom = std::min(static_cast<int>(labels.rows()) - 1, nucleus.last_row + reach);
  const int left = std::max(0, nucleus.first_column - reach), right = std::min(static_cast<int>(labels.cols()) - 1, nucleus.last_column + reach);
  const auto window = labels.block(top, left, bottom - top + 1, right - left + 1);
  const Plane own = segmentation::distances((window != nucleus.label).cast<std::uint8_t>(), true);
  const Plane any = segmentation::distances((window == 0).cast<std::uint8_t>(), true);
  out.own.clear(), out.ring.clear();
  for (int r = 0; r < window.rows(); ++r)
    for (int c = 0; c < window.cols(); ++c) {
      if (window(r, c) == nucleus.label) out.own.emplace_back(top + r, left + c);
      else if (own(r, c) <= o.ring_to && any(r, c) >= o.ring_from) out.ring.emplace_back(top + r, left + c);
    }
}

}  // namespace

FrameNuclei measure_nuclei(const Labels& labels, const std::vector<const CameraPlane*>& planes, const MeasureOptions& o) {
  FrameNuclei out;
  out.channels = o.channels;
  if (out.channels.empty())
    for (std::size_t k = 0; k < planes.size(); ++k) out.channels.push_back(std::to_string(k));
  if (out.channels.size() != planes.size()) throw InputError("measurement", fmt::format("{} channel names for {} planes", out.channels.size(), planes.size()), "name every plane");
  if (!o.flat_fields.empty() && o.flat_fields.size() != planes.size()) throw InputError("measurement", fmt::format("{} flat fields for {} planes", o.flat_fields.size(), planes.size()), "give one per plane, or none");
  if (!(o.ring_from >= 0 && o.ring_to >= o.ring_from)) throw InputError("measurement", fmt::format("a ring from {} to {} pixels", o.ring_from, o.ring_to), "give two distances, the nearer first");
  std::vector<Channel> channels;
  for (std::size_t k = 0; k < planes.size(); ++k) {
    if (planes[k]->rows() != labels.rows() || planes[k]->cols() != labels.cols())
      throw InputError("channel " + out.channels[k], fmt::format("is {} x {} pixels, the labels {} x {}", planes[k]->rows(), planes[k]->cols(), labels.rows(), labels.cols()), "give the labels of this picture");
    channels.push_back({planes[k], o.flat_fields.empty() ? nullptr : o.flat_fields[k], o.pedestal});
  }
  const int most = labels.size() ? labels.maxCoeff() : 0;
  if (labels.size() && labels.minCoeff() < 0) throw InputError("labels", "hold negative numbers", "0 is the background, nuclei count from 1");
  std::vector<Nucleus> all(static_cast<std::size_t>(most));
  for (int r = 0; r < labels.rows(); ++r)
    for (int c = 0; c < labels.cols(); ++c) {
      const int l = labels(r, c);
      if (!l) continue;
      Nucleus& nucleus = all[l - 1];
      if (!nucleus.label) nucleus.label = l, nucleus.first_row = r, nucleus.first_column = nucleus.last_column = c;
      nucleus.last_row = r;
      nucleus.first_column = std::min(nucleus.first_column, c), nucleus.last_column = std::max(nucleus.last_column, c);
    }
  if (!o.flags.empty() && static_cast<int>(o.flags.size()) < most) throw InputError("measurement", fmt::format("{} flags for labels up to {}", o.flags.size(), most), "give the flags of these labels");
  for (Nucleus& nucleus : all)
    if (nucleus.label) out.nuclei.push_back(std::move(nucleus));
  parallel_for(static_cast<int>(channels.size()), [&](int k) { channels[k].background = background_of(channels[k], labels); });
  constexpr int batch = 32;
  const int count = static_cast<int>(out.nuclei.size());
  parallel_for((count + batch - 1) / batch, [&](int job) {
    Pixels pixels;
    for (int i = job * batch; i < std::min(count, (job + 1) * batch); ++i) {
      Nucleus& nucleus = out.nuclei[i];
      const int height = nucleus.last_row - nucleus.first_row + 1, width = nucleus.last_column - nucleus.first_column + 1;
      measurement::measure_shape((labels.block(nucleus.first_row, nucleus.first_column, height, width) == nucleus.label).cast<std::uint8_t>(), nucleus);
      nucleus.at_border = nucleus.first_row == 0 || nucleus.first_column == 0 || nucleus.last_row == labels.rows() - 1 || nucleus.last_column == labels.cols() - 1;
      if (!o.flags.empty()) {
        nucleus.at_seam = o.flags[nucleus.label - 1].at_seam;
        nucleus.debris = o.flags[nucleus.label - 1].debris;
      }
      find_pixels(labels, nucleus, o, pixels);
      for (const Channel& channel : channels) nucleus.light.push_back(light_of(channel, pixels, o.white_level));
    }
  });
  if (out.nuclei.empty()) out.outcome = {Status::not_identifiable, "no nuclei"};
  return out;
}

}  // namespace hyped
