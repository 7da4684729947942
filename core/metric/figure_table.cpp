#include "core/metric/figure_table.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace hedgewatch {

namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

FigureLayout::Row make_row(Figure figure, std::initializer_list<std::string_view> label_values) {
  const FigureDefinition& definition = definition_of(figure);
  assert(label_values.size() == definition.label_count());
  FigureLayout::Row row{.figure = figure, .labels = {}, .scope = {}};
  std::size_t index = 0;
  for (const std::string_view value : label_values) {
    if (index != 0) {
      row.labels += ',';
      row.scope += '/';
    }
    row.labels += definition.labels[index++];
    row.labels += "=\"";
    append_escaped(row.labels, value);
    row.labels += '"';
    append_escaped(row.scope, value);
  }
  return row;
}

}  // namespace

FigureTable::FigureTable() : layout_{std::make_shared<const FigureLayout>()} {}

void FigureTable::begin_layout() {
  building_ = std::make_shared<FigureLayout>();
  building_->version = layout_->version + 1;
}

RowId FigureTable::add_row(Figure figure, std::initializer_list<std::string_view> label_values) {
  assert(building_);
  building_->rows.push_back(make_row(figure, label_values));
  return RowId{static_cast<std::uint32_t>(building_->rows.size() - 1)};
}

void FigureTable::end_layout() {
  assert(building_);
  const std::size_t count = building_->rows.size();
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [this](std::uint32_t a, std::uint32_t b) { return building_->rows[a].figure < building_->rows[b].figure; });
  std::vector<FigureLayout::Row> sorted;
  sorted.reserve(count);
  position_.assign(count, 0);
  for (std::uint32_t place = 0; place < count; ++place) {
    position_[order[place]] = place;
    sorted.push_back(std::move(building_->rows[order[place]]));
  }
  building_->rows = std::move(sorted);
  values_.assign(count, FigureValue{});
  layout_ = std::move(building_);
}

RowId FigureTable::find(Figure figure, std::initializer_list<std::string_view> label_values) const {
  const FigureLayout::Row wanted = make_row(figure, label_values);
  for (std::uint32_t row = 0; row < position_.size(); ++row) {
    const FigureLayout::Row& candidate = layout_->rows[position_[row]];
    if (candidate.figure == figure && candidate.labels == wanted.labels) return RowId{row};
  }
  return kNoRow;
}

std::size_t FigureTable::size() const { return values_.size(); }

void FigureTable::copy_to(FigureSnapshot& snapshot) const {
  snapshot.layout = layout_;
  snapshot.values.assign(values_.begin(), values_.end());
}

void FigureTable::visit_state(StateArchive& archive) {
  FigureLayout layout;
  if (!archive.loading()) layout = *layout_;
  archive(layout, position_, values_);
  if (!archive.loading()) return;
  const bool whole = position_.size() == layout.rows.size() && values_.size() == layout.rows.size() &&
                     std::ranges::all_of(position_, [&](std::uint32_t place) { return place < layout.rows.size(); });
  if (!whole) return archive.fail("rows are missing");
  layout_ = std::make_shared<const FigureLayout>(std::move(layout));
}

}  // namespace hedgewatch
