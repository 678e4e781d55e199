// Drawing of droplets until labels are full.
#include "experiments/twin/cells/droplets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

int pick(const std::vector<double>& shares, double u) {
  for (std::size_t k = 0; k + 1 < shares.size(); ++k)
    if ((u -= shares[k]) <= 0) return static_cast<int>(k);
  return static_cast<int>(shares.size()) - 1;
}

// A Gamma variate of mean 1.
double spread(double cv, RandomStream& random) { return random.gamma(1 / (cv * cv)) * cv * cv; }

}  // namespace

std::vector<int> Droplet::tags() const {
  std::vector<int> out = stained ? samples : std::vector<int>{};
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

HashtagCounts HashedLibrary::counts(const LibrarySettings& settings) const {
  HashtagCounts out;
  for (const auto& sample : settings.samples) out.tags.push_back(sample.label);
  out.cells = static_cast<int>(droplets.size());
  for (const Droplet& d : droplets) out.reads.insert(out.reads.end(), d.reads.begin(), d.reads.end());
  return out;
}

HashedLibrary make_droplets(const CellsTwinSettings& settings, const LibrarySettings& library, std::uint64_t seed, int number) {
  const std::size_t tags = library.samples.size();
  HashedLibrary out;
  out.doublet_rate = std::min(0.5, settings.doublets_per_1000 * library.cells() / 1000.0);
  std::vector<double> shares;
  double all = 0, soup = 0, stain = 0;
  for (const auto& s : library.samples) {
    all += s.cells;
    soup += s.cells * s.stain;
    stain += s.stain / static_cast<double>(tags);
  }
  for (const auto& s : library.samples) {
    shares.push_back(s.cells / all);
    out.signal.push_back(library.hashtag_reads * library.hashtag_signal * s.stain / stain);
    out.ambient.push_back(library.hashtag_reads * (1 - library.hashtag_signal) * s.cells * s.stain / soup);
  }
  std::vector<int> lacking;      // by label; the last: without reads
  for (const auto& s : library.samples) lacking.push_back(s.cells);
  lacking.push_back(library.missing);
  const long most = 400L * (library.cells() + 100);
  const auto job = static_cast<std::uint32_t>(0x64720000 + number);
  HashtagCounts one;
  for (const auto& s : library.samples) one.tags.push_back(s.label);
  one.cells = 1;
  for (int left = library.cells(); left > 0; ++out.drawn) {
    if (out.drawn == most) {
      const auto k = static_cast<std::size_t>(std::find_if(lacking.begin(), lacking.end(), [](int n) { return n > 0; }) - lacking.begin());
      throw InputError(fmt::format("[cells] library '{}'", library.dataset), fmt::format("{} droplets were drawn and {} still lacks {} of its cells", most, k < tags ? "'" + library.samples[k].label + "'" : "the label 'missing' (no hashtag reads)", lacking[k]),
                       k < tags ? "check hashtag_reads and stain" : "raise unstained, lower hashtag_reads, or ask for fewer missing");
    }
    RandomStream random(seed, job, static_cast<std::uint32_t>(out.drawn));
    Droplet d;
    d.samples.push_back(pick(shares, random.uniform()));
    if (random.uniform() < out.doublet_rate) d.samples.push_back(pick(shares, random.uniform()));
    d.stained = d.samples.size() > 1 || random.uniform() >= library.unstained;
    const double capture = std::exp(settings.capture_log_sd * random.normal() - 0.5 * settings.capture_log_sd * settings.capture_log_sd);
    std::vector<double> mean(tags, 0);
    for (std::size_t k = 0; k < tags; ++k) mean[k] = out.ambient[k] * spread(settings.ambient_stain_cv, random);
    for (const int s : d.samples)
      if (d.stained) mean[static_cast<std::size_t>(s)] += out.signal[static_cast<std::size_t>(s)] * spread(settings.stain_cv, random);
    for (std::size_t k = 0; k < tags; ++k) d.reads.push_back(static_cast<std::int32_t>(random.poisson(capture * mean[k])));
    one.reads = d.reads;
    d.vote = argmax_calls(one).front();
    int& lacks = lacking[d.vote.tag < 0 ? tags : static_cast<std::size_t>(d.vote.tag)];
    if (lacks == 0) continue;
    --lacks;
    --left;
    out.droplets.push_back(std::move(d));
  }
  std::set<std::string> barcodes;
  RandomStream random(seed, job, 0xffffffffu);
  while (barcodes.size() < out.droplets.size()) {
    std::string barcode;
    for (int i = 0; i < 16; ++i) barcode += "ACGT"[random() >> 30];
    barcodes.insert(barcode);
  }
  // labels fill up one after another: a shuffle makes the order of cells say nothing
  for (std::size_t i = out.droplets.size(); i > 1; --i) std::swap(out.droplets[i - 1], out.droplets[static_cast<std::size_t>(random.uniform() * static_cast<double>(i))]);
  auto next = barcodes.begin();
  for (Droplet& d : out.droplets) d.barcode = *next++;
  return out;
}

}  // namespace hyped
