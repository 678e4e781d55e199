// Weighted sums of sparse rows, several weightings at a time.
#include "libhyped/score/calibration/cell_resamples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t bootstrap_stream = 0x10000000u, split_stream = 0x20000000u, direction_stream = 0x80000000u;

// A whole number below n, each with the same probability to 2^-53.
std::size_t below(RandomStream& random, std::size_t n) { return std::min(n - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(n))); }

}  // namespace

CellResamples::CellResamples(const SparseRows& cells, const CellGroups& groups, std::uint64_t seed, const std::vector<std::int32_t>* replicates) : cells_(cells), members_(static_cast<std::size_t>(groups.count())), seed_(seed) {
  HYPED_REQUIRE(groups.of_cell.size() == static_cast<std::size_t>(cells.rows));
  for (std::size_t c = 0; c < groups.of_cell.size(); ++c)
    if (groups.of_cell[c] >= 0) members_[static_cast<std::size_t>(groups.of_cell[c])].push_back(static_cast<std::int32_t>(c));
  for (int k = 0; k < groups.count(); ++k)
    if (cells_of(k) == 0) throw InputError("group " + groups.names[static_cast<std::size_t>(k)], "has no cells", "leave it out of the comparison");
  HYPED_REQUIRE(!replicates || replicates->empty() || replicates->size() == groups.of_cell.size());
  for (const auto& rows : members_) {
    std::vector<std::int32_t> unit(rows.size());
    std::size_t count = 0;
    if (replicates && !replicates->empty()) {
      std::map<std::int32_t, std::int32_t> number;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::int32_t replicate = (*replicates)[static_cast<std::size_t>(rows[i])];
        unit[i] = replicate < 0 ? static_cast<std::int32_t>(count) : number.emplace(replicate, static_cast<std::int32_t>(count)).first->second;
        count += unit[i] == static_cast<std::int32_t>(count);
      }
    }
    replicated_.push_back(count >= 2);
    if (count < 2) {
      count = rows.size();
      for (std::size_t i = 0; i < count; ++i) unit[i] = static_cast<std::int32_t>(i);
    }
    units_.push_back(std::move(unit)), unit_count_.push_back(count);
  }
}

double CellResamples::freedom_of(std::span<const int> groups) const {
  double out = std::numeric_limits<double>::infinity();
  for (const int group : groups)
    if (by_replicates(group)) out = std::min(out, static_cast<double>(units_of(group) - 1));
  return out;
}

void CellResamples::weighted_sums(int group, std::span<const double> weights, std::span<ProfileMatrix* const> out, int row) const {
  const auto& rows = members_[static_cast<std::size_t>(group)];
  const std::size_t wide = out.size();
  HYPED_REQUIRE(weights.size() == rows.size() * wide);
  std::vector<double> sums(static_cast<std::size_t>(cells_.columns) * wide, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double* w = weights.data() + i * wide;
    if (std::all_of(w, w + wide, [](double x) { return x == 0; })) continue;
    const auto columns = cells_.columns_of(rows[i]);
    const auto values = cells_.values_of(rows[i]);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      double* sum = sums.data() + static_cast<std::size_t>(columns[k]) * wide;
      const double value = static_cast<double>(values[k]);
      for (std::size_t d = 0; d < wide; ++d) sum[d] += w[d] * value;
    }
  }
  for (std::size_t d = 0; d < wide; ++d)
    for (int g = 0; g < cells_.columns; ++g) (*out[d])(row, g) = sums[static_cast<std::size_t>(g) * wide + d];
}

ProfileMatrix CellResamples::means() const {
  ProfileMatrix out(groups(), genes());
  ProfileMatrix* const target = &out;
  parallel_for(groups(), [&](int k) {
    const std::vector<double> weights(cells_of(k), 1.0 / static_cast<double>(cells_of(k)));
    weighted_sums(k, weights, {&target, 1}, k);
  });
  return out;
}

void CellResamples::bootstrap(int first, std::span<ProfileMatrix> draws) const {
  std::vector<ProfileMatrix*> out;
  for (auto& draw : draws) draw.resize(groups(), genes()), out.push_back(&draw);
  parallel_for(groups(), [&](int k) {
    const std::size_t n = cells_of(k), drawn = units_of(k), wide = draws.size();
    const auto unit = unit_of(k);
    std::vector<double> weights(n * wide, 0.0), times(drawn);
    for (std::size_t d = 0; d < wide; ++d) {
      RandomStream random(seed_, bootstrap_stream + static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(d), static_cast<std::uint32_t>(k));
      std::fill(times.begin(), times.end(), 0.0);
      for (std::size_t i = 0; i < drawn; ++i) ++times[below(random, drawn)];
      const double even = 1.0 / static_cast<double>(n);
      if (!by_replicates(k)) {
        for (std::size_t i = 0; i < n; ++i) weights[i * wide + d] = times[i] * even;
        continue;
      }
      double cells = 0;
      for (std::size_t i = 0; i < n; ++i) cells += times[static_cast<std::size_t>(unit[i])];
      const double far = std::sqrt(static_cast<double>(drawn) / static_cast<double>(drawn - 1));
      for (std::size_t i = 0; i < n; ++i) weights[i * wide + d] = even + far * (times[static_cast<std::size_t>(unit[i])] / cells - even);
    }
    weighted_sums(k, weights, out, k);
  });
}

void CellResamples::directions(int first, std::span<ProfileMatrix> draws) const {
  std::vector<ProfileMatrix*> out;
  for (auto& draw : draws) draw.resize(groups(), genes()), out.push_back(&draw);
  parallel_for(groups(), [&](int k) {
    const std::size_t n = cells_of(k), wide = draws.size(), drawn = units_of(k);
    const auto unit = unit_of(k);
    std::vector<double> weights(n * wide, 0.0), sign(drawn);
    const double size = static_cast<double>(n), of = static_cast<double>(drawn), scale = drawn > 1 ? std::sqrt(of / (of - 1)) / size : 0;
    for (std::size_t d = 0; d < wide; ++d) {
      RandomStream random(seed_, direction_stream + static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(d), static_cast<std::uint32_t>(k));
      double sum = 0;
      for (double& s : sign) s = random.uniform() < 0.5 ? -1 : 1;
      for (std::size_t i = 0; i < n; ++i) sum += weights[i * wide + d] = sign[static_cast<std::size_t>(unit[i])];
      for (std::size_t i = 0; i < n; ++i) weights[i * wide + d] = scale * (weights[i * wide + d] - sum / size);
    }
    weighted_sums(k, weights, out, k);
  });
}

CellResamples::Parts CellResamples::parts(int number, SplitRule rule, double share, int group) const {
  HYPED_REQUIRE(share > 0 && share <= 0.5);
  const auto& rows = members_[static_cast<std::size_t>(group)];
  Parts out;
  if (rows.size() < 2) return {rows, rows};
  if (rule == SplitRule::alternate && share == 0.5) {
    for (std::size_t i = 0; i < rows.size(); ++i) (i % 2 == 0 ? out.one : out.other).push_back(rows[i]);
    return out;
  }
  HYPED_REQUIRE(rule == SplitRule::random);
  RandomStream random(seed_, split_stream + static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(group));
  if (by_replicates(group) && share == 0.5) {
    const std::size_t count = units_of(group);
    std::vector<std::size_t> place(count);
    for (std::size_t u = 0; u < count; ++u) place[u] = u;
    for (std::size_t u = 0; u + 1 < count; ++u) std::swap(place[u], place[u + below(random, count - u)]);
    std::size_t half = count / 2;
    if (count % 2 == 1 && random.uniform() < 0.5) ++half;
    std::vector<char> first(count, 0);
    for (std::size_t u = 0; u < half; ++u) first[place[u]] = 1;
    for (std::size_t i = 0; i < rows.size(); ++i) (first[static_cast<std::size_t>(unit_of(group)[i])] ? out.one : out.other).push_back(rows[i]);
    return out;
  }
  std::vector<std::int32_t> order = rows;
  // an odd cell goes to one of the two parts by chance
  std::size_t size = static_cast<std::size_t>(share * static_cast<double>(rows.size()));
  size = std::max<std::size_t>(size, 1);
  const std::size_t until = share == 0.5 ? rows.size() : 2 * size;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) std::swap(order[i], order[i + below(random, order.size() - i)]);
  if (share == 0.5 && rows.size() % 2 == 1 && random.uniform() < 0.5) ++size;
  out.one.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size));
  out.other.assign(order.begin() + static_cast<std::ptrdiff_t>(size), order.begin() + static_cast<std::ptrdiff_t>(until));
  std::sort(out.one.begin(), out.one.end());
  std::sort(out.other.begin(), out.other.end());
  return out;
}

void CellResamples::split(int number, SplitRule rule, double share, ProfileMatrix& one, ProfileMatrix& other) const {
  one.resize(groups(), genes()), other.resize(groups(), genes());
  ProfileMatrix* const targets[2] = {&one, &other};
  parallel_for(groups(), [&](int k) {
    const auto& rows = members_[static_cast<std::size_t>(k)];
    const Parts both = parts(number, rule, share, k);
    std::vector<double> weights(2 * rows.size(), 0.0);
    const auto place = [&](const std::vector<std::int32_t>& part, std::size_t at) {
      for (const auto row : part) weights[2 * static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin()) + at] = 1.0 / static_cast<double>(part.size());
    };
    place(both.one, 0), place(both.other, 1);
    weighted_sums(k, weights, targets, k);
  });
}

}  // namespace hyped
