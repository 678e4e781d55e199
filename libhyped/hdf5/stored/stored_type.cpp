// Types of HDF5 in our words.
#include "libhyped/hdf5/stored/stored_type.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libhyped/hdf5/handles.hpp"

namespace hyped::hdf5 {
namespace {

NumberType number_of(hid_t type, bool integer) {
  const std::size_t bytes = H5Tget_size(type);
  if (!integer) return bytes == 8 || bytes == 16 ? NumberType::f64 : bytes == 4 || bytes == 2 ? NumberType::f32 : NumberType::none;
  const bool plus = H5Tget_sign(type) == H5T_SGN_NONE;
  switch (bytes) {
    case 1: return plus ? NumberType::u8 : NumberType::i8;
    case 2: return plus ? NumberType::u16 : NumberType::i16;
    case 4: return plus ? NumberType::u32 : NumberType::i32;
    case 8: return plus ? NumberType::u64 : NumberType::i64;
    default: return NumberType::none;
  }
}

}  // namespace

std::int64_t native_type(NumberType number) {
  switch (number) {
    case NumberType::i8: return H5T_NATIVE_INT8;
    case NumberType::i16: return H5T_NATIVE_INT16;
    case NumberType::i32: return H5T_NATIVE_INT32;
    case NumberType::i64: return H5T_NATIVE_INT64;
    case NumberType::u8: return H5T_NATIVE_UINT8;
    case NumberType::u16: return H5T_NATIVE_UINT16;
    case NumberType::u32: return H5T_NATIVE_UINT32;
    case NumberType::u64: return H5T_NATIVE_UINT64;
    case NumberType::f32: return H5T_NATIVE_FLOAT;
    case NumberType::f64: return H5T_NATIVE_DOUBLE;
    case NumberType::none: break;
  }
  return -1;
}

namespace {

bool is_truth(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) return false;
  std::int8_t no = -1, yes = -1;
  return H5Tenum_valueof(type, "FALSE", &no) >= 0 && H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1;
}

StoredField field_of(hid_t type) {
  StoredField out;
  out.bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      out.kind = Kind::number;
      out.number = number_of(type, H5Tget_class(type) == H5T_INTEGER);
      out.native = out.number != NumberType::none && H5Tequal(type, native_type(out.number)) > 0;
      if (out.number == NumberType::none) out.kind = Kind::other;
      break;
    case H5T_ENUM: {
      const Handle base(H5Tget_super(type), close_type);
      out.kind = is_truth(type) ? Kind::truth : Kind::number;
      out.number = number_of(base.id(), true);
      out.native = out.number != NumberType::none && H5Tequal(base.id(), native_type(out.number)) > 0;
      if (out.number == NumberType::none) out.kind = Kind::other;
      break;
    }
    case H5T_STRING:
      out.kind = Kind::text;
      out.variable = H5Tis_variable_str(type) > 0;
      break;
    default: break;
  }
  return out;
}

std::string words_of(const StoredType& type) {
  static constexpr const char* names[] = {"", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"};
  switch (type.kind) {
    case Kind::number: return type.number == NumberType::f32 && type.bytes == 2 ? "float16" : names[static_cast<int>(type.number)];
    case Kind::truth: return "bool";
    case Kind::text: return type.variable ? "text" : fmt::format("text of {} bytes", type.bytes);
    case Kind::records: return fmt::format("records of {} fields", type.fields.size());
    case Kind::other: break;
  }
  return "a type that is not read";
}

}  // namespace

StoredType type_of(std::int64_t type) {
  const StoredField own = field_of(type);
  StoredType out{own.kind, own.number, own.native, own.variable, own.bytes, {}, ""};
  if (H5Tget_class(type) == H5T_COMPOUND) {
    out.kind = Kind::records;
    for (int f = 0; f < H5Tget_nmembers(type); ++f) {
      const Handle member(H5Tget_member_type(type, static_cast<unsigned>(f)), close_type);
      StoredField field;
      if (H5Tget_class(member.id()) == H5T_ARRAY) {
        const Handle base(H5Tget_super(member.id()), close_type);
        field = field_of(base.id());
        field.array = true;
        field.length = field.bytes == 0 ? 0 : H5Tget_size(member.id()) / field.bytes;
      } else {
        field = field_of(member.id());
      }
      char* name = H5Tget_member_name(type, static_cast<unsigned>(f));
      field.name = name == nullptr ? "" : name;
      H5free_memory(name);
      field.offset = H5Tget_member_offset(type, static_cast<unsigned>(f));
      if (field.offset + field.bytes * field.length > out.bytes) field.kind = Kind::other;
      out.fields.push_back(std::move(field));
    }
  }
  // In memory a text of variable length is a pointer of 8 bytes; in the file it is a reference of 16, and what comes after moves.
  constexpr std::size_t reference = 16;
  std::size_t moved = 0;
  std::vector<StoredField*> in_order;
  for (auto& field : out.fields) in_order.push_back(&field);
  std::sort(in_order.begin(), in_order.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (StoredField* field : in_order) {
    field->offset += moved;
    if (!field->variable) continue;
    moved += (reference - field->bytes) * field->length;
    field->bytes = reference;
  }
  out.bytes += moved;
  if (out.variable) out.bytes = reference;
  out.words = words_of(out);
  return out;
}

}  // namespace hyped::hdf5
