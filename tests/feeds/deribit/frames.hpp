#pragma once

#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/commands/event_json.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"
#include "shared_files.hpp"

/// Hand-made frames, and what becomes of them.
namespace hedgewatch::testing {

inline std::string frame_text(std::string_view name) {
  return read_text(source_directory() / "tests/data/deribit" / (std::string{name} + ".json"));
}

inline std::vector<std::string> frame_names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator{source_directory() / "tests/data/deribit"})
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

struct SymbolNames final : InstrumentNames {
  explicit SymbolNames(const deribit::Symbols& names) : symbols{names} {}
  [[nodiscard]] std::string_view name(InstrumentId id) const override { return symbols.name(id); }
  const deribit::Symbols& symbols;
};

/// A decoder that knows the fixtures' instruments, as the venue lists them.
struct Bench {
  explicit Bench(deribit::UnknownInstrument unknown = deribit::UnknownInstrument::Refuse)
      : decoder{symbols, {.connection = ConnectionId{1}, .account = AccountId{2}, .unknown = unknown}} {
    for (const char* name :
         {"BTC-26MAR27-90000-P", "BTC-26MAR27-90000-C", "ETH-PERPETUAL", "BTC-PERPETUAL", "BTC-25JUN27", "XRP_USDC-27NOV26-2d4-C"})
      symbols.add(*deribit::contract_from_name(name));
  }

  /// The result of a reply is read as what it looks like.
  Result<Decoded, DecodeError> decode(std::string_view text) {
    frame = simdjson::padded_string{text};
    batch.truncate(0);
    auto decoded = decoder.decode(frame, MonoTime{}, batch);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply || !decoder.detail().has_result) return decoded;
    if (text.find("\"contract_size\"") != std::string_view::npos) return decoder.decode_instruments(MonoTime{}, batch);
    if (text.find("\"summaries\"") != std::string_view::npos) return decoder.decode_account_summaries(MonoTime{}, batch);
    if (text.find("\"order_state\"") != std::string_view::npos) return decoder.decode_open_orders(MonoTime{}, batch);
    if (text.find("\"has_more\"") != std::string_view::npos) return decoder.decode_user_trades(MonoTime{}, batch);
    if (text.find("\"direction\"") != std::string_view::npos) return decoder.decode_positions(MonoTime{}, batch);
    return decoded;
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (const Event& event : batch.events()) {
      std::string line;
      append_event_json(line, event, SymbolNames{symbols});
      result.push_back(line);
    }
    return result;
  }

  template <class Body>
  [[nodiscard]] Body only() const {
    const Body* found = nullptr;
    for (const Event& event : batch.events())
      if (const Body* body = std::get_if<Body>(&event.body)) {
        REQUIRE(found == nullptr);
        found = body;
      }
    REQUIRE(found != nullptr);
    return *found;
  }

  template <class Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> found;
    for (const Event& event : batch.events())
      if (const Body* body = std::get_if<Body>(&event.body)) found.push_back(*body);
    return found;
  }

  deribit::Symbols symbols{1024};
  deribit::Decoder decoder;
  EventBatch batch{4096};
  simdjson::padded_string frame;
};

}  // namespace hedgewatch::testing
