#include "feeds/deribit/decoder_work.hpp"

#include <algorithm>
#include <array>

namespace hedgewatch::deribit {

DecodeFault fault_of(JsonFault fault) {
  switch (fault) {
    case JsonFault::Truncated:
      return DecodeFault::Truncated;
    case JsonFault::WrongType:
      return DecodeFault::WrongType;
    case JsonFault::BadNumber:
      return DecodeFault::BadNumber;
    case JsonFault::NotJson:
    case JsonFault::None:
      break;
  }
  return DecodeFault::NotJson;
}

std::optional<AssetCode> asset_from(std::string_view text) {
  std::array<char, AssetCode::kCapacity> upper{};
  if (text.empty() || text.size() > upper.size()) return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool lower = c >= 'a' && c <= 'z';
    if (!lower && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) return std::nullopt;
    upper[at] = lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return AssetCode::from({upper.data(), text.size()});
}

Result<Decoded, DecodeError> Decoder::Work::finish(FrameKind frame_kind) {
  if (error) {
    out.truncate(events_before);
    symbols.truncate(symbols_before);
    return *error;
  }
  if (!ignored.empty()) return Decoded{FrameKind::Ignored, ignored};
  return Decoded{frame_kind, kind.label};
}

void Decoder::Work::note_unknown(std::string_view name) {
  auto& names = decoder.unknown_names_;
  const std::size_t known_names = detail.unknown.size();
  if (known_names == names.size() || std::find(detail.unknown.begin(), detail.unknown.end(), name) != detail.unknown.end()) return;
  names[known_names] = name;
  detail.unknown = {names.data(), known_names + 1};
}

std::optional<InstrumentId> Decoder::Work::known(std::string_view name) {
  if (const auto id = symbols.find(name)) return id;
  if (is_combo_name(name)) return std::nullopt;
  if (decoder.options_.unknown == UnknownInstrument::Imply) {
    if (const auto contract = contract_from_name(name)) {
      const auto id = symbols.add(*contract);
      if (!id) {
        fail(DecodeFault::BatchFull, "instrument_name");
        return std::nullopt;
      }
      const EventHeader before = header;
      header.instrument = *id;
      header.exchange_time = kNoVenueTime;
      push(InstrumentListed{*contract});
      header = before;
      return id;
    }
  }
  note_unknown(name);
  return std::nullopt;
}

bool Decoder::Work::single(std::string_view name) {
  if (name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
  const auto id = known(name);
  if (!id) {
    if (error) return false;
    if (is_combo_name(name)) {
      ignored = "combo";
      return false;
    }
    ++detail.unknown_rows;
    return fail(DecodeFault::UnknownInstrument, "instrument_name");
  }
  header.instrument = *id;
  detail.instrument = *id;
  return true;
}

bool Decoder::Work::in_list(std::string_view name) {
  if (name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
  const auto id = known(name);
  if (!id) {
    if (!error) ++(is_combo_name(name) ? detail.left_out_rows : detail.unknown_rows);
    return false;
  }
  header.instrument = *id;
  return true;
}

bool Decoder::Work::close_list() {
  if (error) return false;
  if (detail.rows == 0 || out.size() != events_before) return true;
  if (detail.unknown_rows != 0) return fail(DecodeFault::UnknownInstrument, "instrument_name");
  if (detail.left_out_rows != 0) ignored = "combo";
  return true;
}

}  // namespace hedgewatch::deribit
