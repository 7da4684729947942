#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metric/figure.hpp"
#include "core/types/state_archive.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// One row of the table: a value, the receive time of its oldest input, and whether it may be believed.
struct FigureValue {
  double value = 0;  ///< meaningless unless state is Ok
  MonoTime as_of{};  ///< meaningless when Unknown
  FigureState state = FigureState::Unknown;
  FigureReason reason = FigureReason::NeverReceived;
};

/// The names of a table's rows. Immutable once made: a change of structure makes a new one, so a reader's copy stays true.
struct FigureLayout {
  struct Row {
    Figure figure;
    std::string labels;  ///< ready for exposition, values escaped: book="main",underlying="BTC"
    /// What figure_state calls the row: the label values without their names, joined by '/': main/BTC
    std::string scope;

    void visit_state(auto& archive) { archive(figure, labels, scope); }
  };
  std::vector<Row> rows;  ///< grouped by figure, in catalogue order
  std::uint64_t version = 0;

  void visit_state(auto& archive) { archive(rows, version); }
};

enum class RowId : std::uint32_t {};
inline constexpr RowId kNoRow{0xFFFFFFFF};

/// A consistent copy of the whole table at the end of one cycle.
struct FigureSnapshot {
  std::shared_ptr<const FigureLayout> layout;
  std::vector<FigureValue> values;  ///< one per layout row
  MonoTime now{};                   ///< the engine's time at the end of that cycle
  std::uint64_t cycle = 0;
};

/// The engine's own table. Structure changes (begin_layout, add_row, end_layout) allocate and are rare; set_* never does.
class FigureTable {
 public:
  FigureTable();

  void begin_layout();
  /// Label values in the order of the figure's definition. Rows come back in the order they were added.
  RowId add_row(Figure figure, std::initializer_list<std::string_view> label_values);
  /// The labels of a row of the layout that is open.
  [[nodiscard]] const std::string& labels_of(RowId row) const { return building_->rows[static_cast<std::uint32_t>(row)].labels; }
  /// Sorts rows by figure, so that one metric family is one block of text. RowIds from add_row stay valid.
  void end_layout();

  /// A value that is not finite becomes Unknown with reason NotFinite.
  void set(RowId row, double value, MonoTime as_of) {
    if (std::isfinite(value))
      value_of(row) = {.value = value, .as_of = as_of, .state = FigureState::Ok, .reason = FigureReason::None};
    else
      set_unknown(row, FigureReason::NotFinite);
  }
  void set_stale(RowId row, MonoTime as_of, FigureReason reason) {
    value_of(row) = {.value = 0, .as_of = as_of, .state = FigureState::Stale, .reason = reason};
  }
  void set_unknown(RowId row, FigureReason reason) {
    value_of(row) = {.value = 0, .as_of = {}, .state = FigureState::Unknown, .reason = reason};
  }

  [[nodiscard]] const FigureValue& at(RowId row) const { return values_[position_[static_cast<std::uint32_t>(row)]]; }
  /// The row's place in layout()->rows.
  [[nodiscard]] std::size_t position_of(RowId row) const { return position_[static_cast<std::uint32_t>(row)]; }
  /// The value by that place.
  [[nodiscard]] const FigureValue& at_position(std::size_t position) const { return values_[position]; }
  /// The row of a figure with exactly these label values, kNoRow when there is none. Slow: for tests and set-up.
  [[nodiscard]] RowId find(Figure figure, std::initializer_list<std::string_view> label_values) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::shared_ptr<const FigureLayout> layout() const { return layout_; }

  /// See StateArchive.
  void visit_state(StateArchive& archive);

  /// Copies all rows into `snapshot`; allocates only when the layout has grown since that snapshot was last used.
  void copy_to(FigureSnapshot& snapshot) const;

 private:
  FigureValue& value_of(RowId row) { return values_[position_[static_cast<std::uint32_t>(row)]]; }

  std::shared_ptr<const FigureLayout> layout_;
  std::shared_ptr<FigureLayout> building_;
  std::vector<std::uint32_t> position_;  ///< RowId -> index in layout order
  std::vector<FigureValue> values_;      ///< in layout order
};

}  // namespace hedgewatch
