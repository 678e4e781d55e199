// Values of annotated data: labels, numbers, shapes, and matrices as they are computed on.
#include "libhyped/expression/annotated_data.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

TEST_CASE("columns give labels in the order of their categories or values") {
  const Labels categories = labels_of(Categorical{{2, -1, 0}, Strings{"z", "a", "m"}, false});
  CHECK(categories.levels == Strings{"z", "a", "m"});
  CHECK(categories.codes == std::vector<std::int32_t>{2, -1, 0});
  const Labels text = labels_of(Strings{"b", "a", "b"});
  CHECK(text.levels == Strings{"a", "b"});
  CHECK(text.codes == std::vector<std::int32_t>{1, 0, 1});
  const Labels numbers = labels_of(Numbers(std::vector<double>{10, 9, std::nan(""), 9}));
  CHECK(numbers.levels == Strings{"9", "10"});
  CHECK(numbers.codes == std::vector<std::int32_t>{1, 0, -1, 0});
  CHECK(labels_of(Numbers(std::vector<Flag>{Flag::yes, Flag::no})).levels == Strings{"False", "True"});
  CHECK(labels_of(NullableStrings{{"a", "x"}, {Flag::no, Flag::yes}, ""}).codes == std::vector<std::int32_t>{0, -1});
}

TEST_CASE("columns of numbers give numbers, missing ones as NaN, others none") {
  const auto nullable = *numbers_of(NullableNumbers{Numbers(std::vector<std::int16_t>{3, 4}), {Flag::no, Flag::yes}});
  CHECK(nullable[0] == 3);
  CHECK(std::isnan(nullable[1]));
  CHECK((*numbers_of(Categorical{{1, 0}, Numbers(std::vector<double>{0.5, 2}), false}))[0] == 2);
  CHECK_FALSE(numbers_of(Strings{"1"}).has_value());
}

TEST_CASE("dictionaries and tables keep their order and replace by name") {
  Dict dict;
  dict.put("b", {TextArray{{}, {"1"}}});
  dict.put("a", {TextArray{{}, {"2"}}});
  dict.put("b", {TextArray{{}, {"3"}}});
  CHECK(dict.names == Strings{"a", "b"});
  CHECK(dict.find("b")->as<TextArray>()->values[0] == "3");
  CHECK(dict.take("a").has_value());
  CHECK(dict.find("a") == nullptr);
  DataFrame frame;
  frame.index = Strings{"r"};
  frame.put("z", Strings{"1"});
  frame.put("a", Strings{"2"});
  frame.put("z", Strings{"3"});
  CHECK(frame.names == Strings{"z", "a"});
  CHECK(std::get<Strings>(*frame.find("z"))[0] == "3");
}

TEST_CASE("all forms of a matrix give the same rows") {
  // 0 5 0 / 7 0 2
  const CompressedMatrix rows{false, 2, 3, {0, 2, 5}, {1, 0, 2, 0, 1}, Numbers(std::vector<float>{5, 0, 2, 7, 0}), false, false};      // unsorted, with zeros
  const CompressedMatrix columns{true, 2, 3, {0, 1, 2, 3}, {1, 0, 1}, Numbers(std::vector<std::int64_t>{7, 5, 2}), true, true};
  const Array dense{{2, 3}, Numbers(std::vector<std::uint8_t>{0, 5, 0, 7, 0, 2})};
  for (const Element& matrix : {Element{rows}, Element{columns}, Element{dense}}) {
    const SparseRows out = sparse_rows_of(matrix, "m");
    CHECK(out.rows == 2);
    CHECK(out.columns == 3);
    CHECK(out.start == std::vector<std::int64_t>{0, 1, 3});
    CHECK(out.column == std::vector<std::int32_t>{1, 0, 2});
    CHECK(out.value == std::vector<float>{5, 7, 2});
  }
  const SparseRows flags = sparse_rows_of({Array{{1, 2}, Numbers(std::vector<Flag>{Flag::no, Flag::yes})}}, "m");
  CHECK(flags.column == std::vector<std::int32_t>{1});
}

TEST_CASE("rows of floats move without a copy, an integer that no float holds is refused") {
  CompressedMatrix matrix{false, 1, 2, {0, 2}, {0, 1}, Numbers(std::vector<float>{1, 2}), false, false};
  const float* values = std::get<std::vector<float>>(matrix.values).data();
  const std::int32_t* index = matrix.index.data();
  const SparseRows out = sparse_rows_of({std::move(matrix)}, "m");
  CHECK(out.value.data() == values);
  CHECK(out.column.data() == index);
  const CompressedMatrix large{false, 1, 1, {0, 1}, {0}, Numbers(std::vector<std::int64_t>{16777217}), false, false};
  CHECK_THROWS_WITH(sparse_rows_of({large}, "layers/x"), Contains("layers/x") && Contains("16777217"));
  const CompressedMatrix twice{false, 1, 2, {0, 2}, {1, 1}, Numbers(std::vector<float>{1, 2}), false, false};
  CHECK_THROWS_WITH(sparse_rows_of({twice}, "layers/x"), Contains("layers/x") && Contains("names column 2 twice"));
}

TEST_CASE("parts that do not fit are named") {
  AnnotatedData data;
  data.obs.index = Strings{"a", "b"};
  data.var.index = Strings{"g"};
  data.X = {Array{{2, 1}, Numbers(std::vector<float>{1, 2})}};
  CHECK_NOTHROW(check_shapes(data, "f"));
  data.obsm.put("p", {Array{{3, 1}, Numbers(std::vector<float>{1, 2, 3})}});
  CHECK_THROWS_WITH(check_shapes(data, "f"), Contains("f: obsm/p") && Contains("3 rows and should have 2"));
  data.obsm = {};
  data.obs.columns.push_back(Categorical{{0, 1}, Strings{"x"}, false});
  data.obs.names.push_back("c");
  CHECK_THROWS_WITH(check_shapes(data, "f"), Contains("obs/c") && Contains("row 2 has category number 1 of 1"));
}
