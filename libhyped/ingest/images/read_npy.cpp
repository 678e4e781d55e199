// NumPy's .npy arrays of whole numbers or floats: rows and columns, with frames before them.
#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/formats.hpp"

namespace hyped {
namespace {

std::string field(const std::string& header, const std::string& name) {
  const std::size_t key = header.find("'" + name + "'");
  if (key == header.npos) return "";
  std::size_t at = header.find(':', key) + 1;
  while (at < header.size() && header[at] == ' ') ++at;
  const std::size_t end = header[at] == '(' ? header.find(')', at) + 1 : header.find_first_of(",}", at);
  return header.substr(at, end - at);
}

class NpyPicture : public PictureFormat {
 public:
  explicit NpyPicture(const std::filesystem::path& file) {
    info.file = file;
    info.format = "NPY";
    const std::string name = file.string();
    std::ifstream in(file, std::ios::binary);
    std::array<char, 8> magic{};
    if (!in.read(magic.data(), 8) || std::memcmp(magic.data(), "\x93NUMPY", 6) != 0) throw InputError(name, "is no .npy file", "save it with numpy.save");
    std::array<unsigned char, 4> size{};
    const int size_bytes = magic[6] == 1 ? 2 : 4;
    in.read(reinterpret_cast<char*>(size.data()), size_bytes);
    const std::size_t length = size[0] | size[1] << 8 | (size_bytes == 4 ? static_cast<std::size_t>(size[2]) << 16 | static_cast<std::size_t>(size[3]) << 24 : 0);
    std::string header(std::min<std::size_t>(length, 1 << 20), ' ');
    if (!in.read(header.data(), static_cast<std::streamsize>(header.size()))) throw InputError(name, "is cut short in its header", "write it again");
    first_ = 8 + size_bytes + header.size();
    type_ = field(header, "descr");
    if (type_.size() >= 2) type_ = type_.substr(1, type_.size() - 2);
    if (type_.starts_with("|O") || type_ == "O") throw InputError(name, "holds Python objects (Cellpose's _seg.npy is such a file)", "save the masks alone: numpy.save(file, masks), or as TIFF");
    static const std::string known = "|u1 |i1 |b1 <u2 <i2 <u4 <i4 <u8 <i8 <f4 <f8";
    if (type_.size() != 3 || known.find(type_) == known.npos) throw InputError(name, fmt::format("holds values of type {}", type_), "save it as little-endian whole numbers or floats");
    fortran_ = field(header, "fortran_order").starts_with("True");
    std::vector<int> shape;
    const std::string text = field(header, "shape");
    for (std::size_t at = 0; at < text.size();)
      if (std::isdigit(static_cast<unsigned char>(text[at]))) {
        int side = 0;
        if (std::from_chars(text.data() + at, text.data() + text.size(), side).ec != std::errc()) throw InputError(name, fmt::format("has the shape {}", text), "is the file damaged?");
        shape.push_back(side);
        while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
      } else {
        ++at;
      }
    if (shape.size() != 2 && shape.size() != 3) throw InputError(name, fmt::format("has the shape {}", text), "give rows x columns, or frames x rows x columns");
    info.frames = shape.size() == 3 ? shape[0] : 1;
    info.height = shape[shape.size() - 2], info.width = shape.back();
    if (info.height < 1 || info.width < 1 || info.frames < 1) throw InputError(name, fmt::format("has the shape {}", text), "an array without pixels");
    bytes_ = type_[2] - '0';
    info.bits = 8 * bytes_;
    info.is_float = type_[1] == 'f', info.is_signed = type_[1] == 'i' || info.is_float;
    info.axes = shape.size() == 3 ? fmt::format("{} frames: the first axis of three", info.frames) : "one picture, rows and columns";
    in.seekg(0, std::ios::end);
    const auto there = static_cast<std::uint64_t>(in.tellg()), wanted = first_ + static_cast<std::uint64_t>(info.frames) * info.height * info.width * bytes_;
    if (there < wanted) throw InputError(name, fmt::format("is cut short: {} bytes of {}", there, wanted), "write it again");
  }

  ExactPlane samples(int plane, int) const override {
    static_assert(std::endian::native == std::endian::little);
    const std::size_t pixels = static_cast<std::size_t>(info.height) * info.width;
    const std::size_t together = fortran_ ? info.frames : 1;      // Fortran order: the frames of a pixel lie together, so all of them are read
    std::vector<char> bytes(pixels * bytes_ * together);
    std::ifstream in(info.file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(first_ + (fortran_ ? 0 : static_cast<std::uint64_t>(plane) * bytes.size())));
    if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) throw InputError(info.file.string(), "is cut short", "write it again");
    ExactPlane out(info.height, info.width);
    const auto take = [&](auto zero) {
      for (std::size_t i = 0; i < pixels; ++i) {
        std::memcpy(&zero, bytes.data() + (fortran_ ? i * together + plane : i) * sizeof zero, sizeof zero);
        if (fortran_) out(static_cast<Eigen::Index>(i % info.height), static_cast<Eigen::Index>(i / info.height)) = static_cast<double>(zero);
        else out.data()[i] = static_cast<double>(zero);
      }
    };
    switch (type_[1] * 16 + bytes_) {
      case 'b' * 16 + 1: case 'u' * 16 + 1: take(std::uint8_t{}); break;
      case 'i' * 16 + 1: take(std::int8_t{}); break;
      case 'u' * 16 + 2: take(std::uint16_t{}); break;
      case 'i' * 16 + 2: take(std::int16_t{}); break;
      case 'u' * 16 + 4: take(std::uint32_t{}); break;
      case 'i' * 16 + 4: take(std::int32_t{}); break;
      case 'u' * 16 + 8: take(std::uint64_t{}); break;
      case 'i' * 16 + 8: take(std::int64_t{}); break;
      case 'f' * 16 + 4: take(float{}); break;
      default: take(double{});
    }
    return out;
  }

 private:
  std::uint64_t first_ = 0;
  std::string type_;
  int bytes_ = 1;
  bool fortran_ = false;
};

}  // namespace

std::unique_ptr<PictureFormat> open_npy(const std::filesystem::path& file) { return std::make_unique<NpyPicture>(file); }

}  // namespace hyped
