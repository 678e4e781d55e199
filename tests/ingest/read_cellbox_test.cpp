// CellBox folders: what a good one gives, and one clear error for every way to be wrong.
#include <catch2/catch.hpp>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/read_cellbox.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// Two proteins, one phenotype, one drug, three conditions.
struct SmallFolder : RunFolder {
  SmallFolder() : RunFolder("cellbox") {
    std::filesystem::create_directories(path / "model");
    write("expr.csv", "0.1,-0.2,0.5,0.3\n0.2,0.4,0.5,-0.1\r\n-0.3,0,0.5,0\n");
    write("pert.csv", "0,0,0,-1.5\n0,0,0,2\n0,0,0,0\n");
    write("node_Index.csv", "a\nb\nG1\naX\n");
    write("expr_index.txt", "X|1   1 0\nX|2   1 1\nnone  1 1\n");
    write("loo_label.csv", "1,0\n1,0\n0,0\n");
    write("order.csv", "2\n0\n1\n");
    write("model/6_best.W.loss.csv", ",0,1,2,3\na,0,1,0,2\nb,-1,0,0,0\nG1,1,1,0,0\naX,0,0,0,0\n");
    write("model/6_best.alpha.loss.csv", "0,0\na,1\nb,2\nG1,1\naX,1\n");
    write("model/6_best.eps.loss.csv", "0,0\na,1\nb,1.5\nG1,1\naX,1\n");
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
  std::string problem() const {
    try {
      read_cellbox(path, {2, 3});
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a CellBox folder is read as it is, with its model and split") {
  const SmallFolder folder;
  const CellboxData data = read_cellbox(folder.path, {2, 3});
  CHECK(data.nodes == std::vector<std::string>{"a", "b", "G1", "aX"});
  CHECK(data.conditions == std::vector<std::string>{"X|1", "X|2", "none"});
  CHECK(data.response(1, 3) == -0.1);
  CHECK(data.input(0, 3) == -1.5);
  CHECK(data.drug_count() == 1);
  CHECK(data.drugs == std::vector<std::vector<int>>{{1}, {1}, {}});
  CHECK(constant_nodes(data) == std::vector<std::string>{"G1"});
  const CellboxModel model = read_cellbox_model(folder.path / "model", data.nodes);
  CHECK(model.weight(0, 3) == 2);
  CHECK(model.weight(1, 0) == -1);
  CHECK(model.alpha[1] == 2);
  CHECK(model.eps[1] == 1.5);
  CHECK(read_cellbox_order(folder.path / "order.csv", 3) == std::vector<int>{2, 0, 1});
  std::filesystem::remove(folder.path / "loo_label.csv");
  std::filesystem::remove(folder.path / "expr_index.txt");
  const CellboxData bare = read_cellbox(folder.path, {2, 3});
  CHECK(bare.conditions[2] == "condition 3");
  CHECK(bare.drugs == data.drugs);
}

TEST_CASE("what is wrong in a CellBox folder is named with file and line") {
  struct Wrong {
    const char *file, *text, *words;
  };
  for (const Wrong& wrong : {Wrong{"expr.csv", "0.1,-0.2,0.5,0.3\n0.2,x,0.5,-0.1\n-0.3,0,0.5,0\n", "expr.csv:2"},
                             {"expr.csv", "0.1,-0.2,0.5,0.3\n0.2,x,0.5,-0.1\n-0.3,0,0.5,0\n", "column 2: 'x' is not a number"},
                             {"pert.csv", "0,0,0,-1.5\n0,0,2\n0,0,0,0\n", "pert.csv:2"},
                             {"pert.csv", "0,0,0,-1.5\n0,0,0,2\n", "holds 2 conditions, expr.csv 3"},
                             {"pert.csv", "0,0.5,0,-1.5\n0,0,0,2\n0,0,0,0\n", "an input on 'b', which is no drug"},
                             {"node_Index.csv", "a\na\nG1\naX\n", "names 'a' twice"},
                             {"loo_label.csv", "1,0\n7,0\n0,0\n", "7 is no drug"},
                             {"expr_index.txt", "A\nB\n", "names 2 conditions"},
                             {"expr_index.txt", "A\nB\nA\n", "names the condition 'A' twice"}}) {
    const SmallFolder folder;
    folder.write(wrong.file, wrong.text);
    INFO(wrong.file << ": " << folder.problem());
    CHECK(holds(folder.problem(), wrong.words));
  }
  {
    const SmallFolder folder;
    std::filesystem::remove(folder.path / "expr.csv");
    CHECK(holds(folder.problem(), "cannot be read"));
    CHECK_THROWS_AS(read_cellbox(folder.path, {3, 4}), InputError);      // no drug left
  }
  {
    const SmallFolder folder;
    folder.write("order.csv", "2\n2\n1\n");
    CHECK_THROWS_AS(read_cellbox_order(folder.path / "order.csv", 3), InputError);
    folder.write("order.csv", "2\n1\n");
    CHECK_THROWS_AS(read_cellbox_order(folder.path / "order.csv", 3), InputError);
    folder.write("model/second.W.x.csv", "");
    CHECK_THROWS_AS(read_cellbox_model(folder.path / "model", {"a", "b", "G1", "aX"}), InputError);
  }
}

TEST_CASE("the melanoma data of CellBox are read whole") {
  const auto folder = real_data("data/grn/cellbox");
  if (folder.empty()) return;
  const CellboxData data = read_cellbox(folder);
  CHECK(data.response.rows() == 89);
  CHECK(data.nodes.size() == 99);
  CHECK(data.nodes[86] == "cellviab");
  CHECK(data.conditions[0] == "901|1.5");
  int singles = 0;
  for (const auto& drugs : data.drugs) singles += drugs.size() == 1 ? 1 : 0;
  CHECK(singles == 23);
  CHECK(constant_nodes(data).empty());
  CHECK((data.input.rightCols(12).array() != 0).rowwise().count().maxCoeff() == 2);      // at most two drugs
}
