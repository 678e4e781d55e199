// The root of an AnnData file, and old forms made new.
#include "libhyped/ingest/cells/read_anndata.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/element_reader.hpp"

namespace hyped {
namespace {

const std::set<std::string> places = {"X", "layers", "obs", "obsm", "obsp", "raw", "uns", "var", "varm", "varp"};

// Before 0.7 obsm and varm were records with a field per element.
Dict read_aligned(ElementReader& reader, const hdf5::Group& root, const std::string& name, const std::string& path) {
  if (!root.has(name) || !reader.wanted(path)) return {};
  if (root.is_group(name)) return reader.read_dict(root, name, path);
  auto element = reader.read(root, name, path);
  auto* records = element ? element->as<RecordArray>() : nullptr;
  if (records == nullptr || records->shape.size() != 1) throw InputError(root.where() + "/" + name, "is neither a group nor records", "the file is damaged or was written wrongly: write it again");
  Dict out;
  for (auto& field : records->fields) {
    const std::vector<std::int64_t> shape = field.width > 0 ? std::vector{records->shape[0], field.width} : records->shape;
    if (auto* numbers = std::get_if<Numbers>(&field.values)) out.put(field.name, {Array{shape, std::move(*numbers)}});
    else out.put(field.name, {TextArray{shape, std::move(std::get<Strings>(field.values))}});
  }
  return out;
}

// Codes of a column of integers become categories if uns holds `<column>_categories` that are enough for them, as anndata does.
void find_categories(AnnotatedData& data, std::vector<std::string>& notes) {
  static const std::string ending = "_categories";
  for (const std::string& key : Strings(data.uns.names)) {
    if (!key.ends_with(ending)) continue;
    const std::string name = key.substr(0, key.size() - ending.size());
    Categories levels;
    std::size_t count = 0;
    const Element& stored = *data.uns.find(key);
    if (const auto* text = stored.as<TextArray>()) levels = text->values, count = text->values.size();
    else if (const auto* array = stored.as<Array>()) levels = array->values, count = size_of(array->values);
    else continue;
    bool used = false;
    for (DataFrame* frame : {&data.obs, &data.var}) {
      const DataColumn* column = frame->find(name);
      const auto* codes = column == nullptr ? nullptr : std::get_if<Numbers>(column);
      if (codes == nullptr) continue;
      Categorical made{{}, levels, false};
      bool fits = codes->index() >= 2;      // integers
      for (std::size_t i = 0; fits && i < size_of(*codes); ++i) {
        const double code = number_at(*codes, i);
        fits = code >= -1 && code < static_cast<double>(count);
        made.codes.push_back(static_cast<std::int32_t>(code));
      }
      if (!fits) continue;
      frame->put(name, std::move(made));
      used = true;
    }
    if (!used) continue;
    data.uns.take(key);
    notes.push_back("uns/" + key + ": are the categories of the column '" + name + "' now");
  }
}

// uns/neighbors held cells x cells matrices until 0.7.
void move_neighbours(AnnotatedData& data, std::vector<std::string>& notes) {
  Element* neighbours = data.uns.find("neighbors");
  auto* dict = neighbours == nullptr ? nullptr : neighbours->as<Dict>();
  if (dict == nullptr) return;
  for (const char* name : {"distances", "connectivities"}) {
    const Element* matrix = dict->find(name);
    if (matrix == nullptr || !matrix_shape(*matrix)) continue;
    data.obsp.put(name, std::move(*dict->take(name)));
    notes.push_back(fmt::format("uns/neighbors/{}: is obsp/{} now", name, name));
  }
}

void refuse_other_files(const hdf5::Group& root, const std::string& file) {
  if (root.has("obs") && root.has("var")) return;
  const auto children = root.children();
  if (root.has("matrix/barcodes")) throw InputError(file, "is a matrix of 10x Genomics in their own HDF5 form, not AnnData", "give the folder with matrix.mtx.gz, or write it with scanpy's write_h5ad");
  throw InputError(file, children.empty() ? std::string("is an HDF5 file with nothing in it") : fmt::format("is no AnnData file: it holds {} and no obs and var", fmt::join(children, ", ")), "give an .h5ad file");
}

}  // namespace

ReadAnndata read_anndata(const std::filesystem::path& file, const AnndataReading& reading) {
  if (reading.check_first) check_structure(file);
  const auto opened = hdf5::File::open(file);
  const hdf5::Group root = opened.root();
  refuse_other_files(root, file.string());
  ElementReader reader(root, reading.without);
  ReadAnndata out;
  AnnotatedData& data = out.data;
  const bool old = !root.is_group("obs");
  out.version = root.attributes_of(".").has("encoding-type") ? "anndata 0.8 or newer" : old ? "anndata 0.6 or older" : "anndata 0.7";
  data.obs = reader.read_frame(root, "obs", "obs");
  data.var = reader.read_frame(root, "var", "var");
  if (root.has("X"))
    if (auto matrix = reader.read(root, "X", "X")) data.X = std::move(*matrix);
  for (const auto& [name, place] : {std::pair("layers", &data.layers), {"obsp", &data.obsp}, {"varp", &data.varp}, {"uns", &data.uns}})
    if (root.has(name) && reader.wanted(name)) *place = reader.read_dict(root, name, name);
  data.obsm = read_aligned(reader, root, "obsm", "obsm");
  data.varm = read_aligned(reader, root, "varm", "varm");
  if ((root.has("raw/X") || root.has("raw/var") || root.has("raw.X") || root.has("raw.var")) && reader.wanted("raw")) {
    const bool dotted = !root.has("raw/var");
    const hdf5::Group place = dotted ? opened.root() : root.open("raw");
    const std::string prefix = dotted ? "raw." : "";
    RawData raw;
    raw.var = reader.read_frame(place, prefix + "var", "raw/var");
    if (place.has(prefix + "X"))
      if (auto matrix = reader.read(place, prefix + "X", "raw/X")) raw.X = std::move(*matrix);
    raw.varm = read_aligned(reader, place, prefix + "varm", "raw/varm");
    data.raw = std::move(raw);
  }
  for (const auto& name : root.children())
    if (!places.contains(name) && !name.starts_with("raw.")) reader.note(name + ": is no part of AnnData and is not read");
  out.notes = reader.take_notes();
  if (old) find_categories(data, out.notes);
  move_neighbours(data, out.notes);
  check_shapes(data, file.string());
  return out;
}

}  // namespace hyped
