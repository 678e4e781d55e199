// Some of the rows of tables and matrices, in the order given.
#pragma once
#include <optional>
#include <span>

#include "libhyped/expression/annotated_data.hpp"

namespace hyped {

// Rows are checked to lie inside (BugError).
DataColumn rows_of(const DataColumn& column, std::span<const int> rows);
DataFrame rows_of(const DataFrame& frame, std::span<const int> rows);
// An array, table or compressed rows with as many rows as there are cells; none for anything else.
std::optional<Element> rows_of(const Element& element, std::span<const int> rows);

}  // namespace hyped
