// summary.json, written and read: the only file that knows JSON.
#include "libhyped/store/run_summary.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

using Json = nlohmann::ordered_json;
constexpr int schema_version = 1;

Json json_of(const std::vector<Column>& columns) {
  Json list = Json::array();
  for (const auto& column : columns) list.push_back({{"name", column.name}, {"unit", column.unit}, {"meaning", column.meaning}});
  return list;
}

RunSummary summary_of(const Json& json) {
  RunSummary summary;
  summary.title = json.at("title");
  summary.question = json.at("question");
  summary.command_line = json.at("command_line").get<std::vector<std::string>>();
  summary.working_folder = json.value("working_folder", "");      // not in runs of earlier versions
  summary.seed = json.at("seed");
  for (const auto& input : json.at("inputs")) summary.inputs.push_back({input.at("path"), input.at("sha256")});
  summary.versions = json.at("versions").get<std::map<std::string, std::string>>();
  summary.settings = json.at("settings").get<std::map<std::string, std::string>>();
  summary.wall_time_s = json.at("wall_time_s");
  summary.started = json.at("started");
  summary.status = json.at("outcome").at("status");
  summary.status_message = json.at("outcome").at("message");
  summary.answers = json.at("answers").get<std::vector<std::string>>();
  summary.warnings = json.at("warnings").get<std::vector<std::string>>();
  summary.notes = json.at("notes").get<std::vector<std::string>>();
  for (const auto& result : json.at("results")) {
    RunResult one{result.at("name"), {}, result.at("unit"), result.at("text")};
    if (!result.at("value").is_null()) one.value = result.at("value").get<double>();
    summary.results.push_back(one);
  }
  for (const auto& table : json.at("tables")) {
    StoredTable one{table.at("name"), table.at("file"), table.at("caption"), {}};
    for (const auto& column : table.at("columns")) one.columns.push_back({column.at("name"), column.at("unit"), column.at("meaning")});
    summary.tables.push_back(one);
  }
  for (const auto& figure : json.at("figures"))
    summary.figures.push_back({figure.at("name"), figure.at("caption"), figure.at("section"), figure.at("svg"), figure.at("outcome"),
                               figure.at("data").get<std::vector<std::string>>()});
  return summary;
}

}  // namespace

std::string to_json(const RunSummary& summary) {
  Json inputs = Json::array(), results = Json::array(), tables = Json::array(), figures = Json::array();
  for (const auto& input : summary.inputs) inputs.push_back({{"path", input.path}, {"sha256", input.sha256}});
  for (const auto& result : summary.results)
    results.push_back({{"name", result.name}, {"value", result.value ? Json(*result.value) : Json()}, {"unit", result.unit}, {"text", result.text}});
  for (const auto& table : summary.tables)
    tables.push_back({{"name", table.name}, {"file", table.file}, {"caption", table.caption}, {"columns", json_of(table.columns)}});
  for (const auto& figure : summary.figures)
    figures.push_back({{"name", figure.name}, {"caption", figure.caption}, {"section", figure.section}, {"svg", figure.svg},
                       {"outcome", figure.outcome}, {"data", figure.data}});
  const Json json = {{"written_by", "hyped"}, {"schema_version", schema_version}, {"title", summary.title}, {"question", summary.question},
                     {"outcome", {{"status", summary.status}, {"message", summary.status_message}}}, {"answers", summary.answers},
                     {"warnings", summary.warnings}, {"notes", summary.notes}, {"results", results}, {"tables", tables}, {"figures", figures},
                     {"command_line", summary.command_line}, {"working_folder", summary.working_folder}, {"seed", summary.seed}, {"inputs", inputs}, {"settings", summary.settings},
                     {"versions", summary.versions}, {"started", summary.started}, {"wall_time_s", summary.wall_time_s}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_run_directory(const std::filesystem::path& folder) {
  std::ifstream in(folder / "summary.json");
  const Json json = in ? Json::parse(in, nullptr, false) : Json();
  return json.is_object() && json.value("written_by", Json()) == "hyped";
}

RunSummary read_summary(const std::filesystem::path& folder) {
  const auto file = folder / "summary.json";
  if (!std::filesystem::exists(file))
    throw InputError(folder.string(), "there is no summary.json in it, so it is not a run directory", "give the folder named by --out of an earlier run");
  try {
    std::ifstream in(file);
    const Json json = Json::parse(in);
    if (json.value("written_by", "") != "hyped") throw InputError(file.string(), "was not written by hyped", "give the --out folder of an earlier run");
    if (json.at("schema_version") != schema_version)
      throw InputError(file.string(), "was written by another version of hyped", "run the command in its section 'command_line' again");
    return summary_of(json);
  } catch (const nlohmann::json::exception& error) {
    throw InputError(file.string(), std::string("is broken: ") + error.what(), "run the command again");
  }
}

}  // namespace hyped
