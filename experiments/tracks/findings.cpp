// Rows and words in and out of records.
#include "experiments/tracks/findings.hpp"

namespace hyped {

void Findings::tell(RunDirectory& run) const {
  for (const auto& text : warnings) run.add_warning(text);
  for (const auto& text : notes) run.add_note(text);
  for (const auto& text : answers) run.add_answer(text);
}

Record record_of(const Findings& found) {
  RecordWriter out;
  for (const Table& table : found.tables) {
    out << static_cast<double>(table.rows().size());
    for (const auto& row : table.rows())
      for (const Cell& cell : row)
        if (const auto* text = std::get_if<std::string>(&cell)) out << 1.0 << *text;
        else if (const auto* count = std::get_if<std::int64_t>(&cell)) out << 2.0 << static_cast<double>(*count);
        else if (const auto* value = std::get_if<double>(&cell)) out << 3.0 << *value;
        else out << 0.0;
  }
  for (const auto* words : {&found.warnings, &found.notes, &found.answers, &found.doubts}) {
    out << static_cast<double>(words->size());
    for (const auto& text : *words) out << text;
  }
  out << static_cast<double>(found.kind);
  return out.record();
}

Findings findings_of(const Record& record, const std::vector<Table>& empty) {
  RecordReader in(record);
  Findings out;
  for (const Table& table : empty) {
    out.tables.emplace_back(table.columns());
    const int rows = in.integer();
    for (int r = 0; r < rows; ++r) {
      std::vector<Cell> row;
      for (std::size_t c = 0; c < table.columns().size(); ++c) {
        const int type = in.integer();
        if (type == 1) row.emplace_back(in.text());
        else if (type == 2) row.emplace_back(static_cast<std::int64_t>(in.number()));
        else if (type == 3) row.emplace_back(in.number());
        else row.emplace_back();
      }
      out.tables.back().add_row(std::move(row));
    }
  }
  for (auto* words : {&out.warnings, &out.notes, &out.answers, &out.doubts}) {
    const int count = in.integer();
    for (int i = 0; i < count; ++i) words->push_back(in.text());
  }
  out.kind = in.integer();
  return out;
}

void append(Table& to, const Table& rows) {
  for (const auto& row : rows.rows()) to.add_row(row);
}

}  // namespace hyped
