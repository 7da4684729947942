#include "feeds/transport/websocket_codec.hpp"

#include <algorithm>
#include <cstring>

namespace hedgewatch {

namespace {

/// space() moves a frame's beginning to the front when it is short, for the largest possible read.
constexpr std::size_t kShortBeginning = std::size_t{4} * 1024;
/// And when fewer bytes are free, however long it is: one TLS record should fit.
constexpr std::size_t kLeastSpace = std::size_t{16} * 1024;
constexpr std::size_t kMostControlBytes = 125;
constexpr std::uint16_t kNoCloseCode = 1005;

std::uint64_t big_endian(const char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool is_control(std::uint8_t opcode) { return opcode >= 8; }

bool may_be_sent(std::uint16_t close_code) {
  if (close_code >= 3000) return close_code < 5000;
  return close_code >= 1000 && close_code <= 1014 && close_code != 1004 && close_code != 1005 && close_code != 1006;
}

constexpr std::uint8_t number_of(WebsocketOpcode opcode) { return static_cast<std::uint8_t>(opcode); }

}  // namespace

WebsocketReader::WebsocketReader(std::size_t longest_message)
    : longest_message_{longest_message},
      capacity_{kInitialBytes},
      data_{std::make_unique<char[]>(kInitialBytes + simdjson::SIMDJSON_PADDING)} {}

void WebsocketReader::grow(std::size_t capacity) {
  auto larger = std::make_unique<char[]>(capacity + simdjson::SIMDJSON_PADDING);
  std::memcpy(larger.get(), data_.get() + begin_, buffered());
  data_ = std::move(larger);
  capacity_ = capacity;
  end_ = buffered();
  begin_ = 0;
}

std::span<char> WebsocketReader::space() {
  if (needed_ > capacity_) {
    grow(needed_);
  } else if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ != 0 && (buffered() <= kShortBeginning ||
                             capacity_ - end_ < std::max(kLeastSpace, needed_ > buffered() ? needed_ - buffered() : 0))) {
    std::memmove(data_.get(), data_.get() + begin_, buffered());
    end_ = buffered();
    begin_ = 0;
  }
  return free_space();
}

std::size_t WebsocketReader::readable_from(const char* data) const {
  return static_cast<std::size_t>(data_.get() + capacity_ + simdjson::SIMDJSON_PADDING - data);
}

WebsocketFault WebsocketReader::read_header(Header& header) const {
  if (buffered() < 2) return WebsocketFault::None;
  const char* bytes = data_.get() + begin_;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  constexpr unsigned kFinal = 0x80;
  constexpr unsigned kReserved = 0x70;
  constexpr unsigned kMasked = 0x80;
  if ((first & kReserved) != 0 || (second & kMasked) != 0) return WebsocketFault::Protocol;
  header.final = (first & kFinal) != 0;
  header.opcode = first & 0x0F;

  const unsigned short_length = second & 0x7F;
  if (short_length <= kMostControlBytes) {
    header.payload = short_length;
    header.length = 2;
    return WebsocketFault::None;
  }
  if (is_control(header.opcode)) return WebsocketFault::Protocol;
  const std::size_t length_bytes = short_length == 126 ? 2 : 8;
  if (buffered() < 2 + length_bytes) return WebsocketFault::None;
  header.payload = big_endian(bytes + 2, length_bytes);
  const std::uint64_t least = length_bytes == 2 ? kMostControlBytes + 1 : 0x10000;
  if (header.payload < least || header.payload >> 63 != 0) return WebsocketFault::Protocol;
  header.length = 2 + length_bytes;
  return WebsocketFault::None;
}

WebsocketFault WebsocketReader::check_order(const Header& header) const {
  if (is_control(header.opcode)) {
    const bool known = header.opcode <= number_of(WebsocketOpcode::Pong);
    return known && header.final ? WebsocketFault::None : WebsocketFault::Protocol;
  }
  if (header.opcode > number_of(WebsocketOpcode::Binary)) return WebsocketFault::Protocol;
  if (assembling_ != (header.opcode == number_of(WebsocketOpcode::Continuation))) return WebsocketFault::Protocol;
  if (header.opcode == number_of(WebsocketOpcode::Binary)) return WebsocketFault::Binary;
  const std::size_t before = assembling_ ? fragments_.size() : 0;
  return header.payload > longest_message_ - before ? WebsocketFault::TooLarge : WebsocketFault::None;
}

WebsocketMessage WebsocketReader::refuse(WebsocketFault fault) {
  refused_ = fault;
  return {.item = WebsocketItem::Refused, .fault = fault, .payload = {}};
}

WebsocketMessage WebsocketReader::text(const char* data, std::size_t size, std::size_t readable) {
  if (!simdjson::validate_utf8(data, size)) return refuse(WebsocketFault::NotUtf8);
  return {.item = WebsocketItem::Text, .payload = simdjson::padded_string_view{data, size, readable}};
}

WebsocketMessage WebsocketReader::fragment(const Header& header, const char* data) {
  if (!assembling_) fragments_.clear();
  fragments_.append(data, static_cast<std::size_t>(header.payload));
  assembling_ = !header.final;
  if (assembling_) return {.payload = {}};
  fragments_.reserve(fragments_.size() + simdjson::SIMDJSON_PADDING);
  return text(fragments_.data(), fragments_.size(), fragments_.capacity());
}

WebsocketMessage WebsocketReader::control(const Header& header, const char* data) {
  auto size = static_cast<std::size_t>(header.payload);
  const auto view = [&](const char* start, std::size_t length) {
    return simdjson::padded_string_view{start, length, readable_from(start)};
  };
  if (header.opcode == number_of(WebsocketOpcode::Ping)) return {.item = WebsocketItem::Ping, .payload = view(data, size)};
  if (header.opcode == number_of(WebsocketOpcode::Pong)) return {.item = WebsocketItem::Pong, .payload = view(data, size)};

  if (size == 0) return {.item = WebsocketItem::Close, .close_code = kNoCloseCode, .payload = view(data, 0)};
  if (size == 1) return refuse(WebsocketFault::Protocol);
  const auto code = static_cast<std::uint16_t>(big_endian(data, 2));
  if (!may_be_sent(code) || !simdjson::validate_utf8(data + 2, size - 2)) return refuse(WebsocketFault::Protocol);
  return {.item = WebsocketItem::Close, .close_code = code, .payload = view(data + 2, size - 2)};
}

WebsocketMessage WebsocketReader::next() {
  if (refused_ != WebsocketFault::None) return refuse(refused_);
  while (true) {
    Header header;
    if (const auto fault = read_header(header); fault != WebsocketFault::None) return refuse(fault);
    if (header.length == 0) return {.payload = {}};
    if (const auto fault = check_order(header); fault != WebsocketFault::None) return refuse(fault);
    const std::size_t whole = header.length + static_cast<std::size_t>(header.payload);
    if (buffered() < whole) {
      needed_ = whole;
      return {.payload = {}};
    }
    needed_ = 0;
    const char* data = data_.get() + begin_ + header.length;
    begin_ += whole;
    if (is_control(header.opcode)) return control(header, data);
    if (header.final && !assembling_) return text(data, static_cast<std::size_t>(header.payload), readable_from(data));
    const WebsocketMessage assembled = fragment(header, data);
    if (assembled.item != WebsocketItem::NeedMore) return assembled;
  }
}

void append_client_frame(std::string& out, WebsocketOpcode opcode, std::string_view payload, std::array<unsigned char, 4> mask) {
  out.push_back(static_cast<char>(0x80 | number_of(opcode)));
  const std::size_t size = payload.size();
  std::size_t length_bytes = 0;
  if (size <= kMostControlBytes) {
    out.push_back(static_cast<char>(0x80 | size));
  } else {
    length_bytes = size <= 0xFFFF ? 2 : 8;
    out.push_back(static_cast<char>(0x80 | (length_bytes == 2 ? 126 : 127)));
  }
  for (std::size_t i = length_bytes; i-- > 0;) out.push_back(static_cast<char>(size >> (8 * i) & 0xFF));
  for (const unsigned char byte : mask) out.push_back(static_cast<char>(byte));
  for (std::size_t i = 0; i < size; ++i)
    out.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % mask.size()]));
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xFF));
  payload.append(reason.substr(0, kMostControlBytes - 2));
  return payload;
}

}  // namespace hedgewatch
