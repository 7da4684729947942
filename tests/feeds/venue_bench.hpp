#pragma once

#include <doctest/doctest.h>
#include <simdjson.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/commands/event_json.hpp"
#include "feeds/frame_reader.hpp"
#include "feeds/symbol_table.hpp"
#include "shared_files.hpp"

/// Hand-made frames of the venues behind FrameReader, and what becomes of them.
namespace hedgewatch::testing {

inline std::string venue_frame(std::string_view venue, std::string_view name) {
  return read_text(source_directory() / "tests/data" / venue / (std::string{name} + ".json"));
}

/// Every fixture of a venue by its name.
inline std::vector<std::string> venue_frame_names(std::string_view venue) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator{source_directory() / "tests/data" / venue})
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  return names;
}

inline std::string with(std::string text, std::string_view what, std::string_view instead) {
  const std::size_t at = text.find(what);
  const std::string missing{what};
  REQUIRE_MESSAGE(at != std::string::npos, missing);
  return text.replace(at, what.size(), instead);
}

struct TableNames final : InstrumentNames {
  explicit TableNames(const SymbolTable& known) : table{known} {}
  [[nodiscard]] std::string_view name(InstrumentId id) const override { return table.name(id); }
  const SymbolTable& table;
};

/// What a decoder made of its newest frame.
template <class Decoder>
struct VenueBench {
  VenueBench(Venue venue, const DecodingOptions& given) : symbols{venue, 256}, options{given} {}

  Result<Decoded, DecodeError> decode(std::string_view text) {
    frame = simdjson::padded_string{text};
    batch.truncate(0);
    return decoder->decode(frame, MonoTime{}, batch);
  }
  /// Fails the test unless the frame decodes.
  void takes(const std::string& text, FrameKind kind, std::string_view channel) { judge(decode(text), text, kind, channel); }
  template <class Read>
  void reads(const std::string& text, FrameKind kind, std::string_view channel, Read&& read) {
    const auto reply = decode(text);
    CAPTURE(text);
    REQUIRE(reply.ok());
    REQUIRE(reply.value().kind == FrameKind::Reply);
    judge(read(), text, kind, channel);
  }
  void refuses(const std::string& text, DecodeFault fault, std::string_view field) {
    const auto decoded = decode(text);
    CAPTURE(text);
    REQUIRE_FALSE(decoded.ok());
    CHECK(std::string{label(decoded.error().fault)} == std::string{label(fault)});
    CHECK(std::string{decoded.error().field} == std::string{field});
    CHECK(batch.empty());
  }
  template <class Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> found;
    for (const Event& event : batch.events())
      if (const Body* body = std::get_if<Body>(&event.body)) found.push_back(*body);
    return found;
  }
  template <class Body>
  [[nodiscard]] Body only() const {
    const auto found = all<Body>();
    REQUIRE(found.size() == 1);
    return found.front();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (const Event& event : batch.events()) {
      std::string line;
      append_event_json(line, event, TableNames{symbols});
      result.push_back(line);
    }
    return result;
  }

  SymbolTable symbols;
  DecodingOptions options;
  std::unique_ptr<Decoder> decoder;
  EventBatch batch{2048};
  simdjson::padded_string frame;

 private:
  void judge(const Result<Decoded, DecodeError>& decoded, const std::string& text, FrameKind kind, std::string_view channel) {
    CAPTURE(text);
    if (!decoded.ok()) {
      const std::string fault{label(decoded.error().fault)};
      const std::string field{decoded.error().field};
      FAIL(fault << " " << field);
    }
    CHECK(decoded.value().kind == kind);
    CHECK(std::string{decoded.value().channel} == std::string{channel});
  }
};

inline constexpr DecodingOptions kImplying{
    .connection = ConnectionId{1}, .account = AccountId{2}, .unlisted = UnlistedInstrument::Imply};

}  // namespace hedgewatch::testing
