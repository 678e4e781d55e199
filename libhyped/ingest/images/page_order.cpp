// What OME-XML and ImageJ's description say of a TIFF's pages: axes, channels, pixel size.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cctype>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/formats.hpp"

namespace hyped {
namespace {

// The start tags `name` of the text, from '<' to '>'.
std::vector<std::string> tags(const std::string& text, const std::string& name) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = text.find('<', at)) != text.npos; ++at) {
    std::size_t from = at + 1;
    const std::size_t end = text.find('>', at);
    if (end == text.npos) break;
    if (const std::size_t colon = text.find_first_of(": \t\n/>", from); colon != text.npos && text[colon] == ':') from = colon + 1;      // a namespace
    if (text.compare(from, name.size(), name) == 0 && from + name.size() <= end && !std::isalnum(static_cast<unsigned char>(text[from + name.size()]))) out.push_back(text.substr(at, end - at));
  }
  return out;
}

std::string attribute(const std::string& tag, const std::string& name) {
  for (std::size_t at = 0; (at = tag.find(name, at)) != tag.npos; at += name.size()) {
    if (at == 0 || !std::isspace(static_cast<unsigned char>(tag[at - 1]))) continue;
    std::size_t equals = at + name.size();
    while (equals < tag.size() && std::isspace(static_cast<unsigned char>(tag[equals]))) ++equals;
    if (equals >= tag.size() || tag[equals] != '=') continue;
    const std::size_t open = tag.find_first_of("\"'", equals);
    if (open == tag.npos) return "";
    const std::size_t close = tag.find(tag[open], open + 1);
    return close == tag.npos ? "" : tag.substr(open + 1, close - open - 1);
  }
  return "";
}

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int count(const std::string& text, int otherwise) {
  const double value = number(text);
  return value >= 1 && value < 1e9 ? static_cast<int>(value) : otherwise;
}

double micrometres(const std::string& size, const std::string& unit) {
  const double value = number(size);
  if (unit.empty() || unit == "\xc2\xb5m" || unit == "\xce\xbcm" || unit == "um" || unit == "micron" || unit == "&#181;m" || unit == "&#xB5;m" || unit == "\\u00B5m") return value;
  return unit == "nm" ? value * 1e-3 : unit == "mm" ? value * 1e3 : unit == "cm" ? value * 1e4 : unit == "m" ? value * 1e6 : 0;
}

// Names may hold &amp; and the like.
std::string unescaped(const std::string& text) {
  static const std::pair<const char*, char> named[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::find_if(std::begin(named), std::end(named), [&](const auto& one) { return text.compare(at, std::string_view(one.first).size(), one.first) == 0; });
    if (found == std::end(named)) out += text[at++];
    else out += found->second, at += std::string_view(found->first).size();
  }
  return out;
}

PageOrder of_ome(const std::string& text, const std::filesystem::path& file) {
  PageOrder out;
  const auto pixels = tags(text, "Pixels");
  if (pixels.empty()) return out;
  out.said_by = "OME-XML";
  const std::string order = attribute(pixels[0], "DimensionOrder");
  if (order.size() != 5 || !order.starts_with("XY") || std::set<char>(order.begin() + 2, order.end()) != std::set<char>{'C', 'T', 'Z'})
    throw InputError(file.string(), fmt::format("has an OME-XML with the dimension order '{}'", order), "it must be XY and then Z, C, T in some order");
  out.order = order.substr(2);
  out.slices = count(attribute(pixels[0], "SizeZ"), 1);
  out.channels = count(attribute(pixels[0], "SizeC"), 1);
  out.frames = count(attribute(pixels[0], "SizeT"), 1);
  out.pixel_um = micrometres(attribute(pixels[0], "PhysicalSizeX"), attribute(pixels[0], "PhysicalSizeXUnit"));
  out.pixel_um_down = micrometres(attribute(pixels[0], "PhysicalSizeY"), attribute(pixels[0], "PhysicalSizeYUnit"));
  const auto channels = tags(text, "Channel");
  for (const auto& channel : channels) out.rgb_samples = std::max(out.rgb_samples, count(attribute(channel, "SamplesPerPixel"), 1));
  for (std::size_t c = 0; c < channels.size() && static_cast<int>(c) < out.channels; ++c) out.channel_names.push_back(unescaped(attribute(channels[c], "Name")));
  if (std::all_of(out.channel_names.begin(), out.channel_names.end(), [](const auto& name) { return name.empty(); })) out.channel_names.clear();
  if (pixels.size() > 1) out.notes.push_back(fmt::format("its OME-XML holds {} pictures: the first is read", pixels.size()));
  return out;
}

PageOrder of_imagej(const std::string& text) {
  PageOrder out;
  out.said_by = "ImageJ's description";
  out.order = "CZT";
  double down = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const auto is = [&](const char* key) { return line.starts_with(std::string(key) + "="); };
    const std::string value = line.substr(std::min(line.find('=') + 1, line.size()));
    if (is("channels")) out.channels = count(value, 1);
    else if (is("slices")) out.slices = count(value, 1);
    else if (is("frames")) out.frames = count(value, 1);
    else if (is("images")) down = count(value, 1);
    at = end + 1;
  }
  if (down > 1 && out.channels * out.slices * out.frames == 1) out.frames = static_cast<int>(down);
  if (out.frames == 1 && out.slices > 1) {
    out.frames = out.slices;
    out.slices = 1;
    out.notes.push_back(fmt::format("ImageJ calls its {} pictures slices of a stack: they are taken as frames, as films are often saved so", out.frames));
  }
  return out;
}

}  // namespace

PageOrder read_page_order(const std::string& description, const std::filesystem::path& file) {
  if (description.find("<OME") != description.npos || description.find(":OME") != description.npos) return of_ome(description, file);
  if (description.starts_with("ImageJ=")) return of_imagej(description);
  return {};
}

}  // namespace hyped
